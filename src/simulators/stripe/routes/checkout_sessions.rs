use jiff::Timestamp;

use super::super::super::clock::{days, minutes, plus};
use super::super::checking_out::NewSession;
use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::{Page, Span};
use super::super::objects::{
    Metadata, Mode, Price, Product, Recurring, SessionItem, SubscriptionData, TrialEndBehaviour, Unit,
};
use super::super::params::Params;
use super::{Answer, Call, rendered};

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let page = Page::take(params)?;
    let customer = params.text("customer")?;
    let subscription = params.text("subscription")?;
    let intent = params.text("payment_intent")?;
    let status = params.text("status")?;
    let created = Span::take(params, "created")?;
    let details = params.object("customer_details")?;
    let email = match details {
        Some(mut details) => {
            let email = details.text("email")?;
            details.finish()?;
            email
        }
        None => None,
    };
    call.params.finish()?;
    page.of(
        &cx.state.sessions,
        "/v1/checkout/sessions",
        |session| {
            created.holds(session.created)
                && (customer.is_none() || session.customer == customer)
                && (subscription.is_none() || session.subscription == subscription)
                && (intent.is_none() || session.payment_intent == intent)
                && status
                    .as_deref()
                    .is_none_or(|status| session.status.word() == status)
                && (email.is_none()
                    || session
                        .customer_details
                        .as_ref()
                        .is_some_and(|(own, ..)| *own == email))
        },
        |session| session.render(cx.state.livemode),
    )
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    rendered(cx, &call.id, "checkout.session")
}

pub(super) fn expire(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    cx.expire_session(&call.id)?;
    rendered(cx, &call.id, "checkout.session")
}

pub(super) fn line_items(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    call.params.finish()?;
    let session = cx.state.session(&call.id)?;
    Ok(page.of_values(cx.state.render_session_items(session), &session.line_items_url()))
}

/// What the page looks like, or how it takes money in ways that do not exist here.
const UNUSED: [&str; 24] = [
    "adaptive_pricing",
    "allowed_payment_method_types",
    "automatic_tax",
    "billing_address_collection",
    "branding_settings",
    "consent_collection",
    "custom_fields",
    "custom_text",
    "customer_update",
    "discounts",
    "excluded_payment_method_types",
    "invoice_creation",
    "name_collection",
    "origin_context",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "permissions",
    "phone_number_collection",
    "saved_payment_method_options",
    "submit_type",
    "tax_id_collection",
    "wallet_options",
    "integration_identifier",
];

pub(super) fn create(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let mode = params
        .choice(
            "mode",
            &[("subscription", Mode::Subscription), ("payment", Mode::Payment)],
        )?
        .ok_or_else(|| ApiError::missing_param("mode"))?;
    params.choice("ui_mode", &[("hosted_page", ())])?;
    let success_url = params.required("success_url")?;
    let cancel_url = params.text("cancel_url")?;
    let client_reference_id = params.text("client_reference_id")?;
    let customer = params.text("customer")?;
    let customer_email = params.text("customer_email")?;
    if customer.is_some() && customer_email.is_some() {
        let message = "You may only specify one of these parameters: customer, customer_email.";
        return Err(params.invalid("customer", message));
    }
    let always_creates_customer = params
        .choice("customer_creation", &[("always", true), ("if_required", false)])?
        .unwrap_or(false);
    let card_only_if_required = params
        .choice(
            "payment_method_collection",
            &[("always", false), ("if_required", true)],
        )?
        .unwrap_or(false);
    let subscription_data = read_subscription_data(params, mode)?;
    let (payment_metadata, payment_description) = read_payment_data(params, mode)?;
    let wanted = read_items(params)?;
    let expires_at = params.instant("expires_at")?;
    let metadata = params.metadata()?.fresh();
    let allow_promotion_codes = params.boolean("allow_promotion_codes")?;
    let locale = params.text("locale")?;
    params.text("currency")?;
    params.ignore(&UNUSED);
    call.params.finish()?;

    let now = cx.now();
    let expires_at = match expires_at {
        None => plus(now, days(1)),
        // A minute of grace for the caller's clock.
        Some(at) if at < plus(now, minutes(29)) || at > plus(now, minutes(24 * 60 + 1)) => {
            let message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.";
            return Err(ApiError::invalid_param("expires_at", message));
        }
        Some(at) => at,
    };
    if let Some(customer) = &customer {
        cx.state.customer(customer, "customer")?;
    }
    let (items, amount, currency) = resolve_items(cx, wanted, mode)?;
    let id = cx.open_session(NewSession {
        expires_at,
        mode,
        items,
        currency,
        amount,
        success_url,
        cancel_url,
        client_reference_id,
        customer,
        customer_email,
        always_creates_customer,
        subscription_data,
        payment_metadata,
        payment_description,
        card_only_if_required,
        allow_promotion_codes,
        locale,
        metadata,
    });
    rendered(cx, &id, "checkout.session")
}

