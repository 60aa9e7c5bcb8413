use serde_json::json;

use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::Page;
use super::super::subscribing::ItemChange;
use super::subscriptions::read_proration;
use super::{Answer, Call, rendered};

const KIND: &str = "subscription item";

/// The subscription that an item belongs to.
fn owner(cx: &Cx<'_>, item: &str) -> Result<String, ApiError> {
    let mut all = cx.state.subscriptions.newest_first();
    let found = all.find(|subscription| subscription.items.iter().any(|own| own.id == item));
    found
        .map(|subscription| subscription.id.clone())
        .ok_or_else(|| ApiError::no_such(KIND, item, "id"))
}

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let id = call.params.required("subscription")?;
    call.params.finish()?;
    let subscription = cx.state.subscription(&id, "subscription")?;
    let items = subscription
        .items
        .iter()
        .map(|item| item.render(&id, &cx.state.prices, cx.state.livemode));
    Ok(page.of_values(
        items.collect(),
        &format!("/v1/subscription_items?subscription={id}"),
    ))
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, KIND)
}

pub(super) fn create(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let subscription = call.params.required("subscription")?;
    let price = call.params.required("price")?;
    let quantity = call.params.count("quantity")?.unwrap_or(1);
    let metadata = call.params.metadata()?.fresh();
    let (how, from) = read_proration(&mut call.params)?;
    call.params.ignore(&["payment_behavior"]);
    call.params.finish()?;
    cx.state.subscription(&subscription, "subscription")?;
    cx.change_items(
        &subscription,
        vec![ItemChange::Add {
            price,
            quantity,
            metadata,
        }],
        how,
        from,
    )?;
    let added = cx
        .state
        .subscription(&subscription, "subscription")?
        .items
        .last()
        .map(|item| item.id.clone());
    rendered(cx, &added.unwrap_or_default(), KIND)
}

pub(super) fn update(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let price = call.params.text("price")?;
    let quantity = call.params.count("quantity")?;
    let metadata = call.params.metadata()?.fresh();
    let (how, from) = read_proration(&mut call.params)?;
    call.params.ignore(&["payment_behavior", "off_session"]);
    call.params.finish()?;
    let subscription = owner(cx, &call.id)?;
    let metadata = (!metadata.is_empty()).then_some(metadata);
    let change = ItemChange::Update {
        item: call.id.clone(),
        price,
        quantity,
        metadata,
    };
    cx.change_items(&subscription, vec![change], how, from)?;
    rendered(cx, &call.id, KIND)
}

pub(super) fn delete(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let (how, from) = read_proration(&mut call.params)?;
    call.params.ignore(&["clear_usage", "payment_behavior"]);
    call.params.finish()?;
    let subscription = owner(cx, &call.id)?;
    cx.change_items(
        &subscription,
        vec![ItemChange::Remove {
            item: call.id.clone(),
        }],
        how,
        from,
    )?;
    Ok(json!({ "id": call.id, "object": "subscription_item", "deleted": true }))
}
