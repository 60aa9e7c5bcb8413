use super::super::cx::Cx;
use super::super::listing::{Page, Span};
use super::super::search::Search;
use super::{Answer, Call, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let customer = call.params.text("customer")?;
    let intent = call.params.text("payment_intent")?;
    let created = Span::take(&mut call.params, "created")?;
    call.params.finish()?;
    page.of(
        &cx.state.charges,
        "/v1/charges",
        |charge| {
            created.holds(charge.created)
                && (customer.is_none() || charge.customer == customer)
                && intent
                    .as_ref()
                    .is_none_or(|intent| charge.payment_intent == *intent)
        },
        |charge| charge.render(cx.state.livemode),
    )
}

pub(super) fn search(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let search = Search::take(&mut call.params)?;
    call.params.finish()?;
    let all = cx
        .state
        .charges
        .newest_first()
        .map(|charge| charge.render(cx.state.livemode));
    Ok(search.among(all, "/v1/charges/search"))
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "charge")
}
