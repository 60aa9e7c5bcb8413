use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::{Page, Span};
use super::{Answer, Call, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let page = Page::take(params)?;
    let invoice = params.text("invoice")?;
    let status = params.text("status")?;
    let created = Span::take(params, "created")?;
    let mut intent = None;
    if let Some(mut payment) = params.object("payment")? {
        let kind = payment
            .text("type")?
            .ok_or_else(|| ApiError::missing_param("payment[type]"))?;
        intent = payment.text("payment_intent")?;
        if kind == "payment_intent" && intent.is_none() {
            return Err(ApiError::missing_param("payment[payment_intent]"));
        }
        payment.finish()?;
    }
    call.params.finish()?;
    page.of(
        &cx.state.invoice_payments,
        "/v1/invoice_payments",
        |payment| {
            invoice.as_ref().is_none_or(|invoice| payment.invoice == *invoice)
                && intent
                    .as_ref()
                    .is_none_or(|intent| payment.payment_intent == *intent)
                && status
                    .as_deref()
                    .is_none_or(|status| payment.status.word() == status)
                && created.holds(payment.created)
        },
        |payment| payment.render(cx.state.livemode),
    )
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "invoice_payment")
}
