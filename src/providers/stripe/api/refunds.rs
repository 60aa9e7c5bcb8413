//! Giving money back.

use super::super::{
    client::{Client, post_form},
    interpret::started_refund,
    wire::forms::RefundForm,
};
use crate::providers::{Answer, NewRefund, ProviderError, StartedRefund};

pub(super) async fn create(
    client: &Client,
    new: &NewRefund,
    key: &str,
) -> Result<Answer<StartedRefund>, ProviderError> {
    let payment = new.payment.to_string();
    // A payment without an intent goes by its charge's id.
    let (payment_intent, charge) = if payment.starts_with("pi_") {
        (Some(payment), None)
    } else {
        (None, Some(payment))
    };
    let form = RefundForm {
        payment_intent,
        charge,
        amount: new.amount.map(|amount| amount.minor),
        reason: new.reason.clone(),
    };
    let reply = client.send(post_form("/v1/refunds", &form, key)?).await?;
    let refund = reply.parse()?;
    let started = started_refund(refund).map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(started))
}
