//! Giving money back.

use std::collections::BTreeMap;

use super::{
    super::{
        client::{Client, Request, post, refuse, segment},
        interpret::{labels, parse, started_refund},
        wire::{
            forms::RefundForm,
            money::{Order, Refund},
        },
    },
    KEY_METADATA_KEY, pages,
};
use crate::{
    domain::money::Currency,
    providers::{Answer, NewRefund, ProviderError, StartedRefund},
};

/// What Polar is told where nobody gave a reason: it wants one.
const NO_REASON: &str = "other";

/// Polar has no idempotency key: what an earlier call with this key has given back is looked for first.
pub(super) async fn create(
    client: &Client,
    new: &NewRefund,
    key: &str,
) -> Result<Answer<StartedRefund>, ProviderError> {
    let of_order = Request::get("/v1/refunds/").query("order_id", new.payment.as_str());
    let earlier = pages::one(client, of_order, 1).await?;
    for json in pages::items(&earlier)? {
        let mut refund: Refund = parse(json.get()).map_err(|flaw| earlier.flawed(flaw))?;
        let metadata = labels(refund.metadata.take());
        if metadata.get(KEY_METADATA_KEY).map(String::as_str) == Some(key) {
            let started = started_refund(refund).map_err(|flaw| earlier.flawed(flaw))?;
            return Ok(earlier.answer(started));
        }
    }
    let path = format!("/v1/orders/{}", segment(new.payment.as_str()));
    let order: Order = client.send(Request::get(path)).await?.parse()?;
    let form = RefundForm {
        order_id: new.payment.to_string(),
        reason: new.reason.clone().unwrap_or_else(|| NO_REASON.to_owned()),
        amount: without_tax(&order, new)?,
        metadata: BTreeMap::from([(KEY_METADATA_KEY, key.to_owned())]),
    };
    let reply = client.send(post("/v1/refunds/", &form)?).await?;
    let started = started_refund(reply.parse()?).map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(started))
}

/// Polar is told the amount before the tax that goes back with it, in the same proportion.
fn without_tax(order: &Order, new: &NewRefund) -> Result<i64, ProviderError> {
    let refused = |code, message: &str| refuse("/v1/refunds/", code, message.to_owned());
    let (Some(net), tax) = (order.refundable_amount, order.refundable_tax_amount.unwrap_or(0)) else {
        return Err(refused(
            "not_refundable",
            "Polar does not say how much of the order can be given back",
        ));
    };
    let Some(wanted) = new.amount else {
        return Ok(net);
    };
    let currency: Option<Currency> = order.currency.parse().ok();
    if currency != Some(wanted.currency) {
        return Err(refused(
            "currency_mismatch",
            "the order was paid in another currency than the refund names",
        ));
    }
    let gross = i128::from(net) + i128::from(tax);
    if gross <= 0 || i128::from(wanted.minor) > gross || wanted.minor <= 0 {
        return Err(refused(
            "amount_not_refundable",
            "the amount is not above nothing, or more than what is left to give back",
        ));
    }
    // To the nearest: half of the whole is added before it is cut.
    let share = (i128::from(wanted.minor) * i128::from(net) * 2 + gross) / (gross * 2);
    i64::try_from(share.max(1)).map_err(|_| refused("amount_not_refundable", "the amount is too large"))
}
