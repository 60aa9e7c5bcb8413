//! The hosted pages: checkout and billing portal, as plain forms.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::super::html::{escape, money, page, see_other};
use super::Room;
use super::checking_out::{Buyer, Payment};
use super::cx::{Cx, RequestInfo};
use super::error::ApiError;
use super::handle::Stripe;
use super::objects::{Cancellation, Card, CheckoutSession, Decline, Mode, SessionStatus, Subscription};

type Fields = HashMap<String, String>;

pub(crate) fn router(room: Arc<Room>) -> Router {
    Router::new()
        .route("/checkout/{id}", get(show_checkout))
        .route("/checkout/{id}/pay", post(pay))
        .route("/checkout/{id}/decline", post(decline))
        .route("/portal/{id}", get(show_portal))
        .route("/portal/{id}/cancel", post(portal_cancel))
        .route("/portal/{id}/resume", post(portal_resume))
        .with_state(room)
}

async fn show_checkout(Shared(room): Shared<Arc<Room>>, Path(id): Path<String>) -> Response {
    checkout(&room, &id, StatusCode::OK, None)
}

fn checkout(room: &Room, id: &str, status: StatusCode, alert: Option<&str>) -> Response {
    room.work(RequestInfo::default(), |cx| match cx.state.session(id) {
        Err(error) => page(StatusCode::NOT_FOUND, "Checkout", &alert_html(error.message())),
        Ok(session) => page(status, "Checkout", &checkout_html(cx, session, alert)),
    })
}

fn alert_html(message: &str) -> String {
    format!("<p role=\"alert\">{}</p>", escape(message))
}

fn checkout_html(cx: &Cx<'_>, session: &CheckoutSession, alert: Option<&str>) -> String {
    let mut html = alert.map(alert_html).unwrap_or_default();
    html.push_str("<ul>");
    for item in &session.items {
        if let Some(price) = cx.state.prices.get(&item.price) {
            let each = price
                .recurring
                .map(|recurring| format!(" per {}", recurring.word()))
                .unwrap_or_default();
            let line = format!(
                "{} × {}: {}{each}",
                item.quantity,
                cx.state.product_name(price),
                money(price.unit_amount.saturating_mul(item.quantity), &price.currency)
            );
            html.extend(["<li>", &escape(&line), "</li>"]);
        }
    }
    let due = escape(&money(session.amount, &session.currency));
    html.extend(["</ul><p>Due now: <strong>", &due, "</strong></p>"]);
    match session.status {
        SessionStatus::Complete => html.push_str("<p role=\"status\">This checkout is complete.</p>"),
        SessionStatus::Expired => html.push_str("<p role=\"status\">This checkout has expired.</p>"),
        SessionStatus::Open => html.push_str(&checkout_forms(cx, session)),
    }
    html
}

fn checkout_forms(cx: &Cx<'_>, session: &CheckoutSession) -> String {
    let customer = session
        .customer
        .as_ref()
        .and_then(|id| cx.state.customers.get(id));
    let email = customer
        .and_then(|customer| customer.email.clone())
        .or_else(|| session.customer_email.clone());
    let name = customer.and_then(|customer| customer.name.clone());
    let delayed = match session.mode {
        Mode::Subscription => "",
        Mode::Payment => {
            "<label>Payment arrives <select name=\"delayed\"><option value=\"\">at once</option>\
             <option value=\"arrives\">in two days</option><option value=\"fails\">never</option></select></label>"
        }
    };
    let back = session.cancel_url.as_deref().map_or_else(String::new, |url| {
        // Only web addresses become links: the address comes from the caller.
        let web = url.starts_with("https://") || url.starts_with("http://");
        if web {
            format!("<p><a href=\"{}\">Back to the shop</a></p>", escape(url))
        } else {
            String::new()
        }
    });
    format!(
        "<form method=\"post\" action=\"/checkout/{id}/pay\">\
         <label>E-mail <input name=\"email\" type=\"email\" autocomplete=\"off\" value=\"{email}\"></label>\
         <label>Name on the card <input name=\"name\" autocomplete=\"off\" value=\"{name}\"></label>\
         <label>Last four digits <input name=\"last4\" inputmode=\"numeric\" pattern=\"[0-9]{{4}}\" value=\"4242\"></label>\
         <label>Country of the card <input name=\"country\" pattern=\"[A-Z]{{2}}\" value=\"US\"></label>{delayed}\
         <button type=\"submit\">Pay</button></form>\
         <form method=\"post\" action=\"/checkout/{id}/decline\">\
         <label>Reason of the refusal <input name=\"decline_code\" value=\"insufficient_funds\"></label>\
         <button type=\"submit\">Pay with a card that is declined</button></form>{back}",
        id = escape(&session.id),
        email = escape(email.as_deref().unwrap_or_default()),
        name = escape(name.as_deref().unwrap_or_default()),
    )
}

