use jiff::Timestamp;

use super::super::super::clock::{days, plus};
use super::super::agenda::Due;
use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::{Page, Span};
use super::super::objects::{
    Cancellation, Metadata, PauseCollection, PauseReason, SubscriptionStatus, TrialEndBehaviour,
};
use super::super::params::{Params, Update};
use super::super::search::Search;
use super::super::subscribing::{FirstPayment, ItemChange, NewSubscription, Proration, refuse_if_ended};
use super::{Answer, Call, payment_methods, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let page = Page::take(params)?;
    let customer = params.text("customer")?;
    let price = params.text("price")?;
    let status = params.text("status")?;
    let created = Span::take(params, "created")?;
    let period_end = Span::take(params, "current_period_end")?;
    let period_start = Span::take(params, "current_period_start")?;
    let by_invoice = params
        .text("collection_method")?
        .is_some_and(|method| method == "send_invoice");
    params.ignore(&["automatic_tax", "test_clock", "plan", "customer_account"]);
    call.params.finish()?;
    let known = [
        "all",
        "ended",
        "active",
        "canceled",
        "incomplete",
        "incomplete_expired",
        "past_due",
        "paused",
        "trialing",
        "unpaid",
    ];
    if status.as_deref().is_some_and(|status| !known.contains(&status)) {
        return Err(ApiError::invalid_param(
            "status",
            format!("Invalid status: must be one of {}", known.join(", ")),
        ));
    }
    page.of(
        &cx.state.subscriptions,
        "/v1/subscriptions",
        |subscription| {
            !by_invoice
                && customer
                    .as_ref()
                    .is_none_or(|customer| subscription.customer == *customer)
                && price
                    .as_ref()
                    .is_none_or(|price| subscription.items.iter().any(|item| item.price == *price))
                && created.holds(subscription.created)
                && period_end.holds(subscription.period().end)
                && period_start.holds(subscription.period().start)
                && match status.as_deref() {
                    None => subscription.status != SubscriptionStatus::Canceled,
                    Some("all") => true,
                    Some("ended") => subscription.status.ended(),
                    Some(status) => subscription.status.word() == status,
                }
        },
        |subscription| cx.state.render_subscription(subscription),
    )
}

pub(super) fn search(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let search = Search::take(&mut call.params)?;
    call.params.finish()?;
    let all = cx
        .state
        .subscriptions
        .newest_first()
        .map(|subscription| cx.state.render_subscription(subscription));
    Ok(search.among(all, "/v1/subscriptions/search"))
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "subscription")
}

/// Ways of billing that do not exist here, or that change nothing.
const UNUSED: [&str; 9] = [
    "off_session",
    "payment_settings",
    "automatic_tax",
    "billing_mode",
    "invoice_settings",
    "discounts",
    "trial_from_plan",
    "default_tax_rates",
    "currency",
];