fn read_subscription_data(params: &mut Params, mode: Mode) -> Result<SubscriptionData, ApiError> {
    let Some(mut inner) = params.object("subscription_data")? else {
        return Ok(SubscriptionData::default());
    };
    if mode == Mode::Payment {
        return Err(params.invalid(
            "subscription_data",
            "You can not pass `subscription_data` in `payment` mode.",
        ));
    }
    let trial_days = inner.count("trial_period_days")?;
    if trial_days == Some(0) {
        return Err(inner.invalid(
            "trial_period_days",
            "The minimum number of trial period days is 1.",
        ));
    }
    let data = SubscriptionData {
        metadata: inner.metadata()?.fresh(),
        description: inner.text("description")?,
        trial_days,
        trial_end: inner.instant("trial_end")?,
        trial_end_behaviour: super::subscriptions::trial_settings(&mut inner)?
            .unwrap_or(TrialEndBehaviour::CreateInvoice),
    };
    inner.ignore(&[
        "billing_mode",
        "invoice_settings",
        "proration_behavior",
        "default_tax_rates",
    ]);
    inner.finish()?;
    Ok(data)
}

fn read_payment_data(params: &mut Params, mode: Mode) -> Result<(Metadata, Option<String>), ApiError> {
    let Some(mut inner) = params.object("payment_intent_data")? else {
        return Ok((Metadata::new(), None));
    };
    if mode == Mode::Subscription {
        let message = "You can not pass `payment_intent_data` in `subscription` mode.";
        return Err(params.invalid("payment_intent_data", message));
    }
    let data = (inner.metadata()?.fresh(), inner.text("description")?);
    inner.ignore(&[
        "receipt_email",
        "setup_future_usage",
        "capture_method",
        "statement_descriptor",
        "statement_descriptor_suffix",
    ]);
    inner.finish()?;
    Ok(data)
}

/// A price by id, or one made for this session.
enum WantedPrice {
    Known(String),
    Made {
        name: String,
        product: Option<String>,
        currency: String,
        unit_amount: i64,
        recurring: Option<Recurring>,
    },
}

fn read_items(params: &mut Params) -> Result<Vec<(WantedPrice, i64)>, ApiError> {
    let mut wanted = Vec::new();
    for mut item in params.objects("line_items")? {
        let quantity = item.count("quantity")?;
        let price = match (item.text("price")?, item.object("price_data")?) {
            (Some(id), None) => WantedPrice::Known(id),
            (None, Some(data)) => read_price_data(data)?,
            _ => return Err(item.invalid("price", "Provide exactly one of `price` and `price_data`.")),
        };
        item.ignore(&[
            "adjustable_quantity",
            "metadata",
            "dynamic_tax_rates",
            "tax_rates",
        ]);
        let quantity = quantity.ok_or_else(|| {
            item.invalid(
                "quantity",
                "Quantity is required. Add `quantity` to the line item.",
            )
        })?;
        item.finish()?;
        wanted.push((price, quantity));
    }
    if wanted.is_empty() {
        return Err(ApiError::missing_param("line_items"));
    }
    Ok(wanted)
}

