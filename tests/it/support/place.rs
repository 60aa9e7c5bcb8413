//! The real binary: a place to run it in, single runs, and services that run until they are told to stop.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

/// A place of its own to run billdeck in: nothing of this machine's configuration is seen there.
pub(crate) struct Place {
    dir: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// How a run ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// A place whose commands work on this database.
    pub(crate) fn on(url: &str) -> Self {
        Self::new().variable("DATABASE_URL", url)
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_billdeck"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("xdg-config"))
            .env("XDG_DATA_HOME", self.path().join("data"))
            .env("BILLDECK_OPERATOR", "ana")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.ended(&self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        self.ended(&child.wait_with_output().unwrap())
    }

    /// The answer of a command that is expected to succeed.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, 0, "{arguments:?}: {}", run.err);
        serde_json::from_str(&run.out).unwrap()
    }

    /// What services started with this command have logged.
    pub(crate) fn log(&self, command: &str) -> String {
        std::fs::read_to_string(self.path().join(format!("{command}.log"))).unwrap_or_default()
    }

    /// The place's own name is left out of what was said.
    pub(crate) fn ended(&self, output: &std::process::Output) -> Run {
        let text = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec())
                .unwrap()
                .replace(self.path().to_str().unwrap(), "DIR")
        };
        Run {
            code: output.status.code().unwrap(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

/// A service of the binary that said that it is ready; killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    output: BufReader<ChildStdout>,
    /// What it said when it was ready.
    pub(crate) ready: Value,
}

impl Service {
    /// Starts one and waits until it is ready. What it logs goes into a file of the place: nobody would empty a pipe.
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut service = Self::start_silent(place, &[arguments, &["--json"]].concat());
        let mut line = String::new();
        service.output.read_line(&mut line).unwrap();
        service.ready = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("no ready line from {arguments:?}: {}", place.log(arguments[0])));
        assert_eq!(service.ready["ready"], true);
        service
    }

    /// Starts one that says nothing on standard output.
    pub(crate) fn start_silent(place: &Place, arguments: &[&str]) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(place.path().join(format!("{}.log", arguments[0])))
            .unwrap();
        let mut child = place.command(arguments).stderr(log).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            output,
            ready: Value::Null,
        }
    }

    /// Where it listens.
    pub(crate) fn listen(&self) -> &str {
        self.ready["listen"].as_str().unwrap()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal and waits for the end. Nothing more was said on standard output.
    pub(crate) fn stop(mut self, signal: Signal) -> i32 {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        kill(pid, signal).unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        self.child.wait().unwrap().code().unwrap()
    }

    /// Ends it at once, whatever it is doing.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
