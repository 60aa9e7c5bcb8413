//! A terminal of the test's own, with the binary in it.

use std::{
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::place::Place;

const ROWS: u16 = 40;
const COLUMNS: u16 = 140;
/// What is waited for at most in one place: a demo's histories take a while on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// What the terminal shows, and a bell for whenever that changes.
struct Shown {
    parser: Mutex<vt100::Parser>,
    changed: Condvar,
}

/// A terminal with a program in it.
pub(super) struct Terminal {
    shown: Arc<Shown>,
    keyboard: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    reader: Option<JoinHandle<()>>,
    /// The modes before the program began.
    before: String,
}

impl Terminal {
    /// Starts the binary in a new terminal.
    pub(super) fn open(place: &Place, arguments: &[&str]) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let plain = place.command(arguments);
        let mut command = CommandBuilder::new(plain.get_program());
        command.args(plain.get_args());
        command.cwd(place.path());
        command.env_clear();
        for (name, value) in plain.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.env("TERM", "xterm-256color");
        let shown = Arc::new(Shown {
            parser: Mutex::new(vt100::Parser::new(
                ROWS.try_into().unwrap(),
                COLUMNS.try_into().unwrap(),
                0,
            )),
            changed: Condvar::new(),
        });
        let before = modes(&*pair.master, &shown);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let screen = Arc::clone(&shown);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            // An error is how a terminal says that nobody is left in it.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                screen.parser.lock().unwrap().process(&bytes[..count]);
                screen.changed.notify_all();
            }
        });
        Self {
            shown,
            keyboard: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            reader: Some(reader),
            before,
        }
    }

    /// Types.
    pub(super) fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until the screen shows all of these.
    pub(super) fn wait_for(&self, what: &str, wanted: &[&str]) {
        let end = Instant::now() + LIMIT;
        let mut parser = self.shown.parser.lock().unwrap();
        loop {
            let screen = parser.screen().contents();
            if wanted.iter().all(|text| screen.contains(text)) {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(parser);
                panic!("waited for {what}, {wanted:?}; the screen:\n{screen}");
            }
            parser = self.shown.changed.wait_timeout(parser, left).unwrap().0;
        }
    }

    /// Whether a program has taken the screen for itself.
    pub(super) fn is_taken(&self) -> bool {
        self.left_over().is_some() && self.shown.parser.lock().unwrap().screen().alternate_screen()
    }

    /// The modes, if they are not what they were before the program began.
    pub(super) fn left_over(&self) -> Option<String> {
        let now = modes(&*self.master, &self.shown);
        (now != self.before).then(|| format!("before: {}\nnow: {now}", self.before))
    }

    /// Waits for the end of the program, and of all that it wrote; gives back its exit code.
    pub(super) fn ended(&mut self) -> u32 {
        let code = self.child.wait().unwrap().exit_code();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        code
    }
}

/// Every mode that a program can leave on: of the line (echo, signals, whole lines) and of the screen.
fn modes(master: &dyn MasterPty, shown: &Shown) -> String {
    let parser = shown.parser.lock().unwrap();
    let screen = parser.screen();
    format!(
        "{:?} alternate {} cursor hidden {} paste {} mouse {:?} keypad {} arrows {}",
        master.get_termios().unwrap(),
        screen.alternate_screen(),
        screen.hide_cursor(),
        screen.bracketed_paste(),
        screen.mouse_protocol_mode(),
        screen.application_keypad(),
        screen.application_cursor(),
    )
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
