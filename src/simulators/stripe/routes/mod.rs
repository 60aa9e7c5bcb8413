//! The endpoints, one file per resource: read the parameters, do it, write the object.
//!
//! An operation takes all its parameters before it changes anything, so that a refused call has no effect.

mod charges;
mod checkout_sessions;
mod customers;
mod disputes;
mod events;
mod invoice_payments;
mod invoices;
mod payment_intents;
mod payment_methods;
mod portal_sessions;
mod prices;
mod products;
mod refunds;
mod subscription_items;
mod subscriptions;
mod webhook_endpoints;

use axum::routing::MethodFilter;
use serde_json::Value;

use super::cx::Cx;
use super::error::ApiError;
use super::params::Params;

/// A call as an operation sees it.
pub(crate) struct Call {
    /// The `{id}` of the path; empty for paths without one.
    pub(crate) id: String,
    pub(crate) params: Params,
}

pub(crate) type Answer = Result<Value, ApiError>;
pub(crate) type Operation = fn(&mut Cx<'_>, Call) -> Answer;

/// Method, path and what it does.
pub(crate) fn all() -> Vec<(MethodFilter, &'static str, Operation)> {
    const GET: MethodFilter = MethodFilter::GET;
    const POST: MethodFilter = MethodFilter::POST;
    const DELETE: MethodFilter = MethodFilter::DELETE;
    vec![
        (GET, "/v1/customers", customers::list),
        (POST, "/v1/customers", customers::create),
        (GET, "/v1/customers/search", customers::search),
        (GET, "/v1/customers/{id}", customers::read),
        (POST, "/v1/customers/{id}", customers::update),
        (DELETE, "/v1/customers/{id}", customers::delete),
        (
            GET,
            "/v1/customers/{id}/payment_methods",
            payment_methods::of_customer,
        ),
        (GET, "/v1/payment_methods", payment_methods::list),
        (GET, "/v1/payment_methods/{id}", payment_methods::read),
        (POST, "/v1/payment_methods/{id}/attach", payment_methods::attach),
        (POST, "/v1/payment_methods/{id}/detach", payment_methods::detach),
        (GET, "/v1/products", products::list),
        (GET, "/v1/products/search", products::search),
        (GET, "/v1/products/{id}", products::read),
        (GET, "/v1/prices", prices::list),
        (GET, "/v1/prices/search", prices::search),
        (GET, "/v1/prices/{id}", prices::read),
        (GET, "/v1/checkout/sessions", checkout_sessions::list),
        (POST, "/v1/checkout/sessions", checkout_sessions::create),
        (GET, "/v1/checkout/sessions/{id}", checkout_sessions::read),
        (
            POST,
            "/v1/checkout/sessions/{id}/expire",
            checkout_sessions::expire,
        ),
        (
            GET,
            "/v1/checkout/sessions/{id}/line_items",
            checkout_sessions::line_items,
        ),
        (POST, "/v1/billing_portal/sessions", portal_sessions::create),
        (GET, "/v1/subscriptions", subscriptions::list),
        (POST, "/v1/subscriptions", subscriptions::create),
        (GET, "/v1/subscriptions/search", subscriptions::search),
        (GET, "/v1/subscriptions/{id}", subscriptions::read),
        (POST, "/v1/subscriptions/{id}", subscriptions::update),
        (DELETE, "/v1/subscriptions/{id}", subscriptions::cancel),
        (POST, "/v1/subscriptions/{id}/pause", subscriptions::pause),
        (POST, "/v1/subscriptions/{id}/resume", subscriptions::resume),
        (GET, "/v1/subscription_items", subscription_items::list),
        (POST, "/v1/subscription_items", subscription_items::create),
        (GET, "/v1/subscription_items/{id}", subscription_items::read),
        (POST, "/v1/subscription_items/{id}", subscription_items::update),
        (DELETE, "/v1/subscription_items/{id}", subscription_items::delete),
        (GET, "/v1/invoices", invoices::list),
        (GET, "/v1/invoices/search", invoices::search),
        (POST, "/v1/invoices/create_preview", invoices::preview),
        (GET, "/v1/invoices/{id}", invoices::read),
        (GET, "/v1/invoices/{id}/lines", invoices::lines),
        (POST, "/v1/invoices/{id}/finalize", invoices::finalize),
        (POST, "/v1/invoices/{id}/pay", invoices::pay),
        (POST, "/v1/invoices/{id}/void", invoices::void),
        (
            POST,
            "/v1/invoices/{id}/mark_uncollectible",
            invoices::mark_uncollectible,
        ),
        (GET, "/v1/invoice_payments", invoice_payments::list),
        (GET, "/v1/invoice_payments/{id}", invoice_payments::read),
        (GET, "/v1/payment_intents", payment_intents::list),
        (POST, "/v1/payment_intents", payment_intents::create),
        (GET, "/v1/payment_intents/search", payment_intents::search),
        (GET, "/v1/payment_intents/{id}", payment_intents::read),
        (POST, "/v1/payment_intents/{id}/confirm", payment_intents::confirm),
        (POST, "/v1/payment_intents/{id}/cancel", payment_intents::cancel),
        (GET, "/v1/charges", charges::list),
        (GET, "/v1/charges/search", charges::search),
        (GET, "/v1/charges/{id}", charges::read),
        (GET, "/v1/refunds", refunds::list),
        (POST, "/v1/refunds", refunds::create),
        (GET, "/v1/refunds/{id}", refunds::read),
        (GET, "/v1/disputes", disputes::list),
        (GET, "/v1/disputes/{id}", disputes::read),
        (POST, "/v1/disputes/{id}/close", disputes::close),
        (GET, "/v1/events", events::list),
        (GET, "/v1/events/{id}", events::read),
        (GET, "/v1/webhook_endpoints", webhook_endpoints::list),
        (POST, "/v1/webhook_endpoints", webhook_endpoints::create),
        (GET, "/v1/webhook_endpoints/{id}", webhook_endpoints::read),
        (POST, "/v1/webhook_endpoints/{id}", webhook_endpoints::update),
        (DELETE, "/v1/webhook_endpoints/{id}", webhook_endpoints::delete),
    ]
}

/// The object under this id, or the 404 that names its kind.
fn rendered(cx: &Cx<'_>, id: &str, kind: &str) -> Answer {
    cx.state
        .render(id)
        .ok_or_else(|| ApiError::no_such(kind, id, "id"))
}
