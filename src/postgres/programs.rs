//! Finds the server programs on the machine.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::command::{Session, command};
use super::error::PostgresError;
use super::user::ServerUser;
use super::version::{OLDEST_MAJOR, Version};

/// Where to look for the server programs.
#[derive(Debug, Clone)]
pub struct ProgramSearch {
    /// The folder that `BILLDECK_PG_BIN` names. If it is set, nothing else is looked at.
    pub setting: Option<PathBuf>,
    /// Where to look otherwise.
    pub places: Places,
    /// The folder for downloaded programs, one folder per version; none: nothing is downloaded.
    pub downloads: Option<PathBuf>,
}

/// Places that may hold server programs.
#[derive(Debug, Clone)]
pub enum Places {
    /// What `pg_config --bindir` says, the usual places, PATH.
    Machine,
    /// These folders alone, in this order.
    Only(Vec<PathBuf>),
}

impl ProgramSearch {
    /// The search of an ordinary start: `setting`, then this machine, then a download into the folder that all of
    /// the user's data directories share.
    pub fn machine(setting: Option<PathBuf>) -> Self {
        Self {
            setting,
            places: Places::Machine,
            downloads: downloads_dir(),
        }
    }
}

/// As root a place that the unprivileged user can read, which root's own home is not.
fn downloads_dir() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    if nix::unistd::geteuid().is_root() {
        return Some("/var/lib/billdeck/programs".into());
    }
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.data_dir().join("billdeck").join("programs"))
}

/// Server programs that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// The folder that holds them.
    pub dir: PathBuf,
    /// Their version.
    pub version: Version,
}

/// Programs that were found and cannot be used.
#[derive(Debug)]
pub struct Rejected {
    /// The folder that holds them.
    pub dir: PathBuf,
    /// What is wrong with them.
    pub unfit: Unfit,
}

/// Why programs cannot be used.
#[derive(Debug)]
pub enum Unfit {
    /// A program is not in the folder.
    Missing(&'static str),
    /// They are older than billdeck works with.
    TooOld(Version),
    /// Another major version made the cluster.
    OtherMajor {
        /// Theirs.
        version: Version,
        /// The cluster's.
        wanted: u32,
    },
    /// They do not run as the user that has to run them.
    CannotRun {
        /// The user.
        user: String,
        /// What the system said, or the program.
        said: String,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(program) => write!(f, "holds no program `{program}`"),
            Self::TooOld(version) => write!(f, "holds PostgreSQL {version}, older than {OLDEST_MAJOR}"),
            Self::OtherMajor { version, wanted } => {
                write!(
                    f,
                    "holds PostgreSQL {version}, but PostgreSQL {wanted} made this cluster and only it can start it"
                )
            }
            Self::CannotRun { user, said } => {
                write!(f, "holds programs that do not run as user `{user}`: {said}")
            }
        }
    }
}

impl Programs {
    /// The server itself.
    pub fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    /// The program that makes clusters.
    pub fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    /// Finds programs that `user` can run, of the major version `wanted` if there is one. Does not download, but
    /// finds what was downloaded before. Blocks while it runs `postgres --version`.
    pub(super) fn find(
        search: &ProgramSearch,
        wanted: Option<u32>,
        user: &ServerUser,
    ) -> Result<Self, PostgresError> {
        if let Some(setting) = &search.setting {
            // the folder above `bin` is what some people will name
            let below = setting.join("bin");
            let dir = if below.join("postgres").is_file() {
                below
            } else {
                setting.clone()
            };
            return Self::inspect(&dir, wanted, user).map_err(|unfit| PostgresError::SettingUnfit {
                dir: setting.clone(),
                unfit,
            });
        }
        let mut rejected = Vec::new();
        for dir in candidates(search) {
            match Self::inspect(&dir, wanted, user) {
                Ok(programs) => return Ok(programs),
                // most folders of PATH, and the client programs' folder, are no news to anybody
                Err(Unfit::Missing(_)) => {}
                Err(unfit) => rejected.push(Rejected { dir, unfit }),
            }
        }
        Err(PostgresError::NoServer {
            wanted,
            rejected,
            download: None,
        })
    }

