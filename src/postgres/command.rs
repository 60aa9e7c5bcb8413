//! Runs the server programs: as the right user, in a clean environment, with nothing of ours left open in them.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use super::user::ServerUser;

/// Whether a program belongs to our terminal session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// Ctrl-C reaches it as it reaches us.
    Ours,
    /// It has a session of its own: Ctrl-C and a closed terminal do not reach it, and it outlives us.
    Own,
}

/// A command that runs `program` as `user`. Its input is empty; `kept` are the only open files it inherits beside
/// its output, under the descriptor numbers they have here. They must stay open until it is spawned.
pub(super) fn command(program: &Path, user: &ServerUser, session: Session, kept: &[&File]) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir("/")
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", search_path(program))
        .stdin(Stdio::null());
    if let ServerUser::Other(account) = user {
        // std drops root's supplementary groups along with its uid
        command.uid(account.uid).gid(account.gid);
    }
    before_exec(
        &mut command,
        session,
        stray_descriptors(),
        kept.iter().map(|file| file.as_raw_fd()).collect(),
    );
    command
}

fn search_path(program: &Path) -> std::ffi::OsString {
    let mut path = program.parent().unwrap_or(Path::new("/")).as_os_str().to_owned();
    path.push(":/usr/bin:/bin");
    path
}

/// Descriptors above stderr that would pass to a child: not ours (Rust marks its own close-on-exec) but inherited
/// from whoever started us. A server that outlives us would keep a caller's pipe open, or its lock, for ever.
fn stray_descriptors() -> Vec<RawFd> {
    let Ok(entries) = std::fs::read_dir("/dev/fd") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2 && inherits(*fd))
        .collect()
}

#[expect(
    unsafe_code,
    reason = "asks about a descriptor by number; one that was closed meanwhile answers EBADF"
)]
fn inherits(fd: RawFd) -> bool {
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    fcntl(borrowed, FcntlArg::F_GETFD)
        .is_ok_and(|flags| !FdFlag::from_bits_truncate(flags).contains(FdFlag::FD_CLOEXEC))
}

#[expect(
    unsafe_code,
    reason = "setsid and fcntl have to happen between fork and exec; both are async-signal-safe and the closure \
              allocates nothing"
)]
fn before_exec(command: &mut Command, session: Session, closed: Vec<RawFd>, kept: Vec<RawFd>) {
    let prepare = move || -> io::Result<()> {
        match session {
            Session::Ours => {}
            Session::Own => {
                nix::unistd::setsid()?;
            }
        }
        for (fds, flags) in [(&closed, FdFlag::FD_CLOEXEC), (&kept, FdFlag::empty())] {
            for fd in fds {
                let borrowed = unsafe { BorrowedFd::borrow_raw(*fd) };
                // a stray descriptor may be gone by now; a kept one that is gone shows when the program opens it
                let _ = fcntl(borrowed, FcntlArg::F_SETFD(flags));
            }
        }
        Ok(())
    };
    unsafe { command.pre_exec(prepare) };
}