pub(super) fn create(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let customer = params.required("customer")?;
    let mut items = Vec::new();
    for mut item in params.objects("items")? {
        items.push((item.required("price")?, item.count("quantity")?.unwrap_or(1)));
        item.ignore(&["metadata"]);
        item.finish()?;
    }
    if items.is_empty() {
        return Err(ApiError::missing_param("items"));
    }
    let trial_days = params.count("trial_period_days")?;
    let trial_end = read_trial_end(params)?;
    let trial_end_behaviour = trial_settings(params)?.unwrap_or(TrialEndBehaviour::CreateInvoice);
    let metadata = params.metadata()?.fresh();
    let description = params.text("description")?;
    let method = params.text("default_payment_method")?;
    params.choice("collection_method", &[("charge_automatically", ())])?;
    let cancel_at_period_end = params.boolean("cancel_at_period_end")?.unwrap_or(false);
    let cancel_at = params.instant("cancel_at")?;
    let first_payment = params
        .choice(
            "payment_behavior",
            &[
                ("allow_incomplete", FirstPayment::Attempt),
                ("pending_if_incomplete", FirstPayment::Attempt),
                ("default_incomplete", FirstPayment::Wait),
                ("error_if_incomplete", FirstPayment::MustSucceed),
            ],
        )?
        .unwrap_or(FirstPayment::Attempt);
    params.choice(
        "proration_behavior",
        &[("create_prorations", ()), ("none", ()), ("always_invoice", ())],
    )?;
    params.ignore(&UNUSED);
    call.params.finish()?;

    cx.state.customer(&customer, "customer")?;
    let method = method
        .map(|token| payment_methods::usable(cx, &token, Some(&customer), "default_payment_method"))
        .transpose()?;
    let now = cx.now();
    let trial_end = match trial_end {
        TrialEnd::Keep => trial_days
            .filter(|count| *count > 0)
            .map(|count| plus(now, days(count))),
        TrialEnd::Now => None,
        TrialEnd::At(at) => Some(at),
    };
    let id = cx.subscribe(NewSubscription {
        customer,
        items,
        metadata,
        description,
        trial_end,
        trial_end_behaviour,
        default_payment_method: method,
        checkout_method: None,
        first_payment,
    })?;
    if cancel_at_period_end {
        cx.cancel_at_period_end(&id, true, Cancellation::default());
    } else if let Some(at) = cancel_at {
        cx.cancel_at(&id, Some(at), Cancellation::default());
    }
    rendered(cx, &id, "subscription")
}

#[derive(Clone, Copy, Debug)]
enum TrialEnd {
    Keep,
    Now,
    At(Timestamp),
}

fn read_trial_end(params: &mut Params) -> Result<TrialEnd, ApiError> {
    if params.clone().text("trial_end")?.as_deref() == Some("now") {
        params.ignore(&["trial_end"]);
        return Ok(TrialEnd::Now);
    }
    Ok(params.instant("trial_end")?.map_or(TrialEnd::Keep, TrialEnd::At))
}

pub(super) fn trial_settings(params: &mut Params) -> Result<Option<TrialEndBehaviour>, ApiError> {
    let Some(mut settings) = params.object("trial_settings")? else {
        return Ok(None);
    };
    let mut behaviour = None;
    if let Some(mut end) = settings.object("end_behavior")? {
        behaviour = end.choice(
            "missing_payment_method",
            &[
                ("create_invoice", TrialEndBehaviour::CreateInvoice),
                ("cancel", TrialEndBehaviour::Cancel),
                ("pause", TrialEndBehaviour::Pause),
            ],
        )?;
        end.finish()?;
    }
    settings.finish()?;
    Ok(behaviour)
}

pub(super) fn read_proration(params: &mut Params) -> Result<(Proration, Option<Timestamp>), ApiError> {
    let how = params.choice(
        "proration_behavior",
        &[
            ("create_prorations", Proration::NextInvoice),
            ("always_invoice", Proration::InvoiceNow),
            ("none", Proration::None),
        ],
    )?;
    Ok((
        how.unwrap_or(Proration::NextInvoice),
        params.instant("proration_date")?,
    ))
}

pub(super) fn read_item_changes(params: &mut Params) -> Result<Vec<ItemChange>, ApiError> {
    let mut changes = Vec::new();
    for mut item in params.objects("items")? {
        let id = item.text("id")?;
        let price = item.text("price")?;
        let quantity = item.count("quantity")?;
        let deleted = item.boolean("deleted")?.unwrap_or(false);
        let metadata: Metadata = item.metadata()?.fresh();
        item.ignore(&["clear_usage"]);
        let nothing_to_add = item.invalid("price", "You must pass a `price` for each new subscription item.");
        item.finish()?;
        changes.push(match (id, price) {
            (Some(item), _) if deleted => ItemChange::Remove { item },
            (Some(item), price) => {
                let metadata = (!metadata.is_empty()).then_some(metadata);
                ItemChange::Update {
                    item,
                    price,
                    quantity,
                    metadata,
                }
            }
            (None, Some(price)) => ItemChange::Add {
                price,
                quantity: quantity.unwrap_or(1),
                metadata,
            },
            (None, None) => return Err(nothing_to_add),
        });
    }
    Ok(changes)
}

