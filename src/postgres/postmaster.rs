//! The running server, as its `postmaster.pid` and the system tell.
//!
//! The file alone proves nothing: after a crash it stays, its process number may belong to somebody else by now
//! (PostgreSQL itself takes any living process of its user for a server), and a copied data directory carries the
//! original's file. So the process is looked at.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{AtPath, PostgresError};

/// How long a server may take to write everything out before it is made to end without; it then recovers at the
/// next start.
const PATIENCE_FAST: Duration = Duration::from_mins(1);
const PATIENCE_IMMEDIATE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);

/// What `postmaster.pid` turns out to mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No server, and nothing that keeps one from starting.
    Nothing,
    /// A file that is left over, but names a living process of another kind: a new server would refuse to start.
    Leftover,
    /// The server of this cluster.
    Running(Postmaster),
}

/// A running server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pid: Pid,
    port: u16,
    data: PathBuf,
    /// The data directory as the server was told it.
    told: String,
}

impl Postmaster {
    /// Looks for the server of the cluster in `data`.
    pub(super) fn find(data: &Path) -> Result<Found, PostgresError> {
        let path = pid_file(data);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
            text => text.at("read", &path)?,
        };
        let mut lines = text.lines();
        let pid = lines
            .next()
            .and_then(|line| line.trim().parse().ok())
            .filter(|pid| *pid > 0);
        let told = lines.next().unwrap_or_default().to_owned();
        let port = lines.nth(1).and_then(|line| line.trim().parse().ok());
        let (Some(pid), Some(port)) = (pid, port) else {
            // PostgreSQL does not start over a broken file either ("bogus data in lock file")
            return Ok(Found::Leftover);
        };
        let found = Self {
            pid: Pid::from_raw(pid),
            port,
            data: data.to_path_buf(),
            told,
        };
        Ok(if found.is_running() {
            Found::Running(found)
        } else if answers_signals(found.pid) {
            Found::Leftover
        } else {
            Found::Nothing
        })
    }

    /// Removes a leftover `postmaster.pid`. Surviving backends of a dead server still protect the data: a new server
    /// meets their shared memory, which is found by the directory, and refuses.
    pub(super) fn clear_leftover(data: &Path) -> Result<(), PostgresError> {
        let path = pid_file(data);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed.at("remove", &path),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Whether the process is alive and serves this cluster.
    pub(super) fn is_running(&self) -> bool {
        if !has_proc() {
            return self.lives() && Path::new(&self.told) == self.data;
        }
        self.lives() && self.works_in_data().unwrap_or_else(|| self.was_started_on_data())
    }

    /// Neither gone nor a zombie. In a container without an init process zombies stay for ever.
    fn lives(&self) -> bool {
        if !has_proc() {
            return answers_signals(self.pid);
        }
        let Ok(stat) = std::fs::read_to_string(self.proc("stat")) else {
            return false;
        };
        let state = stat.rsplit_once(") ").and_then(|(_, after)| after.chars().next());
        !matches!(state, None | Some('Z' | 'X'))
    }

    /// A server's working directory is its data directory. None where we may not see it: root without
    /// `CAP_SYS_PTRACE`, as in most containers.
    fn works_in_data(&self) -> Option<bool> {
        use std::os::unix::fs::MetadataExt;
        let (theirs, ours) = (
            std::fs::metadata(self.proc("cwd")).ok()?,
            std::fs::metadata(&self.data).ok()?,
        );
        Some(theirs.ino() == ours.ino() && theirs.dev() == ours.dev())
    }

    /// The command line names the directory and the port that `postmaster.pid` names, and the directory is ours or
    /// was passed as a descriptor.
    fn was_started_on_data(&self) -> bool {
        let Ok(line) = std::fs::read(self.proc("cmdline")) else {
            return false;
        };
        let arguments: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        let has = |name: &str, value: &str| {
            arguments
                .windows(2)
                .any(|pair| pair == [name.as_bytes(), value.as_bytes()])
        };
        has("-D", &self.told)
            && has("-p", &self.port.to_string())
            && (Path::new(&self.told) == self.data || self.told.starts_with("/proc/self/fd/"))
    }

    fn proc(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.pid).into()
    }

    /// Stops the server: open transactions are rolled back, connections closed, everything is written out. Blocks.
    pub(super) fn stop(&self) -> Result<(), PostgresError> {
        for (signal, patience) in [
            (Signal::SIGINT, PATIENCE_FAST),
            (Signal::SIGQUIT, PATIENCE_IMMEDIATE),
        ] {
            match kill(self.pid, signal) {
                Ok(()) => {}
                Err(Errno::ESRCH) => return Ok(()),
                Err(error) => return Err(error.into()).at("stop the server of", &self.data),
            }
            let end = Instant::now() + patience;
            while Instant::now() < end {
                // not `is_running`: a process that is ending loses its directory and command line first
                if !self.lives() {
                    return Ok(());
                }
                std::thread::sleep(POLL);
            }
        }
        Err(PostgresError::Stuck { pid: self.pid() })
    }
}

fn pid_file(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

fn answers_signals(pid: Pid) -> bool {
    matches!(kill(pid, None), Ok(()) | Err(Errno::EPERM))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find_with(text: &str) -> Found {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(
            pid_file(data.path()),
            text.replace("DATA", data.path().to_str().unwrap()),
        )
        .unwrap();
        Postmaster::find(data.path()).unwrap()
    }

    #[test]
    fn no_file_is_no_server() {
        assert_eq!(
            Postmaster::find(tempfile::tempdir().unwrap().path()).unwrap(),
            Found::Nothing
        );
    }

    #[test]
    fn a_file_that_names_another_living_process_is_left_over() {
        let us = std::process::id();
        assert_eq!(
            find_with(&format!("{us}\nDATA\n1\n5432\n\n127.0.0.1\n")),
            Found::Leftover
        );
    }

    #[test]
    fn a_file_that_names_a_dead_process_is_left_to_the_server() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!(
            find_with(&format!("{pid}\nDATA\n1\n5432\n\n127.0.0.1\n")),
            Found::Nothing
        );
    }

    #[test]
    fn a_zombie_is_no_server() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let stat = format!("/proc/{}/stat", child.id());
        while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
            std::thread::yield_now();
        }
        let found = find_with(&format!("{}\nDATA\n1\n5432\n\n127.0.0.1\n", child.id()));
        child.wait().unwrap();
        assert_eq!(found, Found::Leftover);
    }

    #[test]
    fn a_broken_file_is_left_over() {
        for text in [
            "",
            "0\n",
            "-1\nDATA\n1\n5432\n",
            "many\nDATA\n1\n5432\n",
            "1\nDATA\n1\nport\n",
        ] {
            assert_eq!(find_with(text), Found::Leftover, "{text:?}");
        }
    }
}
