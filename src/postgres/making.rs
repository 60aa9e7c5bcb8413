//! Makes a cluster with `initdb`, aside, and moves it into its place when it is whole.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Output;

use secrecy::ExposeSecret;

use super::cluster::Durability;
use super::command::{Session, command};
use super::error::{AtPath, PostgresError};
use super::lock::StartLock;
use super::place::{Home, Reach};
use super::programs::Programs;
use super::record::Record;
use super::user::ServerUser;

const ASIDE: &str = "making-";

/// Makes the cluster in `home` and its record. Blocks for some hundred milliseconds.
pub(super) fn make(
    home: &Home,
    programs: &Programs,
    user: &ServerUser,
    durability: Durability,
    _under: &StartLock,
) -> Result<(), PostgresError> {
    remove_unfinished(home);
    let record = Record::new(durability)?;
    let aside = Aside::create(home, user, &record)?;
    run_initdb(&aside, programs, user, &record)?;
    // First the password, then the cluster: a crash in between leaves a password that the next attempt replaces,
    // never a cluster that nobody can enter.
    record.write(home)?;
    let data = home.data();
    std::fs::rename(&aside.data, &data).at("create", &data)?;
    match durability {
        Durability::Full => std::fs::File::open(home.dir())
            .and_then(|dir| dir.sync_all())
            .at("write out", home.dir()),
        Durability::Test => Ok(()),
    }
}

/// What killed attempts left. An `initdb` that outlived its billdeck may still be writing there; then some of it
/// stays until the next time.
fn remove_unfinished(home: &Home) {
    let Ok(entries) = std::fs::read_dir(home.dir()) else {
        return;
    };
    for entry in entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(ASIDE))
    {
        if let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::debug!(path = %entry.path().display(), %error, "an unfinished cluster cannot be removed yet");
        }
    }
}

/// A folder beside the cluster's place that goes away with all that is in it.
struct Aside {
    dir: PathBuf,
    data: PathBuf,
    password: PathBuf,
}

impl Aside {
    fn create(home: &Home, user: &ServerUser, record: &Record) -> Result<Self, PostgresError> {
        let dir = home.dir().join(format!("{ASIDE}{}", uuid::Uuid::now_v7()));
        DirBuilder::new().mode(0o700).create(&dir).at("create", &dir)?;
        let aside = Self {
            data: dir.join("data"),
            password: dir.join("password"),
            dir,
        };
        DirBuilder::new()
            .mode(0o700)
            .create(&aside.data)
            .at("create", &aside.data)?;
        let path = &aside.password;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .at("create", path)?;
        file.write_all(record.password.expose_secret().as_bytes())
            .at("write", path)?;
        // The folder last: once the user owns it, root must not follow names in it.
        for path in [&aside.data, path, &aside.dir] {
            user.take_over(path)?;
        }
        Ok(aside)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn run_initdb(
    aside: &Aside,
    programs: &Programs,
    user: &ServerUser,
    record: &Record,
) -> Result<(), PostgresError> {
    let data = Reach::to(&aside.data, user, &programs.postgres())?;
    let password = data.beside(&aside.password)?;
    let initdb = programs.initdb();
    let run = |locale: &str| -> Result<Output, PostgresError> {
        let kept: Vec<_> = data.kept().into_iter().chain(password.kept()).collect();
        let mut command = command(&initdb, user, Session::Ours, &kept);
        command.args([
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-instructions",
        ]);
        command.arg(format!("--locale={locale}"));
        command
            .arg("-D")
            .arg(data.path())
            .arg(argument("--pwfile=", password.path()));
        match record.durability {
            Durability::Full => {}
            Durability::Test => {
                command.arg("--no-sync");
            }
        }
        command.output().at("run", &initdb)
    };
    let mut output = run("C.UTF-8")?;
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("locale") {
        // systems without C.UTF-8, older macOS among them
        output = run("C")?;
    }
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(PostgresError::NotMade {
        program: initdb,
        dir: aside.data.clone(),
        output: if said.trim().is_empty() {
            output.status.to_string()
        } else {
            said.trim().to_owned()
        },
    })
}

fn argument(name: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(name);
    argument.push(path);
    argument
}
