//! Putting events aside.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    Billing, BillingError,
    acts::{Act, By, DONE},
};
use crate::{
    domain::{
        event::{EventState, Problem},
        ids::EventId,
        subscription::Difference,
    },
    store::{
        StoreError,
        discard::{Discard, event_discard, events_missing},
    },
};

/// What became of a wish to put events aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discarded {
    /// Those that were put aside.
    pub discarded: BTreeSet<EventId>,
    /// Those that were not, with the state that keeps them.
    pub kept: Vec<(EventId, EventState)>,
}

/// Puts events aside that are not done: waiting, failed, dead or quarantined ones. An event that a worker holds, or that
/// has been applied, is kept. Each is done for itself; an unknown id stops all of it before anything is done.
pub async fn discard(billing: &Billing, ids: &[EventId], by: By<'_>) -> Result<Discarded, BillingError> {
    let reason = by.reason.map(str::trim).filter(|reason| !reason.is_empty());
    let Some(reason) = reason else {
        return Err(BillingError::Refused {
            code: "reason_missing",
            message: "an event is put aside only with a reason".to_owned(),
            hint: Some("say why in a few words; the audit keeps them".to_owned()),
        });
    };
    let by = By {
        reason: Some(reason),
        ..by
    };
    {
        let mut tx = billing.store().begin_read_only().await?;
        let wanted: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
        let missing = events_missing(&mut tx, billing.environment(), &wanted).await?;
        if let Some(id) = missing.first() {
            return Err(not_found(billing, *id));
        }
    }
    let mut done = Discarded::default();
    for &id in ids.iter().collect::<BTreeSet<_>>() {
        match discard_one(billing, id, reason, by).await? {
            None => {
                done.discarded.insert(id);
            }
            Some(state) => done.kept.push((id, state)),
        }
    }
    billing.tell();
    Ok(done)
}

/// Gives back the state of an event that was kept.
async fn discard_one(
    billing: &Billing,
    id: EventId,
    reason: &str,
    by: By<'_>,
) -> Result<Option<EventState>, BillingError> {
    let why = Problem {
        code: "discarded".to_owned(),
        message: reason.to_owned(),
    };
    let mut tx = billing.store().begin().await?;
    match event_discard(&mut tx, billing.environment(), id, &why).await? {
        Discard::Missing => Err(not_found(billing, id)),
        Discard::Kept(state) => Ok(Some(state)),
        Discard::Done { from, customer } => {
            let state = Difference {
                field: "state".to_owned(),
                before: from.as_str().into(),
                after: EventState::Discarded.as_str().into(),
            };
            Act::new(by, "event.discard", id, customer)
                .record(&mut tx, DONE, vec![state])
                .await?;
            tx.commit().await.map_err(StoreError::from)?;
            Ok(None)
        }
    }
}

fn not_found(billing: &Billing, id: EventId) -> BillingError {
    BillingError::NotFound {
        what: "event",
        id: id.to_string(),
        environment: billing.environment(),
    }
}
