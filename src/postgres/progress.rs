//! What takes time while a cluster is brought up, told to whoever wants to show it.

use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

/// One thing that is being done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Another billdeck is starting or stopping this cluster; waiting for it.
    Waiting,
    /// The server programs are being downloaded; told again with every piece that arrives.
    Downloading {
        /// The version being downloaded, such as `17.4.0`.
        version: String,
        /// Bytes so far.
        received: u64,
        /// Bytes in all, where the other side tells.
        total: Option<u64>,
    },
    /// The downloaded archive is being unpacked.
    Unpacking,
    /// A new cluster is being made.
    Making,
    /// The server is being started.
    Starting,
    /// The server answers; there is nothing more to show.
    Ready,
}

/// Is told each [`Step`]. Called from async code: must not block for long.
pub trait Progress: Send + Sync {
    /// Takes note of `step`.
    fn step(&self, step: &Step);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Progress for Quiet {
    fn step(&self, _: &Step) {}
}

/// A bar on stderr for the download and nothing for the steps that take less than a second. Where stderr is no
/// terminal it shows nothing at all.
#[derive(Debug, Default)]
pub struct Bar {
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress for Bar {
    fn step(&self, step: &Step) {
        let mut slot = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Step::Downloading {
                version,
                received,
                total,
            } => {
                let bar = slot.get_or_insert_with(|| download_bar(version, *total));
                bar.set_position(*received);
            }
            Step::Unpacking => {
                if let Some(bar) = slot.as_ref() {
                    bar.set_message("unpacking PostgreSQL");
                }
            }
            Step::Waiting | Step::Making | Step::Starting | Step::Ready => {
                if let Some(bar) = slot.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

fn download_bar(version: &str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{msg} {wide_bar} {bytes}/{total_bytes} {eta}",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {msg} {bytes}"),
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
        .with_message(format!("downloading PostgreSQL {version}"))
}
