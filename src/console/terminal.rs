//! The terminal's modes, and the promise to undo them: on the way out, on errors, on panics, on suspend.

use std::{
    io::{self, Write as _, stdout},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute,
    terminal::{
        Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};

pub(crate) type Screen = Terminal<CrosstermBackend<io::Stdout>>;

/// Whether modes are on just now; the panic hook looks at it from any thread.
static ON: AtomicBool = AtomicBool::new(false);
static MOUSE: AtomicBool = AtomicBool::new(false);
static PANICKED: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Undoes every mode that is on, once.
fn restore() -> io::Result<()> {
    if !ON.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mut out = stdout();
    // Each step is tried even if the one before failed: half a restored terminal is better than none.
    let mouse = if MOUSE.load(Ordering::SeqCst) {
        execute!(out, DisableMouseCapture)
    } else {
        Ok(())
    };
    let rest = execute!(out, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let raw = disable_raw_mode();
    mouse.and(rest).and(raw)
}

/// Whether some task has panicked since the console was opened. The terminal has been given back then.
pub(crate) fn has_panicked() -> bool {
    PANICKED.load(Ordering::SeqCst)
}

fn install_hook() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if ON.load(Ordering::SeqCst) {
                PANICKED.store(true, Ordering::SeqCst);
                // The message has to reach the ordinary screen, so the alternate one goes first.
                let _restored = restore();
            }
            before(info);
        }));
    });
}

/// Modes are on while it lives.
pub(crate) struct Guard {
    mouse: bool,
}

impl Guard {
    pub(crate) fn enter(mouse: bool) -> io::Result<Self> {
        install_hook();
        let mut guard = Self { mouse };
        guard.resume()?;
        Ok(guard)
    }

    /// Turns the modes on, again after a suspension.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        ON.store(true, Ordering::SeqCst);
        let mut out = stdout();
        execute!(out, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        self.set_mouse(self.mouse)
    }

    pub(crate) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        MOUSE.store(on, Ordering::SeqCst);
        if on {
            execute!(stdout(), EnableMouseCapture)
        } else {
            execute!(stdout(), DisableMouseCapture)
        }
    }

    /// Gives the terminal back; [`Guard::resume`] takes it again.
    pub(crate) fn leave(&mut self) -> io::Result<()> {
        restore()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Nothing is left to tell the failure to: the terminal itself is what failed.
        let _restored = restore();
    }
}

/// A screen that knows nothing of what stands on the terminal, so that the next frame is drawn whole.
pub(crate) fn fresh_screen() -> io::Result<Screen> {
    execute!(stdout(), Clear(ClearType::All))?;
    Terminal::new(CrosstermBackend::new(stdout()))
}

/// Sends a sequence that the terminal acts on without showing it.
pub(crate) fn send(sequence: &str) -> io::Result<()> {
    let mut out = stdout();
    out.write_all(sequence.as_bytes())?;
    out.flush()
}
