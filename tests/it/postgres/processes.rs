//! Several processes on one cluster, and what happens when they die.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use billdeck::postgres::{Cluster, ClusterStatus, Leaving, PostgresError};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, geteuid};

use super::{is_gone, open_place, options, server_of, until};

/// Another process that has joined the cluster of a data directory.
struct Holder {
    child: Child,
    output: BufReader<ChildStdout>,
}

const HOLD: &str = "BILLDECK_TEST_HOLD";

impl Holder {
    fn command(data_dir: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "postgres::processes::holder",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(HOLD, data_dir);
        command
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// Waits until it has joined.
    fn joined(mut self) -> Self {
        let mut line = String::new();
        while !line.contains("holding") {
            line.clear();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the holder ended");
        }
        self
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it leave and end.
    fn dismiss(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// No test: the program that [`Holder`] runs. Joins, says so, leaves when its input ends.
#[tokio::test]
async fn holder() {
    let Some(data_dir) = std::env::var_os(HOLD) else {
        return;
    };
    let cluster = Cluster::join(&options(Path::new(&data_dir))).await.unwrap();
    writeln!(std::io::stdout(), "holding").unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    cluster.leave().await.unwrap();
}

#[tokio::test]
async fn the_server_of_a_killed_billdeck_is_joined_and_stopped_by_the_next_one() {
    let place = open_place();
    let holder = Holder::spawn(&mut Holder::command(place.path())).joined();
    let server = server_of(place.path()).await;
    holder.kill();
    let next = Cluster::join(&options(place.path())).await.unwrap();
    assert_eq!(server_of(place.path()).await, server);
    assert_eq!(next.leave().await.unwrap(), Leaving::Stopped);
    until("the orphaned server is gone", || is_gone(server));

    let holder = Holder::spawn(&mut Holder::command(place.path())).joined();
    let server = server_of(place.path()).await;
    holder.kill();
    Cluster::remove(place.path()).await.unwrap();
    until("the removed server is gone", || is_gone(server));
}

#[tokio::test]
async fn a_billdeck_killed_while_it_makes_a_cluster_leaves_no_half_cluster() {
    let place = open_place();
    let holder = Holder::spawn(&mut Holder::command(place.path()));
    let home = place.path().join("postgres");
    let unfinished = || -> Option<PathBuf> {
        let mut entries = std::fs::read_dir(&home)
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path()));
        entries.find(|path| path.file_name().unwrap().to_string_lossy().starts_with("making-"))
    };
    until("initdb is at work", || {
        unfinished().is_some_and(|dir| dir.join("data/PG_VERSION").exists())
    });
    holder.kill();
    let left = unfinished().unwrap();
    assert_eq!(
        Cluster::status(place.path()).await.unwrap(),
        ClusterStatus::NotMade
    );

    // an initdb without a parent may still be writing
    until("initdb has ended", || {
        let marker = left.to_string_lossy().into_owned();
        !std::fs::read_dir("/proc").unwrap().flatten().any(|process| {
            std::fs::read(process.path().join("cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&marker))
        })
    });
    let cluster = Cluster::join(&options(place.path())).await.unwrap();
    assert_eq!(cluster.leave().await.unwrap(), Leaving::Stopped);
    assert_eq!(unfinished(), None);
}

#[tokio::test]
async fn another_process_shares_the_server() {
    let place = open_place();
    let cluster = Cluster::join(&options(place.path())).await.unwrap();
    let holder = Holder::spawn(&mut Holder::command(place.path())).joined();
    assert_eq!(cluster.leave().await.unwrap(), Leaving::StillUsed);
    let server = server_of(place.path()).await;
    holder.dismiss();
    until("the server is gone", || is_gone(server));
}

#[tokio::test]
async fn ctrl_c_does_not_reach_the_server() {
    let place = open_place();
    let mut holder = Holder::spawn(Holder::command(place.path()).process_group(0)).joined();
    let server = server_of(place.path()).await;
    killpg(holder.pid(), Signal::SIGINT).unwrap();
    assert!(!holder.child.wait().unwrap().success());
    let next = Cluster::join(&options(place.path())).await.unwrap();
    assert_eq!(server_of(place.path()).await, server);
    assert_eq!(next.leave().await.unwrap(), Leaving::Stopped);
}

#[tokio::test]
async fn the_server_keeps_none_of_our_files_open() {
    let place = open_place();
    let stray = place.path().join("stray");
    let holder = Holder::command(place.path());
    // what a script or a test harness may leave open in us: passed on to every program that we run
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(r#"exec 9>"$0"; exec "$@""#)
        .arg(&stray)
        .arg(holder.get_program())
        .args(holder.get_args());
    let holder = Holder::spawn(shell.env(HOLD, place.path())).joined();
    // asked as the process's own user: root may not look in most containers
    let open_in = |pid: i32| -> Vec<PathBuf> {
        let owner = std::fs::metadata(format!("/proc/{pid}")).unwrap();
        let mut find = Command::new("find");
        find.arg(format!("/proc/{pid}/fd"))
            .args(["-type", "l", "-printf", "%l\n"]);
        let output = find
            .current_dir("/")
            .uid(owner.uid())
            .gid(owner.gid())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(PathBuf::from)
            .collect()
    };
    assert!(open_in(holder.pid().as_raw()).contains(&stray.canonicalize().unwrap()));
    let home = place.path().canonicalize().unwrap();
    let ours: Vec<_> = open_in(server_of(place.path()).await)
        .into_iter()
        .filter(|path| path.starts_with(&home) && !path.starts_with(home.join("postgres/data")))
        .collect();
    assert!(
        ours.iter().all(|path| path.ends_with("server.log")) && !ours.is_empty(),
        "{ours:?}"
    );
    holder.dismiss();
}

#[tokio::test]
async fn an_ordinary_user_runs_it_as_himself_and_root_joins_in() {
    if !geteuid().is_root() {
        return;
    }
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let place = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(place.path(), Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw())).unwrap();
    let as_nobody = || {
        let mut command = Holder::command(place.path());
        command
            .uid(nobody.uid.as_raw())
            .gid(nobody.gid.as_raw())
            .current_dir("/")
            .env("HOME", place.path());
        Holder::spawn(&mut command)
    };
    let holder = as_nobody().joined();
    let server = server_of(place.path()).await;
    assert_eq!(
        std::fs::metadata(format!("/proc/{server}")).unwrap().uid(),
        nobody.uid.as_raw()
    );
    let root = Cluster::join(&options(place.path())).await.unwrap();
    holder.dismiss();
    assert_eq!(root.leave().await.unwrap(), Leaving::Stopped);

    // root starts it as its owner, and leaves nothing that keeps the owner out
    let root = Cluster::join(&options(place.path())).await.unwrap();
    let server = server_of(place.path()).await;
    assert_eq!(
        std::fs::metadata(format!("/proc/{server}")).unwrap().uid(),
        nobody.uid.as_raw()
    );
    let holder = as_nobody().joined();
    assert_eq!(root.leave().await.unwrap(), Leaving::StillUsed);
    holder.dismiss();
    until("the server is gone", || is_gone(server));

    // and does not run files that belong to root
    std::os::unix::fs::chown(place.path().join("postgres/data"), Some(0), Some(0)).unwrap();
    let error = Cluster::join(&options(place.path())).await.unwrap_err();
    assert!(
        matches!(error, PostgresError::Foreign { owner: 0, .. }),
        "{error:?}"
    );
    assert!(error.hint().unwrap().contains("chown -R postgres"));
}
