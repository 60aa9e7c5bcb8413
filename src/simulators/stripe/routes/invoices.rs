use super::super::billing::Bill;
use super::super::calendar::period_at;
use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::{Page, Span};
use super::super::objects::{BillingReason, InvoiceStatus, Period};
use super::super::paying::Unpaid;
use super::super::search::Search;
use super::super::subscribing::Proration;
use super::subscriptions::{read_item_changes, read_proration};
use super::{Answer, Call, payment_methods, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let page = Page::take(params)?;
    let customer = params.text("customer")?;
    let subscription = params.text("subscription")?;
    let status = params.choice(
        "status",
        &[
            ("draft", InvoiceStatus::Draft),
            ("open", InvoiceStatus::Open),
            ("paid", InvoiceStatus::Paid),
            ("void", InvoiceStatus::Void),
            ("uncollectible", InvoiceStatus::Uncollectible),
        ],
    )?;
    let by_invoice = params
        .text("collection_method")?
        .is_some_and(|method| method == "send_invoice");
    let created = Span::take(params, "created")?;
    call.params.finish()?;
    page.of(
        &cx.state.invoices,
        "/v1/invoices",
        |invoice| {
            !by_invoice
                && customer
                    .as_ref()
                    .is_none_or(|customer| invoice.customer == *customer)
                && subscription
                    .as_ref()
                    .is_none_or(|subscription| invoice.subscription == *subscription)
                && status.is_none_or(|status| invoice.status == status)
                && created.holds(invoice.created)
        },
        |invoice| invoice.render(cx.state.livemode),
    )
}

pub(super) fn search(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let search = Search::take(&mut call.params)?;
    call.params.finish()?;
    let all = cx
        .state
        .invoices
        .newest_first()
        .map(|invoice| invoice.render(cx.state.livemode));
    Ok(search.among(all, "/v1/invoices/search"))
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "invoice")
}

pub(super) fn lines(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    call.params.finish()?;
    let invoice = cx.state.invoice(&call.id, "id")?;
    Ok(page.of_values(invoice.render_lines(cx.state.livemode), &invoice.lines_url()))
}

fn require(cx: &Cx<'_>, id: &str, allowed: &[InvoiceStatus], verb: &str) -> Result<(), ApiError> {
    let invoice = cx.state.invoice(id, "id")?;
    if allowed.contains(&invoice.status) {
        return Ok(());
    }
    Err(ApiError::not_now(format!("This invoice can no longer be {verb}.")).with_code("invoice_not_editable"))
}

pub(super) fn finalize(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    call.params.ignore(&["auto_advance"]);
    call.params.finish()?;
    require(cx, &call.id, &[InvoiceStatus::Draft], "finalized")?;
    cx.finalize(&call.id);
    rendered(cx, &call.id, "invoice")
}

pub(super) fn pay(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let method = call.params.text("payment_method")?;
    call.params
        .ignore(&["off_session", "forgive", "mandate", "paid_out_of_band"]);
    call.params.finish()?;
    require(
        cx,
        &call.id,
        &[
            InvoiceStatus::Draft,
            InvoiceStatus::Open,
            InvoiceStatus::Uncollectible,
        ],
        "paid",
    )?;
    let invoice = cx.state.invoice(&call.id, "id")?.clone();
    let method = method
        .map(|token| payment_methods::usable(cx, &token, Some(&invoice.customer), "payment_method"))
        .transpose()?;
    if invoice.status == InvoiceStatus::Draft {
        cx.finalize(&call.id);
    }
    match cx.collect(&call.id, method.as_deref(), false) {
        Ok(()) => rendered(cx, &call.id, "invoice"),
        Err(Unpaid::NoPaymentMethod) => Err(ApiError::not_now(
            "There is no `default_payment_method` set on this Customer or Invoice.",
        )),
        Err(Unpaid::Declined { decline, charge }) => Err(ApiError::declined(&decline, Some(&charge), None)),
    }
}

pub(super) fn void(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    require(
        cx,
        &call.id,
        &[InvoiceStatus::Open, InvoiceStatus::Uncollectible],
        "voided",
    )?;
    cx.void(&call.id);
    rendered(cx, &call.id, "invoice")
}

pub(super) fn mark_uncollectible(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    require(cx, &call.id, &[InvoiceStatus::Open], "marked uncollectible")?;
    cx.mark_uncollectible(&call.id);
    rendered(cx, &call.id, "invoice")
}

/// The next invoice of a subscription, as it would be after the given changes. Nothing is kept.
pub(super) fn preview(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let customer = params.text("customer")?;
    let id = params.required("subscription")?;
    let (mut changes, mut how, mut from) = (Vec::new(), Proration::NextInvoice, None);
    if let Some(mut details) = params.object("subscription_details")? {
        changes = read_item_changes(&mut details)?;
        (how, from) = read_proration(&mut details)?;
        details.ignore(&["billing_cycle_anchor", "cancel_at_period_end", "trial_end"]);
        details.finish()?;
    }
    params.ignore(&["automatic_tax", "preview_mode", "discounts"]);
    call.params.finish()?;
    let subscription = cx.state.subscription(&id, "subscription")?.clone();
    if customer.is_some_and(|customer| customer != subscription.customer) {
        return Err(ApiError::not_now(
            "The subscription does not belong to the customer.",
        ));
    }
    super::super::subscribing::refuse_if_ended(&subscription)?;
    let period = subscription.period();
    let after = cx.changed_items(&subscription, changes)?;
    let at = from.unwrap_or_else(|| cx.now()).clamp(period.start, period.end);
    let credits = match how {
        Proration::None => Vec::new(),
        Proration::NextInvoice | Proration::InvoiceNow => {
            cx.prorations(&subscription.items, &after, period, at, false)
        }
    };
    let first = after.first().map(|item| item.price.clone()).unwrap_or_default();
    let recurring = cx
        .state
        .price(&first, "subscription_details[items][0][price]")?
        .recurring;
    let next = recurring.map_or(period, |recurring| {
        period_at(subscription.anchor, recurring, period.end)
    });
    let mut items = after;
    for item in &mut items {
        item.period = next;
    }
    let (items, reason): (_, BillingReason) = match how {
        Proration::InvoiceNow => (Vec::new(), BillingReason::SubscriptionUpdate),
        Proration::NextInvoice | Proration::None => (items, BillingReason::Upcoming),
    };
    let kept = subscription.pending_lines.clone();
    if let Some(subscription) = cx.state.subscriptions.get_mut(&id) {
        subscription.pending_lines.extend(credits);
    }
    let bill = Bill {
        reason,
        period: Period {
            start: period.start,
            end: period.end,
        },
        items,
        free: false,
        with_pending: true,
    };
    let composed = cx.composed(&id, &bill);
    if let Some(subscription) = cx.state.subscriptions.get_mut(&id) {
        subscription.pending_lines = kept;
    }
    let mut invoice = composed.ok_or_else(|| ApiError::not_now("There is nothing to preview."))?;
    invoice.id = format!("upcoming_{}", invoice.id);
    invoice.starting_balance = cx.state.customer(&invoice.customer, "customer")?.balance;
    Ok(invoice.render(cx.state.livemode))
}