fn read_details(params: &mut Params) -> Result<Cancellation, ApiError> {
    let Some(mut details) = params.object("cancellation_details")? else {
        return Ok(Cancellation::default());
    };
    let known = [
        "customer_service",
        "low_quality",
        "missing_features",
        "other",
        "switched_service",
        "too_complex",
        "too_expensive",
        "unused",
    ];
    let feedback = details.text("feedback")?;
    if feedback
        .as_deref()
        .is_some_and(|feedback| !known.contains(&feedback))
    {
        return Err(details.invalid(
            "feedback",
            format!("Invalid feedback: must be one of {}", known.join(", ")),
        ));
    }
    let cancellation = Cancellation {
        reason: None,
        feedback,
        comment: details.text("comment")?,
    };
    details.finish()?;
    Ok(cancellation)
}

fn read_pause_collection(params: &mut Params) -> Result<Update<PauseCollection>, ApiError> {
    Ok(match params.object_update("pause_collection")? {
        Update::Keep => Update::Keep,
        Update::Clear => Update::Clear,
        Update::Set(mut inner) => {
            let behavior = inner
                .choice(
                    "behavior",
                    &[
                        ("keep_as_draft", "keep_as_draft"),
                        ("mark_uncollectible", "mark_uncollectible"),
                        ("void", "void"),
                    ],
                )?
                .ok_or_else(|| ApiError::missing_param("pause_collection[behavior]"))?;
            let resumes_at = inner.instant("resumes_at")?;
            inner.finish()?;
            Update::Set(PauseCollection {
                behavior: behavior.to_owned(),
                resumes_at,
            })
        }
    })
}

pub(super) fn update(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let changes = read_item_changes(params)?;
    let (how, from) = read_proration(params)?;
    let flag = params.boolean("cancel_at_period_end")?;
    let at = params.update("cancel_at")?;
    if flag.is_some() && at != Update::Keep {
        let message = "You may only specify one of these parameters: cancel_at, cancel_at_period_end.";
        return Err(params.invalid("cancel_at", message));
    }
    let details = read_details(params)?;
    let pause_collection = read_pause_collection(params)?;
    let metadata = params.metadata()?;
    let description = params.update("description")?;
    let method = params.update("default_payment_method")?;
    let trial_end = read_trial_end(params)?;
    let behaviour = trial_settings(params)?;
    params.ignore(&UNUSED);
    params.ignore(&["payment_behavior", "billing_cycle_anchor"]);
    call.params.finish()?;

    let id = call.id;
    let subscription = cx.state.subscription(&id, "id")?.clone();
    let changes_more =
        !changes.is_empty() || flag.is_some() || at != Update::Keep || pause_collection != Update::Keep;
    if changes_more {
        refuse_if_ended(&subscription)?;
    }
    let cancel_at = match at {
        Update::Keep => Update::Keep,
        Update::Clear => Update::Clear,
        Update::Set(word) if word == "min_period_end" || word == "max_period_end" => {
            Update::Set(subscription.period().end)
        }
        Update::Set(text) => {
            let at = text
                .parse()
                .ok()
                .and_then(|seconds| Timestamp::from_second(seconds).ok());
            let at = at.ok_or_else(|| ApiError::invalid_integer("cancel_at", &text))?;
            if at <= cx.now() {
                return Err(ApiError::invalid_param(
                    "cancel_at",
                    "The `cancel_at` date must be in the future.",
                ));
            }
            Update::Set(at)
        }
    };
    let method = match method {
        Update::Set(token) => Update::Set(payment_methods::usable(
            cx,
            &token,
            Some(&subscription.customer),
            "default_payment_method",
        )?),
        other => other,
    };
    if !changes.is_empty() {
        cx.change_items(&id, changes, how, from)?;
    }
    if let Some(wanted) = flag {
        cx.cancel_at_period_end(&id, wanted, details);
    } else {
        match cancel_at {
            Update::Keep => {}
            Update::Clear => cx.cancel_at(&id, None, details),
            Update::Set(at) => cx.cancel_at(&id, Some(at), details),
        }
    }
    if let Update::Set(PauseCollection {
        resumes_at: Some(at), ..
    }) = &pause_collection
    {
        cx.schedule(
            *at,
            Some(&subscription.customer),
            Due::CollectionResumes {
                subscription: id.clone(),
            },
        );
    }
    let new_trial_end = match trial_end {
        TrialEnd::At(end) if subscription.status == SubscriptionStatus::Trialing => Some(end),
        TrialEnd::At(_) | TrialEnd::Keep | TrialEnd::Now => None,
    };
    cx.change_subscription(&id, |subscription| {
        pause_collection.apply(&mut subscription.pause_collection);
        metadata.apply(&mut subscription.metadata);
        description.apply(&mut subscription.description);
        method.apply(&mut subscription.default_payment_method);
        subscription.trial_end_behaviour = behaviour.unwrap_or(subscription.trial_end_behaviour);
        if let (Some(end), Some(trial)) = (new_trial_end, &mut subscription.trial) {
            trial.end = end;
            subscription.anchor = end;
            for item in &mut subscription.items {
                item.period.end = end;
            }
        }
    });
    if let Some(end) = new_trial_end {
        cx.schedule(
            end,
            Some(&subscription.customer),
            Due::PeriodEnd {
                subscription: id.clone(),
            },
        );
    }
    if matches!(trial_end, TrialEnd::Now) && subscription.status == SubscriptionStatus::Trialing {
        cx.end_trial(&id);
    }
    rendered(cx, &id, "subscription")
}

