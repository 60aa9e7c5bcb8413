use serde_json::Value;

use super::super::checking_out::Particulars;
use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::{Page, Span};
use super::super::params::{Params, Update};
use super::super::search::Search;
use super::{Answer, Call, rendered};

const URL: &str = "/v1/customers";

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let email = call.params.text("email")?;
    let created = Span::take(&mut call.params, "created")?;
    call.params.finish()?;
    page.of(
        &cx.state.customers,
        URL,
        |customer| {
            !customer.deleted
                && created.holds(customer.created)
                && email
                    .as_ref()
                    .is_none_or(|email| customer.email.as_ref() == Some(email))
        },
        |customer| customer.render(cx.state.livemode),
    )
}

pub(super) fn search(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let search = Search::take(&mut call.params)?;
    call.params.finish()?;
    let live = cx
        .state
        .customers
        .newest_first()
        .filter(|customer| !customer.deleted);
    Ok(search.among(
        live.map(|customer| customer.render(cx.state.livemode)),
        "/v1/customers/search",
    ))
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "customer")
}

/// Fields that the API takes and that nothing here depends on.
const UNUSED: [&str; 8] = [
    "tax_exempt",
    "tax",
    "tax_id_data",
    "shipping",
    "validate",
    "cash_balance",
    "invoice_prefix",
    "next_invoice_sequence",
];

pub(super) fn create(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let particulars = Particulars {
        email: params.text("email")?,
        name: params.text("name")?,
        phone: params.text("phone")?,
        description: params.text("description")?,
        address: params.address("address")?.set(),
        metadata: params.metadata()?.fresh(),
        preferred_locales: params.texts("preferred_locales")?,
    };
    let method = params.text("payment_method")?;
    let balance = params.integer("balance")?.unwrap_or(0);
    let default_method = invoice_settings(params)?;
    params.ignore(&UNUSED);
    call.params.finish()?;
    refuse_bad_email(particulars.email.as_deref())?;
    let method = method
        .map(|token| super::payment_methods::usable(cx, &token, None, "payment_method"))
        .transpose()?;
    let id = cx.new_customer(particulars);
    if let Some(method) = &method {
        super::payment_methods::give_to(cx, method, &id);
    }
    if let Some(customer) = cx.state.customers.get_mut(&id) {
        customer.balance = balance;
        if let Update::Set(wanted) = default_method {
            customer.default_payment_method = Some(method.unwrap_or(wanted));
        }
    }
    rendered(cx, &id, "customer")
}

pub(super) fn update(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let email = params.update("email")?;
    let name = params.update("name")?;
    let phone = params.update("phone")?;
    let description = params.update("description")?;
    let address = params.address("address")?;
    let metadata = params.metadata()?;
    let balance = params.integer("balance")?;
    let default_method = invoice_settings(params)?;
    params.ignore(&UNUSED);
    call.params.finish()?;
    if let Update::Set(email) = &email {
        refuse_bad_email(Some(email))?;
    }
    cx.state.customer(&call.id, "id")?;
    let default_method = match default_method {
        Update::Set(token) => {
            let param = "invoice_settings[default_payment_method]";
            Update::Set(super::payment_methods::usable(cx, &token, Some(&call.id), param)?)
        }
        other => other,
    };
    cx.change_customer(&call.id, |customer| {
        email.apply(&mut customer.email);
        name.apply(&mut customer.name);
        phone.apply(&mut customer.phone);
        description.apply(&mut customer.description);
        address.apply(&mut customer.address);
        metadata.apply(&mut customer.metadata);
        default_method.apply(&mut customer.default_payment_method);
        customer.balance = balance.unwrap_or(customer.balance);
    });
    rendered(cx, &call.id, "customer")
}

/// Ends the customer's subscriptions at once.
pub(super) fn delete(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    cx.delete_customer(&call.id)?;
    rendered(cx, &call.id, "customer")
}

fn invoice_settings(params: &mut Params) -> Result<Update<String>, ApiError> {
    let Some(mut settings) = params.object("invoice_settings")? else {
        return Ok(Update::Keep);
    };
    let method = settings.update("default_payment_method")?;
    settings.ignore(&["custom_fields", "footer", "rendering_options"]);
    settings.finish()?;
    Ok(method)
}

fn refuse_bad_email(email: Option<&str>) -> Result<(), ApiError> {
    match email {
        Some(email) if !email.contains('@') || email.len() > 512 => Err(ApiError::invalid_param(
            "email",
            format!("Invalid email address: {email}"),
        )
        .with_code("email_invalid")),
        _ => Ok(()),
    }
}

impl Cx<'_> {
    /// Ends everything that the customer has and keeps the object as deleted.
    pub(crate) fn delete_customer(&mut self, id: &str) -> Result<(), ApiError> {
        self.state.customer(id, "id")?;
        let own = self
            .state
            .subscriptions
            .newest_first()
            .filter(|subscription| subscription.customer == id);
        let live: Vec<String> = own
            .filter(|own| !own.status.ended())
            .map(|subscription| subscription.id.clone())
            .collect();
        for subscription in live {
            self.end_subscription(&subscription, Some("cancellation_requested"));
        }
        let Some(customer) = self.state.customers.get_mut(id) else {
            return Ok(());
        };
        let last: Value = customer.render(self.state.livemode);
        customer.deleted = true;
        self.emit("customer.deleted", last);
        Ok(())
    }
}
