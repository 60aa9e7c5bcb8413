use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::Page;
use super::super::objects::{Card, Decline};
use super::super::params::Update;
use super::{Answer, Call, rendered};

/// Cards that Stripe's test mode knows by name.
fn test_card(token: &str) -> Option<Card> {
    let brand = |brand: &str, last4: &str| Card {
        brand: brand.to_owned(),
        last4: last4.to_owned(),
        ..Card::default()
    };
    Some(match token {
        "pm_card_visa" => Card::default(),
        "pm_card_mastercard" => brand("mastercard", "4444"),
        "pm_card_amex" => brand("amex", "8431"),
        "pm_card_mx" => Card::default().issued_in("MX"),
        "pm_card_chargeCustomerFail" | "pm_card_visa_chargeDeclined" => Card::refused(Decline::default()),
        "pm_card_visa_chargeDeclinedInsufficientFunds" => Card::refused(Decline::new("insufficient_funds")),
        "pm_card_chargeDeclinedExpiredCard" => Card::refused(Decline::new("expired_card")),
        _ => return None,
    })
}

/// A payment method that this customer may use, made now if the id is one of test mode's cards.
pub(super) fn usable(
    cx: &mut Cx<'_>,
    token: &str,
    customer: Option<&str>,
    param: &str,
) -> Result<String, ApiError> {
    if let Some(card) = test_card(token) {
        return Ok(cx.new_card(card, customer, None));
    }
    let method = cx.state.payment_methods.get(token);
    let method = method.ok_or_else(|| ApiError::no_such("PaymentMethod", token, param))?;
    match (&method.customer, customer) {
        (Some(owner), Some(customer)) if owner != customer => Err(ApiError::not_now(
            "The payment method does not belong to the customer you supplied.",
        )),
        _ => Ok(token.to_owned()),
    }
}

/// Attaches it, and tells so.
pub(super) fn give_to(cx: &mut Cx<'_>, method_id: &str, customer: &str) {
    let Some(method) = cx.state.payment_methods.get_mut(method_id) else {
        return;
    };
    if method.customer.as_deref() == Some(customer) {
        return;
    }
    method.customer = Some(customer.to_owned());
    let object = method.render(cx.state.livemode);
    cx.emit("payment_method.attached", object);
}

pub(super) fn of_customer(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let kind = call.params.text("type")?;
    call.params.ignore(&["allow_redisplay"]);
    call.params.finish()?;
    cx.state.customer(&call.id, "id")?;
    let url = format!("/v1/customers/{}/payment_methods", call.id);
    page.of(
        &cx.state.payment_methods,
        &url,
        |method| {
            method.customer.as_deref() == Some(&*call.id) && kind.as_deref().is_none_or(|kind| kind == "card")
        },
        |method| method.render(cx.state.livemode),
    )
}

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let customer = call.params.required("customer")?;
    let kind = call.params.text("type")?;
    call.params.finish()?;
    page.of(
        &cx.state.payment_methods,
        "/v1/payment_methods",
        |method| {
            method.customer.as_deref() == Some(&*customer)
                && kind.as_deref().is_none_or(|kind| kind == "card")
        },
        |method| method.render(cx.state.livemode),
    )
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "PaymentMethod")
}

pub(super) fn attach(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let customer = call.params.required("customer")?;
    call.params.finish()?;
    cx.state.customer(&customer, "customer")?;
    let id = usable(cx, &call.id, Some(&customer), "id")?;
    give_to(cx, &id, &customer);
    rendered(cx, &id, "PaymentMethod")
}

/// The card goes; nothing can be charged to it any more.
pub(super) fn detach(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    let missing = || ApiError::no_such("PaymentMethod", &call.id, "id");
    let method = cx.state.payment_methods.get_mut(&call.id).ok_or_else(missing)?;
    let Some(customer) = method.customer.clone() else {
        return Err(ApiError::not_now(
            "The payment method you provided is not attached to a customer.",
        ));
    };
    let before = method.render(cx.state.livemode);
    method.customer = None;
    let after = method.render(cx.state.livemode);
    cx.emit_change("payment_method.detached", &before, after.clone());
    let cleared: Update<String> = Update::Clear;
    cx.change_customer(&customer, |customer| {
        if customer.default_payment_method.as_deref() == Some(&*call.id) {
            cleared.apply(&mut customer.default_payment_method);
        }
    });
    let own = cx
        .state
        .subscriptions
        .newest_first()
        .filter(|subscription| subscription.customer == customer);
    let charged: Vec<String> = own
        .filter(|subscription| subscription.default_payment_method.as_deref() == Some(&*call.id))
        .map(|subscription| subscription.id.clone())
        .collect();
    for subscription in charged {
        cx.change_subscription(&subscription, |subscription| {
            subscription.default_payment_method = None;
        });
    }
    Ok(after)
}