fn read_price_data(mut data: Params) -> Result<WantedPrice, ApiError> {
    let currency = data.required("currency")?;
    let unit_amount = data
        .count("unit_amount")?
        .ok_or_else(|| data.invalid("unit_amount", "Missing unit_amount."))?;
    let product = data.text("product")?;
    let mut name = String::new();
    if let Some(mut product) = data.object("product_data")? {
        name = product.required("name")?;
        product.ignore(&["description", "images", "metadata", "tax_code"]);
        product.finish()?;
    } else if product.is_none() {
        return Err(data.invalid(
            "product_data",
            "You must specify either `product` or `product_data`.",
        ));
    }
    let recurring = match data.object("recurring")? {
        None => None,
        Some(mut recurring) => {
            let units = [
                ("day", Unit::Day),
                ("week", Unit::Week),
                ("month", Unit::Month),
                ("year", Unit::Year),
            ];
            let interval = recurring
                .choice("interval", &units)?
                .ok_or_else(|| recurring.invalid("interval", "Missing interval."))?;
            let count = recurring.count("interval_count")?.unwrap_or(1);
            let interval_count =
                u16::try_from(count.max(1)).map_err(|_| recurring.invalid("interval_count", "Too many."))?;
            recurring.finish()?;
            Some(Recurring {
                interval,
                interval_count,
            })
        }
    };
    data.ignore(&["tax_behavior"]);
    data.finish()?;
    Ok(WantedPrice::Made {
        name,
        product,
        currency,
        unit_amount,
        recurring,
    })
}

fn resolve_items(
    cx: &mut Cx<'_>,
    wanted: Vec<(WantedPrice, i64)>,
    mode: Mode,
) -> Result<(Vec<SessionItem>, i64, String), ApiError> {
    let mut items = Vec::new();
    let (mut amount, mut currency) = (0_i64, None);
    for (index, (price, quantity)) in wanted.into_iter().enumerate() {
        let param = format!("line_items[{index}][price]");
        let id = match price {
            WantedPrice::Known(id) => id,
            WantedPrice::Made {
                name,
                product,
                currency,
                unit_amount,
                recurring,
            } => make_price(cx, name, product, currency, unit_amount, recurring),
        };
        let price = cx.state.price(&id, &param)?;
        if !price.active {
            return Err(ApiError::invalid_param(
                param,
                format!("The price `{id}` is inactive."),
            ));
        }
        if price.recurring.is_some() != (mode == Mode::Subscription) {
            let message = match mode {
                Mode::Subscription => "You must provide recurring prices in `subscription` mode.",
                Mode::Payment => "You specified `payment` mode but passed a recurring price.",
            };
            return Err(ApiError::invalid_param(param, message));
        }
        amount = amount.saturating_add(price.unit_amount.saturating_mul(quantity));
        currency = currency.or(Some(price.currency.clone()));
        items.push(SessionItem {
            id: cx.state.ids.make("li"),
            price: id,
            quantity,
        });
    }
    Ok((items, amount, currency.unwrap_or_else(|| "usd".to_owned())))
}

fn make_price(
    cx: &mut Cx<'_>,
    name: String,
    product: Option<String>,
    currency: String,
    unit_amount: i64,
    recurring: Option<Recurring>,
) -> String {
    let now: Timestamp = cx.now();
    let product = product.unwrap_or_else(|| {
        let id = cx.state.ids.make("prod");
        cx.state.products.insert(Product {
            id: id.clone(),
            created: now,
            updated: now,
            name,
            description: None,
            active: false,
            metadata: Metadata::new(),
        });
        id
    });
    let id = cx.state.ids.make("price");
    cx.state.prices.insert(Price {
        id: id.clone(),
        created: now,
        product,
        currency,
        unit_amount,
        recurring,
        nickname: None,
        lookup_key: None,
        active: true,
        metadata: Metadata::new(),
    });
    id
}
