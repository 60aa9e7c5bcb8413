use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::{Page, Span};
use super::super::objects::PaymentIntentStatus;
use super::super::paying::{Ask, Unpaid};
use super::super::search::Search;
use super::{Answer, Call, payment_methods, rendered};

const KIND: &str = "payment_intent";

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    let customer = call.params.text("customer")?;
    let created = Span::take(&mut call.params, "created")?;
    call.params.finish()?;
    page.of(
        &cx.state.payment_intents,
        "/v1/payment_intents",
        |intent| created.holds(intent.created) && (customer.is_none() || intent.customer == customer),
        |intent| cx.state.render_payment_intent(intent),
    )
}

pub(super) fn search(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let search = Search::take(&mut call.params)?;
    call.params.finish()?;
    let all = cx
        .state
        .payment_intents
        .newest_first()
        .map(|intent| cx.state.render_payment_intent(intent));
    Ok(search.among(all, "/v1/payment_intents/search"))
}

pub(super) fn read(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    call.params.ignore(&["client_secret"]);
    call.params.finish()?;
    rendered(cx, &call.id, KIND)
}

/// How it is taken, which makes no difference here.
const UNUSED: [&str; 10] = [
    "automatic_payment_methods",
    "allowed_payment_method_types",
    "excluded_payment_method_types",
    "capture_method",
    "confirmation_method",
    "off_session",
    "setup_future_usage",
    "return_url",
    "statement_descriptor",
    "statement_descriptor_suffix",
];

pub(super) fn create(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let amount = params
        .count("amount")?
        .ok_or_else(|| ApiError::missing_param("amount"))?;
    if amount == 0 {
        return Err(params.invalid("amount", "This value must be greater than or equal to 1."));
    }
    let currency = params.required("currency")?.to_lowercase();
    let customer = params.text("customer")?;
    let method = params.text("payment_method")?;
    let confirm = params.boolean("confirm")?.unwrap_or(false);
    let ask = Ask {
        amount,
        currency,
        customer: customer.clone(),
        description: params.text("description")?,
        metadata: params.metadata()?.fresh(),
        invoice: None,
        receipt_email: params.text("receipt_email")?,
    };
    params.ignore(&UNUSED);
    call.params.finish()?;
    if let Some(customer) = &customer {
        cx.state.customer(customer, "customer")?;
    }
    let method = method
        .map(|token| payment_methods::usable(cx, &token, customer.as_deref(), "payment_method"))
        .transpose()?;
    let id = cx.new_payment_intent(ask);
    if let (Some(method), Some(intent)) = (&method, cx.state.payment_intents.get_mut(&id)) {
        intent.payment_method = Some(method.clone());
        intent.status = PaymentIntentStatus::RequiresConfirmation;
    }
    if confirm {
        pay(cx, &id, method.as_deref())?;
    }
    rendered(cx, &id, KIND)
}

pub(super) fn confirm(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let method = call.params.text("payment_method")?;
    call.params.ignore(&UNUSED);
    call.params.finish()?;
    let intent = cx.state.payment_intent(&call.id, "id")?.clone();
    match intent.status {
        PaymentIntentStatus::RequiresPaymentMethod | PaymentIntentStatus::RequiresConfirmation => {}
        PaymentIntentStatus::Processing | PaymentIntentStatus::Succeeded | PaymentIntentStatus::Canceled => {
            let message = "You cannot confirm this PaymentIntent because of its status.";
            return Err(ApiError::not_now(message).with_code("payment_intent_unexpected_state"));
        }
    }
    let method = method
        .map(|token| payment_methods::usable(cx, &token, intent.customer.as_deref(), "payment_method"))
        .transpose()?
        .or(intent.payment_method);
    pay(cx, &call.id, method.as_deref())?;
    rendered(cx, &call.id, KIND)
}

/// Charges the intent; that of an invoice settles the invoice.
fn pay(cx: &mut Cx<'_>, id: &str, method: Option<&str>) -> Result<(), ApiError> {
    let intent = cx.state.payment_intent(id, "id")?.clone();
    let outcome = match (&intent.invoice, method) {
        (Some(invoice), _) => cx.collect(invoice, method, false),
        (None, Some(method)) => cx.charge(id, method),
        (None, None) => Err(Unpaid::NoPaymentMethod),
    };
    match outcome {
        Err(Unpaid::NoPaymentMethod) => {
            let message = "You cannot confirm this PaymentIntent because it's missing a payment method.";
            Err(ApiError::not_now(message).with_code("payment_intent_unexpected_state"))
        }
        outcome => cx.outcome_of(outcome, id),
    }
}

pub(super) fn cancel(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let reason = call.params.choice(
        "cancellation_reason",
        &[
            ("abandoned", "abandoned"),
            ("duplicate", "duplicate"),
            ("fraudulent", "fraudulent"),
            ("requested_by_customer", "requested_by_customer"),
        ],
    )?;
    call.params.finish()?;
    let now = cx.now();
    let intent = cx.state.payment_intent(&call.id, "id")?;
    if matches!(
        intent.status,
        PaymentIntentStatus::Succeeded | PaymentIntentStatus::Canceled
    ) || intent.invoice.is_some()
    {
        let message = "You cannot cancel this PaymentIntent because of its status.";
        return Err(ApiError::not_now(message).with_code("payment_intent_unexpected_state"));
    }
    cx.change_payment_intent("payment_intent.canceled", &call.id, |intent| {
        intent.status = PaymentIntentStatus::Canceled;
        intent.canceled_at = Some(now);
        intent.cancellation_reason = reason;
    });
    rendered(cx, &call.id, KIND)
}
