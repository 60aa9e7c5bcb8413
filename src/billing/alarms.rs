//! Settling alarms: a person has looked, and says why it is all right.

use super::{
    Billing, BillingError,
    acts::{Act, By, DONE},
};
use crate::{
    domain::{ids::EventId, subscription::Difference},
    store::{StoreError, alarm::alarms_settle},
};

/// Settles every open alarm about an event; says how many there were. The same cause raises a new one when it comes
/// again.
pub async fn settle(billing: &Billing, id: EventId, by: By<'_>) -> Result<usize, BillingError> {
    let reason = by.reason.map(str::trim).filter(|reason| !reason.is_empty());
    let Some(reason) = reason else {
        return Err(BillingError::Refused {
            code: "reason_missing",
            message: "an alarm is settled only with a reason".to_owned(),
            hint: Some("say why in a few words; the audit keeps them".to_owned()),
        });
    };
    let by = By {
        reason: Some(reason),
        ..by
    };
    let mut tx = billing.store().begin().await?;
    let settled = alarms_settle(&mut tx, billing.environment(), id, &by.actor.name).await?;
    let settled = settled.ok_or_else(|| BillingError::NotFound {
        what: "event",
        id: id.to_string(),
        environment: billing.environment(),
    })?;
    if settled.details.is_empty() {
        return Err(BillingError::Refused {
            code: "no_alarm",
            message: format!("no alarm about event {id} is open"),
            hint: None,
        });
    }
    let number = settled.details.len();
    let differences = settled.details.into_iter().map(|detail| Difference {
        field: "alarm".to_owned(),
        before: detail.into(),
        after: serde_json::Value::Null,
    });
    Act::new(by, "event.alarm.settle", id, settled.customer)
        .record(&mut tx, DONE, differences.collect())
        .await?;
    tx.commit().await.map_err(StoreError::from)?;
    billing.tell();
    Ok(number)
}
