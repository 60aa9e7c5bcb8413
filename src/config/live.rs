//! The catalogue while a process runs: read again when the file changes; a broken version is reported and the one in
//! force stays.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    ConfigErrors, LoadedCatalog,
    problems::{ConfigProblem, Origin},
};

/// Time between two looks at the file. A change is taken when two looks agree, so within twice this.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The catalogue in force, and what is wrong with the file if it no longer matches.
#[derive(Clone, Debug)]
pub struct CatalogState {
    /// In force.
    pub in_force: Arc<LoadedCatalog>,
    /// Why the file's present version is not in force.
    pub broken: Option<Arc<ConfigErrors>>,
}

/// The catalogue in force, shared by everything in the process. Clones see the same.
#[derive(Clone, Debug)]
pub struct LiveCatalog(Arc<watch::Sender<CatalogState>>);

impl LiveCatalog {
    /// Starts with a catalogue; it changes only if a [`CatalogWatch`] is run.
    pub fn new(catalog: Arc<LoadedCatalog>) -> Self {
        Self(Arc::new(watch::Sender::new(CatalogState {
            in_force: catalog,
            broken: None,
        })))
    }

    /// The catalogue in force. Hold on to the answer for one piece of work, and ask again for the next.
    pub fn current(&self) -> Arc<LoadedCatalog> {
        self.0.borrow().in_force.clone()
    }

    /// Why the file's present version is not in force, if it is not.
    pub fn broken(&self) -> Option<Arc<ConfigErrors>> {
        self.0.borrow().broken.clone()
    }

    /// Tells of every new catalogue and every broken one.
    pub fn subscribe(&self) -> watch::Receiver<CatalogState> {
        self.0.subscribe()
    }

    /// A watch on the file that keeps this catalogue current. `path` need not exist yet.
    pub fn watch(&self, path: PathBuf, shown: PathBuf) -> CatalogWatch {
        let current = self.current();
        let judged = match current.file.path() {
            Some(_) => Seen::Text(current.file.text().to_owned()),
            None => Seen::Missing,
        };
        CatalogWatch {
            live: self.clone(),
            path,
            shown,
            last: judged.clone(),
            judged,
        }
    }
}

/// What a look at the file finds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Text(String),
    Missing,
    Unreadable(String),
}

/// Looks at the file and keeps a [`LiveCatalog`] current.
///
/// The whole text is compared, not its time and size: it is a few kilobytes, and a time may stand still while the text
/// changes. A change counts once two looks agree, since editors write in pieces or take the file away for a moment, and half
/// a catalogue may be a valid one.
#[derive(Debug)]
pub struct CatalogWatch {
    live: LiveCatalog,
    path: PathBuf,
    shown: PathBuf,
    last: Seen,
    judged: Seen,
}

impl CatalogWatch {
    /// Runs until cancelled.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.look().await;
        }
    }

    /// Looks once; true when what is in force, or what is wrong, has changed.
    pub async fn look(&mut self) -> bool {
        let seen = match tokio::fs::read_to_string(&self.path).await {
            Ok(text) => Seen::Text(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Seen::Missing,
            Err(error) => Seen::Unreadable(error.to_string()),
        };
        let settled = seen == self.last;
        self.last = seen.clone();
        if !settled || seen == self.judged {
            return false;
        }
        let judgement = match &seen {
            Seen::Text(text) => LoadedCatalog::parse(Some(&self.path), &self.shown, text),
            Seen::Missing => Err(self.problem("is gone")),
            Seen::Unreadable(error) => Err(self.problem(&format!("cannot be read: {error}"))),
        };
        self.judged = seen;
        self.publish(judgement);
        true
    }

    fn problem(&self, message: &str) -> ConfigErrors {
        let origin = Origin::File {
            path: Arc::from(self.shown.as_path()),
            line: None,
        };
        ConfigErrors::one(ConfigProblem::whole(origin, message))
    }

    fn publish(&self, judgement: Result<LoadedCatalog, ConfigErrors>) {
        let shown: &Path = &self.shown;
        match judgement {
            Ok(loaded) => {
                tracing::info!(
                    file = %shown.display(),
                    plans = loaded.catalog.plans().len(),
                    "the catalogue was read again"
                );
                self.live.0.send_replace(CatalogState {
                    in_force: Arc::new(loaded),
                    broken: None,
                });
            }
            Err(errors) => {
                tracing::warn!(
                    file = %shown.display(),
                    problems = %errors,
                    "the catalogue cannot be used as it is now; the one read before stays in force"
                );
                self.live
                    .0
                    .send_modify(|state| state.broken = Some(Arc::new(errors)));
            }
        }
    }
}