pub(super) fn cancel(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let details = read_details(&mut call.params)?;
    let prorate = call.params.boolean("prorate")?.unwrap_or(false);
    let invoice_now = call.params.boolean("invoice_now")?.unwrap_or(false);
    call.params.finish()?;
    let subscription = cx.state.subscription(&call.id, "id")?.clone();
    if subscription.status.ended() {
        return Err(ApiError::no_such("subscription", &call.id, "id"));
    }
    if let Some(subscription) = cx.state.subscriptions.get_mut(&call.id) {
        subscription.cancellation = details;
    }
    if prorate {
        let credits = cx.prorations(&subscription.items, &[], subscription.period(), cx.now(), true);
        if let Some(subscription) = cx.state.subscriptions.get_mut(&call.id) {
            subscription.pending_lines.extend(credits);
        }
    }
    if invoice_now {
        cx.bill_now(&call.id, Vec::new());
    }
    cx.end_subscription(&call.id, Some("cancellation_requested"));
    rendered(cx, &call.id, "subscription")
}

pub(super) fn pause(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    call.params
        .choice("type", &[("subscription", ())])?
        .ok_or_else(|| ApiError::missing_param("type"))?;
    call.params.ignore(&["bill_for", "invoicing_behavior"]);
    call.params.finish()?;
    let subscription = cx.state.subscription(&call.id, "id")?;
    refuse_if_ended(subscription)?;
    if matches!(
        subscription.status,
        SubscriptionStatus::Incomplete | SubscriptionStatus::Paused
    ) {
        let message = format!(
            "A subscription that is {} cannot be paused.",
            subscription.status.word()
        );
        return Err(ApiError::not_now(message));
    }
    cx.pause(&call.id, PauseReason::PauseRequested);
    rendered(cx, &call.id, "subscription")
}

pub(super) fn resume(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let mut new_cycle = true;
    if let Some(mut anchor) = call.params.object("billing_cycle_anchor")? {
        new_cycle = anchor
            .choice("type", &[("now", true), ("unchanged", false)])?
            .unwrap_or(true);
        anchor.finish()?;
    }
    read_proration(&mut call.params)?;
    call.params.ignore(&["payment_behavior"]);
    call.params.finish()?;
    cx.resume(&call.id, new_cycle)?;
    rendered(cx, &call.id, "subscription")
}
