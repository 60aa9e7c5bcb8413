//! News for the console: heard on a connection of its own, and kept until somebody asks.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    billing::reader::in_words,
    console::desk::News,
    store::{
        Store, StoreError,
        notify::{Bell, Ear},
    },
};

/// How long to wait before listening anew after the database went away.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// What is new since somebody asked last.
#[derive(Debug, Default)]
struct Pending {
    link: Option<bool>,
    events: bool,
    records: bool,
}

#[derive(Debug, Default)]
struct Board {
    pending: Mutex<Pending>,
    pinned: Notify,
}

impl Board {
    fn pin(&self, change: impl FnOnce(&mut Pending)) {
        change(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        self.pinned.notify_one();
    }

    /// A ring says only that something is new.
    fn pin_all(&self) {
        self.pin(|pending| {
            pending.events = true;
            pending.records = true;
        });
    }

    fn take(&self) -> Option<News> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(up) = pending.link.take() {
            return Some(News::Link { up });
        }
        if std::mem::take(&mut pending.events) {
            return Some(News::Events);
        }
        std::mem::take(&mut pending.records).then_some(News::Records)
    }
}

/// Collects news. However many rings there were, each kind is told once.
#[derive(Debug)]
pub(super) struct NewsBoard {
    board: Arc<Board>,
    listening: JoinHandle<()>,
}

impl NewsBoard {
    pub(super) fn listen(store: Store) -> Self {
        let board = Arc::new(Board::default());
        Self {
            listening: tokio::spawn(listen(store, Arc::clone(&board))),
            board,
        }
    }

    /// The next piece of news. Cancelling loses none.
    pub(super) async fn next(&self) -> News {
        loop {
            if let Some(news) = self.board.take() {
                return news;
            }
            self.board.pinned.notified().await;
        }
    }
}

impl Drop for NewsBoard {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(store: Store, board: Arc<Board>) {
    // Whoever opens a console reads everything anyway, so that the first link is no news.
    let mut lost = false;
    loop {
        let Err(error) = listen_once(&store, &board, lost).await;
        tracing::debug!(error = %in_words(&error), "not listening for news");
        lost = true;
        board.pin(|pending| pending.link = Some(false));
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

/// Pins every ring, until the connection fails.
async fn listen_once(store: &Store, board: &Board, lost: bool) -> Result<Infallible, StoreError> {
    let mut ear = Ear::listen(store, &[Bell::NEWS]).await?;
    if lost {
        board.pin(|pending| pending.link = Some(true));
        // What was rung while nobody listened is not told again.
        board.pin_all();
    }
    loop {
        ear.hear().await?;
        board.pin_all();
    }
}