    /// Looks at the programs in one folder.
    pub(super) fn inspect(dir: &Path, wanted: Option<u32>, user: &ServerUser) -> Result<Self, Unfit> {
        for name in ["postgres", "initdb"] {
            if !dir.join(name).is_file() {
                return Err(Unfit::Missing(name));
            }
        }
        let cannot_run = |said: String| Unfit::CannotRun {
            user: user.name(),
            said,
        };
        let output = command(&dir.join("postgres"), user, Session::Ours, &[])
            .arg("--version")
            .output()
            .map_err(|error| cannot_run(error.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let Some(version) = Version::from_program_output(&said).filter(|_| output.status.success()) else {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let said = format!("{} {}", said.trim(), complaint.trim());
            return Err(cannot_run(format!("{} ({})", said.trim(), output.status)));
        };
        if version.major < OLDEST_MAJOR {
            return Err(Unfit::TooOld(version));
        }
        match wanted {
            Some(wanted) if wanted != version.major => Err(Unfit::OtherMajor { version, wanted }),
            Some(_) | None => Ok(Self {
                dir: dir.to_path_buf(),
                version,
            }),
        }
    }
}

/// Folders to look in, best first, each once: several names may lead to the same folder.
fn candidates(search: &ProgramSearch) -> Vec<PathBuf> {
    let mut dirs = match &search.places {
        Places::Machine => machine(),
        Places::Only(dirs) => dirs.clone(),
    };
    if let Some(downloads) = &search.downloads {
        dirs.extend(bins_below(downloads, ""));
    }
    let mut seen = BTreeSet::new();
    dirs.retain(|dir| dir.canonicalize().is_ok_and(|real| seen.insert(real)));
    dirs
}

fn machine() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = pg_config().into_iter().collect();
    dirs.extend(bins_below(Path::new("/usr/lib/postgresql"), ""));
    dirs.extend(bins_below(Path::new("/usr"), "pgsql-"));
    dirs.push("/usr/local/pgsql/bin".into());
    for homebrew in [
        "/opt/homebrew/opt",
        "/usr/local/opt",
        "/home/linuxbrew/.linuxbrew/opt",
    ] {
        dirs.extend(bins_below(Path::new(homebrew), "postgresql"));
    }
    dirs.extend(bins_below(
        Path::new("/Applications/Postgres.app/Contents/Versions"),
        "",
    ));
    dirs.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    dirs
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let dir = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(dir.trim())).filter(|dir| dir.is_absolute())
}

/// `root/PREFIX…/bin` for every version below `root`, newest first.
fn bins_below(root: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    let mut names: Vec<OsString> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .filter(|name| {
            name.to_str()
                .is_some_and(|name| name.starts_with(prefix) && !name.starts_with('.'))
        })
        .collect();
    names.sort_by_cached_key(|name| std::cmp::Reverse(numbers(&name.to_string_lossy())));
    names
        .into_iter()
        .map(|name| root.join(name).join("bin"))
        .filter(|bin| bin.is_dir())
        .collect()
}

