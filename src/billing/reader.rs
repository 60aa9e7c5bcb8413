//! Reads of providers, each under a ticket, and each made once while a lane is held: a storm of events about one object
//! is answered by one read.

use std::collections::{BTreeMap, BTreeSet};

use super::Billing;
use crate::{
    domain::{
        event::Problem,
        ids::EventId,
        observation::{Fact, Observation},
        plan::{Evidence, Testimony},
        provider::{Book, ObjectRef},
    },
    providers::{Answer, ProviderError, ReadObject},
    store::{StoreError, work},
};

/// Why a read brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The provider.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The database, which gives the ticket.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReadError {
    /// As an event's error.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Provider(error) => Problem {
                code: error.code().to_owned(),
                message: format!("{}; {}", in_words(error), error.hint()),
            },
            Self::Store(error) => Problem {
                code: error.code().to_owned(),
                message: in_words(error),
            },
        }
    }
}

/// An error with its causes, in one line.
pub fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// What a read told.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What was seen, as evidence.
    pub testimony: Testimony,
    /// Money facts that it proves.
    pub facts: Vec<Fact>,
    /// The object as the provider wrote it.
    pub raw: Option<String>,
    /// The provider's id of the read.
    pub request_id: Option<String>,
}

/// Reads objects of one book, each once.
///
/// What was read answers later cases too, but only once the case that it was read for is committed: till then no stored
/// version tells of the read, and a later case would take it for one that was made on its own account.
#[derive(Debug, Default)]
pub struct Reader {
    seen: BTreeMap<ObjectRef, Seen>,
    /// Read for the case at hand.
    uncommitted: BTreeSet<ObjectRef>,
    /// The ticket of the case's last read.
    pub last_ticket: Option<i64>,
}

impl Reader {
    /// Begins another case. What was read for the last one is forgotten unless [`Reader::committed`] was said of it.
    pub fn next_case(&mut self) {
        self.last_ticket = None;
        for object in std::mem::take(&mut self.uncommitted) {
            self.seen.remove(&object);
        }
    }

    /// The case at hand is committed, with all that was read for it.
    pub fn committed(&mut self) {
        self.uncommitted.clear();
    }

    /// Reads an object, unless this reader has done so already.
    pub async fn read(
        &mut self,
        billing: &Billing,
        book: Book,
        object: &ObjectRef,
        event: Option<EventId>,
    ) -> Result<Option<Seen>, ReadError> {
        if let Some(seen) = self.seen.get(object) {
            if let Evidence::Read { ticket, .. } = seen.testimony.evidence {
                self.last_ticket = self.last_ticket.max(Some(ticket));
            }
            return Ok(Some(seen.clone()));
        }
        let Some(room) = billing
            .providers()
            .get(book.provider)
            .filter(|room| room.book() == book)
        else {
            return Ok(None);
        };
        let Some(api) = room.api() else { return Ok(None) };
        let ticket = ticket(billing).await?;
        self.last_ticket = Some(ticket);
        let answer = api.read(object).await?;
        let seen = testify(answer, ticket, event);
        self.seen.insert(object.clone(), seen.clone());
        self.uncommitted.insert(object.clone());
        Ok(Some(seen))
    }

    /// Forgets what was read of an object, so that it is read anew: something newer has been applied since.
    pub fn forget(&mut self, object: &ObjectRef) {
        self.seen.remove(object);
    }
}

/// Takes the next ticket; to be done just before a read or a write at the provider.
///
/// A read-only session cannot draw one and needs none, since nothing is ever written under it: to itself its reads are
/// the newest.
pub async fn ticket(billing: &Billing) -> Result<i64, StoreError> {
    if billing.store().options().read_only {
        return Ok(i64::MAX);
    }
    let mut conn = billing.store().pool().acquire().await?;
    work::ticket_next(&mut conn).await
}

/// Turns a provider's answer into evidence.
pub fn testify(answer: Answer<ReadObject>, ticket: i64, event: Option<EventId>) -> Seen {
    let Answer {
        value,
        at,
        request_id,
    } = answer;
    Seen {
        testimony: Testimony {
            observations: value.observations,
            evidence: Evidence::Read { at, ticket, event },
        },
        facts: value.facts,
        raw: value.raw,
        request_id,
    }
}

impl Seen {
    /// Whether the provider says that the object is not there.
    pub fn is_gone(&self, object: &ObjectRef) -> bool {
        self.testimony
            .observations
            .iter()
            .any(|observation| matches!(observation, Observation::Gone(gone) if gone == object))
    }
}
