use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::{Page, Span};
use super::super::objects::Refund;
use super::{Answer, Call, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let charge = call.params.text("charge")?;
    let intent = call.params.text("payment_intent")?;
    let created = Span::take(&mut call.params, "created")?;
    call.params.finish()?;
    page.of(
        &cx.state.refunds,
        "/v1/refunds",
        |refund| {
            created.holds(refund.created)
                && charge.as_ref().is_none_or(|charge| refund.charge == *charge)
                && intent
                    .as_ref()
                    .is_none_or(|intent| refund.payment_intent == *intent)
        },
        Refund::render,
    )
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "refund")
}

pub(super) fn create(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let charge = params.text("charge")?;
    let intent = params.text("payment_intent")?;
    let amount = params.integer("amount")?;
    let reason = params.choice(
        "reason",
        &[
            ("duplicate", "duplicate"),
            ("fraudulent", "fraudulent"),
            ("requested_by_customer", "requested_by_customer"),
        ],
    )?;
    let metadata = params.metadata()?.fresh();
    call.params.finish()?;
    let charge = match (charge, intent) {
        (Some(charge), _) => charge,
        (None, Some(intent)) => {
            let found = cx.state.payment_intent(&intent, "payment_intent")?;
            found.latest_charge.clone().ok_or_else(|| {
                ApiError::not_now(format!(
                    "This PaymentIntent ({intent}) does not have a successful charge to refund."
                ))
            })?
        }
        (None, None) => return Err(ApiError::missing_param("payment_intent")),
    };
    let id = cx.refund(&charge, amount, reason.map(str::to_owned), metadata)?;
    rendered(cx, &id, "refund")
}
