//! What a store error means for the event at hand, the same for the worker and for a replay: the transaction is tried
//! again at once, or the event fails by itself, or it is not the event's fault.

use crate::{
    billing::reader::in_words,
    domain::{event::Problem, ids::EventId},
    store::StoreError,
};

/// How often a transaction that met another one is tried again at once.
const COLLISIONS: u32 = 5;

/// The store errors that one try of one event has met.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    collisions: u32,
}

/// What to do about a store error.
pub(super) enum Refusal {
    /// Judge and write once more, at once.
    Again,
    /// The event fails, and keeps no other one waiting.
    Fails(Problem),
    /// Not the event's fault, and nothing that another event would be spared.
    Stands(StoreError),
}

impl Refusals {
    /// Weighs a store error that ended a transaction of this event.
    pub(super) fn weigh(&mut self, event: EventId, error: StoreError) -> Refusal {
        if error.is_collision() {
            if self.collisions < COLLISIONS {
                self.collisions += 1;
                return Refusal::Again;
            }
            return Refusal::Fails(Problem {
                code: "collision".to_owned(),
                message: "other transactions kept getting in the way; another try, a little later, will do"
                    .to_owned(),
            });
        }
        if error.blames_the_work() {
            tracing::error!(
                event.id = %event,
                error = %in_words(&error),
                "a bug in billdeck: the database refuses what an event comes to"
            );
            return Refusal::Fails(Problem {
                code: error.code().to_owned(),
                message: in_words(&error),
            });
        }
        Refusal::Stands(error)
    }
}
