//! Giving money back.

use std::collections::BTreeMap;

use super::{
    super::{
        client::{Client, Request, create as creation, idempotency_key, refused_here, segment},
        interpret::started_refund,
        wire::{
            self, Flat,
            forms::RefundForm,
            money::{Intent, Payment, Refund},
        },
    },
    pages, read,
};
use crate::{
    domain::{ids::ObjectId, order::RefundStatus},
    providers::{Answer, NewRefund, ProviderError, StartedRefund},
};

/// The metadata key that says which of billdeck's acts made a refund.
const OPERATION: &str = "billdeck_operation";

/// More refunds of one payment than there can well be.
const PAGES: usize = 5;

/// The longest note that PayMongo takes, in characters.
const NOTE_MAX: usize = 255;

const CALL: &str = "POST /v1/refunds";

/// Looks first at what went back already: there the refund of an earlier try is found whose answer was lost, and what is
/// left of the payment.
pub(super) async fn create(
    client: &Client,
    new: &NewRefund,
    key: &str,
) -> Result<Answer<StartedRefund>, ProviderError> {
    let key = idempotency_key(key);
    let paid = paid(client, &new.payment).await?;
    let (refunds, known) = of_payment(client, &paid.id).await?;
    let mut taken = 0_i64;
    for refund in refunds {
        let operation = refund
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.get(OPERATION));
        let is_ours = operation.and_then(|value| value.as_str()) == Some(key.as_str());
        let started = started_refund(refund).map_err(|flaw| known.flawed(flaw))?;
        if is_ours {
            return Ok(known.answer(started));
        }
        match started.status {
            RefundStatus::Pending | RefundStatus::Succeeded => {
                taken = taken.saturating_add(started.amount.minor);
            }
            RefundStatus::Failed | RefundStatus::Canceled => {}
        }
    }
    let amount = match new.amount {
        Some(amount) => super::centavos(CALL, amount)?,
        None => paid.amount.saturating_sub(taken),
    };
    if amount <= 0 {
        return Err(refused_here(
            CALL,
            "nothing_left",
            "all of the payment went back already",
        ));
    }
    let (reason, notes) = reason(new.reason.as_deref());
    let form = RefundForm {
        amount,
        payment_id: paid.id,
        reason,
        notes,
        metadata: BTreeMap::from([(OPERATION.to_owned(), key.clone())]),
    };
    let reply = client.send(creation("/v1/refunds", &form, &key)?).await?;
    let refund: Refund = read::resource(&reply)?;
    let started = started_refund(refund).map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(started))
}

/// The try that moved the money. Billing knows a payment by its intent, PayMongo refunds the try.
async fn paid(client: &Client, payment: &ObjectId) -> Result<Payment, ProviderError> {
    let is_paid = |payment: &Payment| {
        matches!(
            payment.status.as_str(),
            "paid" | "partially_refunded" | "refunded"
        )
    };
    let id = segment(payment.as_str());
    let found = if payment.as_str().starts_with("pay_") {
        let reply = client.send(Request::get(format!("/v1/payments/{id}"))).await?;
        Some(read::resource::<Payment>(&reply)?).filter(is_paid)
    } else {
        let reply = client
            .send(Request::get(format!("/v1/payment_intents/{id}")))
            .await?;
        let intent: Intent = read::resource(&reply)?;
        let tries = intent.payments.unwrap_or_default().into_iter();
        tries.map(|Flat(payment)| payment).find(is_paid)
    };
    found.ok_or_else(|| {
        refused_here(
            CALL,
            "payment_not_paid",
            "nothing was paid by this payment, so nothing can go back",
        )
    })
}

/// The refunds of a payment of PayMongo's, and the answer that they came in.
pub(super) async fn of_payment(
    client: &Client,
    id: &str,
) -> Result<(Vec<Refund>, super::super::client::Reply), ProviderError> {
    let id = id.to_owned();
    let listed = pages::fetch(client, PAGES, || {
        Request::get("/v1/refunds").query("payment_id", id.clone())
    })
    .await?;
    let mut refunds = Vec::new();
    listed.for_each(|reply, json| {
        let refund: Refund = wire::read(json).map_err(|flaw| reply.flawed(flaw))?;
        if refund.payment_id.as_ref().is_none_or(|of| *of == id) {
            refunds.push(refund);
        }
        Ok(())
    })?;
    Ok((refunds, listed.into_first()))
}

/// PayMongo knows four reasons; another one is told as a note.
fn reason(told: Option<&str>) -> (&'static str, Option<String>) {
    match told {
        Some("duplicate") => ("duplicate", None),
        Some("fraudulent") => ("fraudulent", None),
        Some("requested_by_customer") => ("requested_by_customer", None),
        Some("others") | None => ("others", None),
        Some(other) => ("others", Some(other.chars().take(NOTE_MAX).collect())),
    }
}
