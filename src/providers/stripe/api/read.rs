//! Reading one object.

use super::{
    super::{
        client::{Client, DIALECT, Reply, Request, segment},
        interpret::{Occasion, Told, read_object},
        wire::Stub,
    },
    subscriptions,
};
use crate::{
    domain::{
        observation::Observation,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, ProviderError, ReadObject},
};

pub(super) async fn object(client: &Client, object: &ObjectRef) -> Result<Answer<ReadObject>, ProviderError> {
    let Some(place) = Place::of(object) else {
        return Err(ProviderError::Refused {
            call: Request::get(object.id.as_str()).call(&DIALECT),
            status: 0,
            code: "not_readable".to_owned(),
            message: format!("billdeck does not read {object} from Stripe"),
        });
    };
    let request = Request::get(format!("{}/{}", place.folder, segment(object.id.as_str())));
    let request = match place.expand {
        Some(field) => request.query("expand[]", field),
        None => request,
    };
    let reply = client.send(request.missing_is_an_answer()).await?;
    if reply.is_missing() {
        return Ok(reply.answer(gone(object)));
    }
    if reply.parse::<Stub>()?.deleted == Some(true) {
        let raw = Some(reply.text()?.to_owned());
        return Ok(reply.answer(ReadObject { raw, ..gone(object) }));
    }
    of_reply(client, place.kind, reply).await
}

/// Where an object is read, and as what.
struct Place {
    kind: ObjectKind,
    folder: &'static str,
    expand: Option<&'static str>,
}

impl Place {
    /// An order is the invoice, the session or the bare payment, and a payment without an intent is its charge: the
    /// id's prefix tells which.
    fn of(object: &ObjectRef) -> Option<Self> {
        let id = object.id.as_str();
        let is = |prefixes: &[&str]| prefixes.iter().any(|prefix| id.starts_with(prefix));
        let kind = match object.kind {
            ObjectKind::Order if is(&["cs_"]) => ObjectKind::Checkout,
            ObjectKind::Order if is(&["pi_"]) => ObjectKind::Payment,
            ObjectKind::Order | ObjectKind::Payment if is(&["ch_", "py_"]) => ObjectKind::Charge,
            kind => kind,
        };
        let (folder, expand) = match kind {
            ObjectKind::Customer => ("/v1/customers", None),
            ObjectKind::Subscription => ("/v1/subscriptions", None),
            ObjectKind::Checkout => ("/v1/checkout/sessions", Some("payment_intent")),
            ObjectKind::Order => ("/v1/invoices", Some("payments")),
            ObjectKind::PaymentLink => ("/v1/invoice_payments", None),
            ObjectKind::Payment => ("/v1/payment_intents", Some("latest_charge")),
            ObjectKind::Charge => ("/v1/charges", None),
            ObjectKind::Refund => ("/v1/refunds", None),
            ObjectKind::Dispute => ("/v1/disputes", None),
            ObjectKind::Price => ("/v1/prices", None),
            ObjectKind::Other => return None,
        };
        Some(Self { kind, folder, expand })
    }
}

/// An object that does not exist (any more).
pub(super) fn gone(object: &ObjectRef) -> ReadObject {
    ReadObject {
        observations: vec![Observation::Gone(object.clone())],
        facts: Vec::new(),
        raw: None,
        is_cut: false,
    }
}

/// Reads the object that an answer holds, whether it was asked for or changed.
pub(super) async fn of_reply(
    client: &Client,
    kind: ObjectKind,
    reply: Reply,
) -> Result<Answer<ReadObject>, ProviderError> {
    let told = read_object(kind, reply.text()?, Occasion::of(&reply)).map_err(|flaw| reply.flawed(flaw))?;
    let (observations, facts) = match told {
        Told::Whole {
            observations, facts, ..
        } => (observations, facts),
        Told::Cut { .. } => (subscriptions::with_all_items(client, &reply).await?, Vec::new()),
        Told::Nothing(_) => (Vec::new(), Vec::new()),
    };
    let raw = Some(reply.text()?.to_owned());
    Ok(reply.answer(ReadObject {
        observations,
        facts,
        raw,
        is_cut: false,
    }))
}
