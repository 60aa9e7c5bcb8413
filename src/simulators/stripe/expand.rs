//! `expand[]`: an id in the answer is replaced by its object, and fields that stand only when asked for are added.

use serde_json::{Value, json};

use super::error::ApiError;
use super::objects::nested_list;
use super::state::State;

/// The API expands at most four levels deep.
const DEEPEST: usize = 4;

pub(crate) fn check(paths: &[String]) -> Result<(), ApiError> {
    match paths
        .iter()
        .find(|path| path.split('.').filter(|part| *part != "data").count() > DEEPEST)
    {
        None => Ok(()),
        Some(path) => {
            let message = format!("You cannot expand more than {DEEPEST} levels of a property. Path: {path}");
            Err(ApiError::invalid_param("expand", message))
        }
    }
}

pub(crate) fn expand(answer: &mut Value, paths: &[String], state: &State) -> Result<(), ApiError> {
    for path in paths {
        let parts: Vec<&str> = path.split('.').collect();
        if !walk(answer, &parts, state) {
            let message = format!("This property cannot be expanded ({path}).");
            return Err(ApiError::invalid_param("expand", message));
        }
    }
    Ok(())
}

/// False when nothing of that name can be expanded.
fn walk(value: &mut Value, parts: &[&str], state: &State) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return true;
    };
    match value {
        Value::Array(elements) => elements.iter_mut().all(|element| walk(element, parts, state)),
        Value::Object(_) => {
            if value.get(*part).is_none() {
                match included(value, part, state) {
                    Some(list) => value[*part] = list,
                    None => return false,
                }
            }
            let field = &mut value[*part];
            if let Value::String(id) = field {
                match state.render(id) {
                    Some(object) => *field = object,
                    None => return false,
                }
            }
            walk(field, rest, state)
        }
        // Null where an object could stand: there is nothing to expand, and that is no error.
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Fields that are only there when asked for.
fn included(object: &Value, field: &str, state: &State) -> Option<Value> {
    let id = object["id"].as_str()?;
    let kind = object["object"].as_str()?;
    match (kind, field) {
        ("customer", "subscriptions") => {
            let own = state
                .subscriptions
                .newest_first()
                .filter(|subscription| subscription.customer == id);
            let live = own.filter(|subscription| !subscription.status.ended());
            let data = live
                .map(|subscription| state.render_subscription(subscription))
                .collect();
            Some(nested_list(&format!("/v1/customers/{id}/subscriptions"), data))
        }
        ("customer", "sources") => Some(nested_list(&format!("/v1/customers/{id}/sources"), Vec::new())),
        ("customer", "tax_ids") => Some(nested_list(&format!("/v1/customers/{id}/tax_ids"), Vec::new())),
        ("checkout.session", "line_items") => {
            let session = state.sessions.get(id)?;
            Some(nested_list(
                &session.line_items_url(),
                state.render_session_items(session),
            ))
        }
        ("invoice", "payments") => {
            let own = state
                .invoice_payments
                .newest_first()
                .filter(|payment| payment.invoice == id);
            let data = own.map(|payment| payment.render(state.livemode)).collect();
            Some(nested_list(&format!("/v1/invoice_payments?invoice={id}"), data))
        }
        ("charge", "refunds") => {
            let own = state.refunds.newest_first().filter(|refund| refund.charge == id);
            let data = own.map(super::objects::Refund::render).collect();
            Some(nested_list(&format!("/v1/charges/{id}/refunds"), data))
        }
        ("subscription_item", "billed_until") => Some(json!(object["current_period_end"].as_i64()?)),
        _ => None,
    }
}