/// The numbers in a name, so that `postgresql@9.6` comes before `postgresql@16`.
fn numbers(name: &str) -> Vec<u32> {
    name.split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder `name/bin` of programs that only tell `version`. Everybody can reach it, for tests that are root.
    fn pretend(root: &Path, name: &str, version: &str) -> PathBuf {
        std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o755)).unwrap();
        let bin = root.join(name).join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        for program in ["postgres", "initdb"] {
            let path = bin.join(program);
            std::fs::write(
                &path,
                format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n"),
            )
            .unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        bin
    }

    fn user() -> ServerUser {
        ServerUser::for_cluster(Path::new("/nonexistent")).unwrap()
    }

    fn only(dirs: Vec<PathBuf>) -> ProgramSearch {
        ProgramSearch {
            setting: None,
            places: Places::Only(dirs),
            downloads: None,
        }
    }

    /// The message with the temporary folder's name taken out, and the hint.
    fn words(error: &PostgresError, root: &Path) -> String {
        let text = format!("{error}\nhint: {}", error.hint().unwrap_or_default());
        text.replace(root.to_str().unwrap(), "ROOT")
            .replace(&format!("user `{}`", user().name()), "user `USER`")
    }

    #[test]
    fn nothing_found_names_the_package_and_the_settings() {
        let root = tempfile::tempdir().unwrap();
        let error = Programs::find(&only(vec![root.path().to_path_buf()]), None, &user()).unwrap_err();
        insta::assert_snapshot!(words(&error, root.path()), @r"
        no PostgreSQL server (14 or newer) was found on this machine
        hint: install PostgreSQL (Debian and Ubuntu: `apt install postgresql`), name the folder of its programs in `BILLDECK_PG_BIN`, or point `DATABASE_URL` (in the configuration `database.url`) at a database
        ");
    }

    #[test]
    fn a_cluster_asks_for_the_major_version_that_made_it() {
        let root = tempfile::tempdir().unwrap();
        let dirs = vec![
            pretend(root.path(), "13", "13.2"),
            pretend(root.path(), "15", "15.18 (Debian)"),
        ];
        let error = Programs::find(&only(dirs.clone()), Some(16), &user()).unwrap_err();
        insta::assert_snapshot!(words(&error, root.path()), @r"
        this cluster was made by PostgreSQL 16, and no PostgreSQL 16 server was found on this machine; ROOT/13/bin holds PostgreSQL 13.2, older than 14; ROOT/15/bin holds PostgreSQL 15.18, but PostgreSQL 16 made this cluster and only it can start it
        hint: install PostgreSQL 16 (Debian and Ubuntu: `apt install postgresql-16`), name the folder of its programs in `BILLDECK_PG_BIN`, or point `DATABASE_URL` (in the configuration `database.url`) at a database
        ");
        assert_eq!(
            Programs::find(&only(dirs), Some(15), &user()).unwrap().version,
            Version { major: 15, minor: 18 }
        );
    }

    #[test]
    fn the_setting_is_never_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let good = pretend(root.path(), "17", "17.4");
        let set = |dir: &Path| {
            let search = ProgramSearch {
                setting: Some(dir.to_path_buf()),
                ..only(vec![good.clone()])
            };
            Programs::find(&search, None, &user())
        };
        insta::assert_snapshot!(words(&set(&root.path().join("none")).unwrap_err(), root.path()), @r"
        `BILLDECK_PG_BIN` names ROOT/none, which holds no program `postgres`
        hint: name the folder that holds `postgres` and `initdb`, such as /usr/lib/postgresql/17/bin, or unset `BILLDECK_PG_BIN` to have it found
        ");
        let old = pretend(root.path(), "12", "12.1");
        assert!(matches!(
            set(&old).unwrap_err(),
            PostgresError::SettingUnfit {
                unfit: Unfit::TooOld(Version { major: 12, .. }),
                ..
            }
        ));
        assert_eq!(set(&root.path().join("17")).unwrap().dir, good);
        assert_eq!(set(&good).unwrap().dir, good);
    }

    #[test]
    fn programs_that_do_not_run_say_why() {
        let root = tempfile::tempdir().unwrap();
        let bin = pretend(root.path(), "17", "17.4");
        std::fs::write(
            bin.join("postgres"),
            "#!/bin/sh\necho no libraries here >&2\nexit 127\n",
        )
        .unwrap();
        let error = Programs::find(&only(vec![bin]), None, &user()).unwrap_err();
        insta::assert_snapshot!(words(&error, root.path()).lines().next().unwrap(), @"no PostgreSQL server (14 or newer) was found on this machine; ROOT/17/bin holds programs that do not run as user `USER`: no libraries here (exit status: 127)");
    }

    #[test]
    fn the_newest_version_in_a_place_comes_first() {
        let root = tempfile::tempdir().unwrap();
        for name in ["9.6", "16", "14"] {
            pretend(root.path(), name, "14.1");
        }
        std::fs::create_dir(root.path().join(".unfinished")).unwrap();
        let found: Vec<_> = bins_below(root.path(), "");
        let wanted: Vec<_> = ["16", "14", "9.6"]
            .map(|name| root.path().join(name).join("bin"))
            .into();
        assert_eq!(found, wanted);
    }
}
