//! The objects of one customer.

use super::{
    super::{
        client::{Client, DIALECT, Reply, Request},
        interpret::{Occasion, Told, parse, read_object},
        wire::money::{Charge, ChargeRefunds},
    },
    pages::{self, Pages},
    read,
};
use crate::{
    domain::{
        ids::ObjectId,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, ProviderError, ReadObject},
};

/// How many pages of a customer's objects are read: the newest few hundred.
const PAGES: usize = 3;

/// Enough for every subscription a customer may have had (500 live ones at a time), and an end all the same.
const SUBSCRIPTION_PAGES: usize = 50;

pub(super) async fn subscriptions(
    client: &Client,
    customer: &ObjectId,
) -> Result<Answer<ReadObject>, ProviderError> {
    let listed = of_customer(
        client,
        "/v1/subscriptions",
        customer,
        SUBSCRIPTION_PAGES,
        Some(("status", "all")),
    )
    .await?;
    let mut found = Gathered::default();
    listed.for_each(|reply, json| found.take(ObjectKind::Subscription, reply, json))?;
    for id in std::mem::take(&mut found.cut) {
        let whole = read::object(client, &id).await?;
        found.object.observations.extend(whole.value.observations);
    }
    Ok(found.answer(&listed, customer))
}

pub(super) async fn objects(
    client: &Client,
    customer: &ObjectId,
    kind: ObjectKind,
) -> Result<Answer<ReadObject>, ProviderError> {
    let (path, extra) = match kind {
        ObjectKind::Customer => {
            return read::object(client, &ObjectRef::new(ObjectKind::Customer, customer.clone())).await;
        }
        ObjectKind::Subscription => return subscriptions(client, customer).await,
        ObjectKind::Refund => return refunds(client, customer).await,
        ObjectKind::Dispute => return disputes(client, customer).await,
        ObjectKind::Checkout => ("/v1/checkout/sessions", None),
        // What links a payment to an invoice comes with the invoice.
        ObjectKind::Order | ObjectKind::PaymentLink => ("/v1/invoices", Some(("expand[]", "data.payments"))),
        ObjectKind::Payment => ("/v1/payment_intents", Some(("expand[]", "data.latest_charge"))),
        ObjectKind::Charge => ("/v1/charges", None),
        ObjectKind::Price | ObjectKind::Other => {
            return Err(ProviderError::Refused {
                call: Request::get("/v1").call(&DIALECT),
                status: 0,
                code: "not_readable".to_owned(),
                message: format!("Stripe has no list of a customer's objects of the kind `{kind}`"),
            });
        }
    };
    let kind = match kind {
        ObjectKind::PaymentLink => ObjectKind::Order,
        kind => kind,
    };
    let listed = of_customer(client, path, customer, PAGES, extra).await?;
    let mut found = Gathered::default();
    listed.for_each(|reply, json| found.take(kind, reply, json))?;
    Ok(found.answer(&listed, customer))
}

/// Refunds cannot be listed by customer; they hang on the charges.
async fn refunds(client: &Client, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    let extra = Some(("expand[]", "data.refunds"));
    let charges = of_customer(client, "/v1/charges", customer, PAGES, extra).await?;
    let mut found = Gathered::default();
    charges.for_each(|reply, json| {
        let charge: ChargeRefunds<'_> = parse(json).map_err(|flaw| reply.flawed(flaw))?;
        for refund in charge.refunds.into_iter().flat_map(|refunds| refunds.data) {
            found.take(ObjectKind::Refund, reply, refund.get())?;
        }
        Ok(())
    })?;
    Ok(found.answer(&charges, customer))
}

/// Neither can disputes; the charges say which of them have one.
async fn disputes(client: &Client, customer: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    let charges = of_customer(client, "/v1/charges", customer, PAGES, None).await?;
    let mut disputed = Vec::new();
    charges.for_each(|reply, json| {
        let charge: Charge = parse(json).map_err(|flaw| reply.flawed(flaw))?;
        if charge.disputed == Some(true) {
            disputed.push(charge.id);
        }
        Ok(())
    })?;
    let mut found = Gathered::default();
    for charge in disputed {
        let listed = pages::fetch(client, 1, || {
            Request::get("/v1/disputes").query("charge", charge.as_str())
        })
        .await?;
        found.object.is_cut |= listed.is_cut();
        listed.for_each(|reply, json| found.take(ObjectKind::Dispute, reply, json))?;
    }
    Ok(found.answer(&charges, customer))
}

async fn of_customer(
    client: &Client,
    path: &str,
    customer: &ObjectId,
    max: usize,
    extra: Option<(&'static str, &str)>,
) -> Result<Pages, ProviderError> {
    pages::fetch(client, max, || {
        let request = Request::get(path)
            .query("customer", customer.as_str())
            .missing_is_an_answer();
        match extra {
            Some((name, value)) => request.query(name, value),
            None => request,
        }
    })
    .await
}

/// What the elements of a list told so far.
pub(super) struct Gathered {
    object: ReadObject,
    /// Elements with a list inside that is cut short.
    cut: Vec<ObjectRef>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            object: ReadObject {
                observations: Vec::new(),
                facts: Vec::new(),
                raw: None,
                is_cut: false,
            },
            cut: Vec::new(),
        }
    }
}

impl Gathered {
    pub(super) fn take(&mut self, kind: ObjectKind, reply: &Reply, json: &str) -> Result<(), ProviderError> {
        match read_object(kind, json, Occasion::of(reply)).map_err(|flaw| reply.flawed(flaw))? {
            Told::Whole {
                observations, facts, ..
            } => {
                self.object.observations.extend(observations);
                self.object.facts.extend(facts);
            }
            Told::Cut { subject, .. } => self.cut.push(subject),
            Told::Nothing(_) => {}
        }
        Ok(())
    }

    pub(super) fn into_object(self) -> ReadObject {
        self.object
    }

    fn answer(self, listed: &Pages, customer: &ObjectId) -> Answer<ReadObject> {
        if listed.is_missing() {
            let customer = ObjectRef::new(ObjectKind::Customer, customer.clone());
            return listed.answer(read::gone(&customer));
        }
        listed.answer(ReadObject {
            is_cut: self.object.is_cut || listed.is_cut(),
            ..self.object
        })
    }
}
