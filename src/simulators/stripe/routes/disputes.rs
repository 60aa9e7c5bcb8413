use super::super::cx::Cx;
use super::super::listing::{Page, Span};
use super::{Answer, Call, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let charge = call.params.text("charge")?;
    let intent = call.params.text("payment_intent")?;
    let created = Span::take(&mut call.params, "created")?;
    call.params.finish()?;
    page.of(
        &cx.state.disputes,
        "/v1/disputes",
        |dispute| {
            created.holds(dispute.created)
                && charge.as_ref().is_none_or(|charge| dispute.charge == *charge)
                && intent
                    .as_ref()
                    .is_none_or(|intent| dispute.payment_intent == *intent)
        },
        |dispute| dispute.render(cx.state.livemode),
    )
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "dispute")
}

/// Accepts the loss.
pub(super) fn close(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    cx.close_dispute(&call.id, false)?;
    rendered(cx, &call.id, "dispute")
}
