//! The real binary in a real terminal: drawn, driven and given back.

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

use crate::support::{
    db::{self, TestDb},
    wait_until,
};

/// A console in a pseudo-terminal, with what it has drawn.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    reader: std::thread::JoinHandle<()>,
    // The terminal ends with its master.
    master: Box<dyn MasterPty + Send>,
    home: TempDir,
}

impl Terminal {
    fn open(db: &TestDb, arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_billdeck"));
        command.args(arguments);
        command.cwd(home.path());
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.path());
        command.env("XDG_CONFIG_HOME", home.path().join("config"));
        command.env("XDG_DATA_HOME", home.path().join("data"));
        command.env("XDG_STATE_HOME", home.path().join("state"));
        command.env("TERM", "xterm-256color");
        command.env("DATABASE_URL", &db.url);
        let child = pair.slave.spawn_command(command).unwrap();
        // Whoever still holds the other side keeps the reader from seeing the end.
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::default()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let drawn = Arc::clone(&screen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                drawn.lock().unwrap().process(&bytes[..read]);
            }
        });
        Self {
            child,
            keyboard: pair.master.take_writer().unwrap(),
            screen,
            reader,
            master: pair.master,
            home,
        }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    async fn shows(&self, wanted: &str) {
        wait_until(wanted, || async {
            let text = self.text();
            if text.contains(wanted) {
                Ok(text)
            } else {
                Err(text)
            }
        })
        .await;
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.process_id().unwrap().try_into().unwrap());
        kill(pid, signal).unwrap();
    }

    /// Waits for the end; the terminal has to be as it was before.
    async fn ended(mut self) -> u32 {
        let child = &mut self.child;
        let code = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                if let Some(status) = child.try_wait().unwrap() {
                    return status.exit_code();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("the console does not end");
        drop((self.keyboard, self.master));
        self.reader.join().unwrap();
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        assert!(!screen.alternate_screen(), "the other screen was left on");
        assert!(!screen.hide_cursor(), "the cursor was left hidden");
        assert!(!screen.bracketed_paste(), "pastes were left bracketed");
        assert_eq!(screen.contents().trim(), "", "nothing was left behind");
        drop(self.home);
        code
    }
}

#[tokio::test]
async fn keys_lead_through_the_screens_and_q_leaves() {
    let db = db::fresh().await;
    let mut terminal = Terminal::open(&db, &["console"]);
    terminal.shows("NEEDS ATTENTION").await;
    terminal.press("3");
    terminal.shows("No event has been received yet").await;
    terminal.press(":nonsense\r");
    terminal.shows("nonsense").await;
    terminal.press("\u{3}");
    terminal.press("1");
    terminal.shows("Customers").await;
    terminal.press(":q\r");
    assert_eq!(terminal.ended().await, 0);
}

#[tokio::test]
async fn a_signal_ends_it_in_order_and_gives_the_terminal_back() {
    let db = db::fresh().await;
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let terminal = Terminal::open(&db, &["--read-only"]);
        terminal.shows("NEEDS ATTENTION").await;
        terminal.shows(" RO ").await;
        terminal.signal(signal);
        assert_eq!(terminal.ended().await, 0, "{signal}");
    }
}

/// A key that is not seen before something else wakes the console shows here as a second or more for each.
#[tokio::test]
async fn every_key_is_seen_when_it_is_pressed() {
    let db = db::fresh().await;
    let mut terminal = Terminal::open(&db, &["console"]);
    terminal.shows("NEEDS ATTENTION").await;
    let seen = async {
        for _ in 0..20 {
            terminal.press("3");
            terminal.shows("No event has been received yet").await;
            terminal.press("1");
            terminal.shows("There is no customer yet").await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen)
        .await
        .expect("keys lie around unseen");
    terminal.press(":q\r");
    assert_eq!(terminal.ended().await, 0);
}