fn take(fields: &mut Fields, name: &str) -> Option<String> {
    fields
        .remove(name)
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn buyer(mut fields: Fields, declined: bool) -> Buyer {
    let mut card = Card::default();
    if let Some(country) = take(&mut fields, "country") {
        card.country = country.to_uppercase();
    }
    if let Some(brand) = take(&mut fields, "brand") {
        card.brand = brand.to_lowercase();
    }
    let decline = take(&mut fields, "decline_code");
    if declined || decline.is_some() {
        let refused = Card::refused(decline.map_or_else(Decline::default, Decline::new));
        card = Card {
            country: card.country,
            brand: card.brand,
            ..refused
        };
    }
    if let Some(last4) = take(&mut fields, "last4") {
        card.last4 = last4.chars().filter(char::is_ascii_digit).take(4).collect();
    }
    let payment = match take(&mut fields, "delayed").as_deref() {
        Some("arrives") => Payment::Delayed { arrives: true },
        Some("fails") => Payment::Delayed { arrives: false },
        _ => Payment::Card(card),
    };
    Buyer {
        name: take(&mut fields, "name"),
        email: take(&mut fields, "email"),
        payment,
    }
}

async fn pay(
    Shared(room): Shared<Arc<Room>>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    submit(room, &id, buyer(fields, false))
}

async fn decline(
    Shared(room): Shared<Arc<Room>>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    submit(room, &id, buyer(fields, true))
}

fn submit(room: Arc<Room>, id: &str, buyer: Buyer) -> Response {
    let stripe = Stripe::new(room);
    match stripe.check_out(id, buyer) {
        Ok(address) => see_other(&address),
        Err(error) => checkout(&stripe.room, id, error.status, Some(error.message())),
    }
}

async fn show_portal(Shared(room): Shared<Arc<Room>>, Path(id): Path<String>) -> Response {
    portal(&room, &id, None)
}

fn portal(room: &Room, id: &str, alert: Option<&str>) -> Response {
    room.work(RequestInfo::default(), |cx| {
        let Some(session) = cx.state.portal_sessions.get(id) else {
            return page(
                StatusCode::NOT_FOUND,
                "Billing",
                &alert_html("There is no such portal session."),
            );
        };
        let mut html = alert.map(alert_html).unwrap_or_default();
        let own = cx
            .state
            .subscriptions
            .newest_first()
            .filter(|own| own.customer == session.customer);
        let mut any = false;
        for subscription in own {
            any = true;
            html.push_str(&subscription_html(cx, id, subscription));
        }
        if !any {
            html.push_str("<p>There is no subscription.</p>");
        }
        let web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
        if let Some(url) = session.return_url.as_ref().filter(web) {
            html.extend(["<p><a href=\"", &escape(url), "\">Return</a></p>"]);
        }
        page(StatusCode::OK, "Billing", &html)
    })
}

fn subscription_html(cx: &Cx<'_>, portal: &str, subscription: &Subscription) -> String {
    let names = subscription.items.iter().filter_map(|item| {
        let price = cx.state.prices.get(&item.price)?;
        Some(format!("{} × {}", item.quantity, cx.state.product_name(price)))
    });
    let title = names.collect::<Vec<_>>().join(", ");
    let (what, button) = match (subscription.status.ended(), subscription.ends_at()) {
        (true, _) => ("has ended".to_owned(), None),
        (false, Some(end)) => (
            format!("ends on {}", end.strftime("%-d %b %Y")),
            Some(("resume", "Keep the subscription")),
        ),
        (false, None) => (
            format!("renews on {}", subscription.period().end.strftime("%-d %b %Y")),
            Some(("cancel", "Cancel at the end of the period")),
        ),
    };
    let form = button.map_or_else(String::new, |(action, label)| {
        format!(
            "<form method=\"post\" action=\"/portal/{}/{action}\"><input type=\"hidden\" name=\"subscription\" value=\"{}\">\
             <button type=\"submit\">{label}</button></form>",
            escape(portal),
            escape(&subscription.id)
        )
    });
    format!(
        "<h2>{}</h2><p>{}, {}</p>{form}",
        escape(&title),
        subscription.status.word(),
        escape(&what)
    )
}

async fn portal_cancel(
    Shared(room): Shared<Arc<Room>>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    change_in_portal(&room, &id, &fields, |cx, subscription| {
        let details = Cancellation {
            reason: None,
            feedback: fields.get("feedback").cloned(),
            comment: None,
        };
        cx.cancel_at(&subscription.id, Some(subscription.period().end), details);
    })
}

async fn portal_resume(
    Shared(room): Shared<Arc<Room>>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    change_in_portal(&room, &id, &fields, |cx, subscription| {
        cx.keep_on(subscription);
    })
}

fn change_in_portal(
    room: &Room,
    portal_id: &str,
    fields: &Fields,
    change: impl FnOnce(&mut Cx<'_>, &Subscription),
) -> Response {
    let named = fields.get("subscription").map(String::as_str).unwrap_or_default();
    let request = RequestInfo {
        id: Some(room.request_id()),
        idempotency_key: None,
    };
    let outcome: Result<(), ApiError> = room.work(request, |cx| {
        let owner = cx
            .state
            .portal_sessions
            .get(portal_id)
            .map(|session| session.customer.clone());
        let subscription = cx.state.subscription(named, "id")?.clone();
        if owner.as_ref() != Some(&subscription.customer) || subscription.status.ended() {
            return Err(ApiError::no_such("subscription", named, "id"));
        }
        change(cx, &subscription);
        Ok(())
    });
    match outcome {
        Ok(()) => see_other(&format!("/portal/{portal_id}")),
        Err(error) => portal(room, portal_id, Some(error.message())),
    }
}
