//! Payments that are made in the payer's browser: intents and methods.
//!
//! A card goes from the browser to PayMongo. What passes here is the intent's client key, with which the browser may pay
//! it, and what the payer has to do next.

use std::collections::BTreeMap;

use reqwest::Method;
use secrecy::SecretString;

use super::{
    super::{
        super::{
            CUSTOMER_METADATA_KEY,
            client::{Reply, Request, create, refused_here, segment},
            interpret::{Occasion, Resource, Told, read_object},
            wire::{
                self,
                forms::{AttachForm, BillingForm, FutureUsage, IntentForm, MethodForm, NoFields},
                money,
                setup::{CardDetails, Method as MethodWire, Saved},
            },
        },
        PESO, centavos, pages, read,
    },
    Calls, of, sent,
};
use crate::{
    domain::{ids::ObjectId, money::Money},
    providers::{
        Answer, ProviderError, ReadObject,
        fields::{object_id, text},
        paymongo::client::act,
    },
};

/// A payment to be made in the payer's browser.
#[derive(Clone, Debug)]
pub struct NewIntent {
    /// How much.
    pub amount: Money,
    /// What can be paid with, in PayMongo's words.
    pub methods: Vec<String>,
    /// What it is for.
    pub description: Option<String>,
    /// PayMongo's customer; travels in the metadata.
    pub customer: Option<ObjectId>,
    /// Whether the card is kept for the customer, to be charged without the payer later.
    pub save_card: bool,
    /// Names the owner.
    pub metadata: BTreeMap<String, String>,
}

/// An intent as it stands.
#[derive(Clone, Debug)]
pub struct Intent {
    /// PayMongo's id.
    pub id: ObjectId,
    /// PayMongo's word for its state.
    pub provider_status: String,
    /// With this the browser may pay the intent, and do nothing else.
    pub client_key: Option<SecretString>,
    /// What the payer has to do.
    pub next_action: Option<NextAction>,
    /// What it tells billing.
    pub found: ReadObject,
}

/// What a payer has to do before a payment goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextAction {
    /// Open this page: the bank's or the wallet's.
    Open(String),
    /// Something that only a page of the merchant's can show, in PayMongo's word.
    Other(String),
}

/// A way to pay that needs no card data: a wallet, a code, a bank.
#[derive(Clone, Debug)]
pub struct NewMethod {
    /// PayMongo's word, such as `gcash`; never `card`.
    pub kind: String,
    /// The payer's name.
    pub name: Option<String>,
    /// The payer's address.
    pub email: Option<String>,
    /// The payer's telephone number.
    pub phone: Option<String>,
}

/// A way to pay, as much of it as may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodShown {
    /// PayMongo's id.
    pub id: ObjectId,
    /// PayMongo's word.
    pub kind: String,
    /// A card's brand.
    pub brand: Option<String>,
    /// A card's last four digits.
    pub last4: Option<String>,
    /// A card's last month: year and month.
    pub ends: Option<(i64, i64)>,
}

/// A way to pay that a customer has saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedMethod {
    /// The id of the saving.
    pub id: ObjectId,
    /// The way itself.
    pub method: MethodShown,
}

impl Calls<'_> {
    /// Makes an intent.
    pub async fn intent_create(&self, new: &NewIntent, key: &str) -> Result<Answer<Intent>, ProviderError> {
        let mut metadata = new.metadata.clone();
        if let Some(customer) = &new.customer {
            metadata.insert(CUSTOMER_METADATA_KEY.to_owned(), customer.to_string());
        }
        let form =
            IntentForm {
                amount: centavos("POST /v1/payment_intents", new.amount)?,
                currency: PESO,
                payment_method_allowed: new.methods.clone(),
                description: new.description.clone(),
                setup_future_usage: new.customer.as_ref().filter(|_| new.save_card).map(|customer| {
                    FutureUsage {
                        session_type: "off_session",
                        customer_id: customer.to_string(),
                    }
                }),
                metadata,
            };
        let key = sent(key);
        let reply = self
            .client
            .send(create("/v1/payment_intents", &form, &key)?)
            .await?;
        intent(&reply)
    }

    /// Reads an intent, with its client key.
    pub async fn intent(&self, id: &ObjectId) -> Result<Answer<Intent>, ProviderError> {
        let reply = self
            .client
            .send(Request::get(of("payment_intents", id, "")))
            .await?;
        intent(&reply)
    }

    /// Pays an intent by a method that PayMongo has already. The payer comes back to `return_url`.
    pub async fn intent_attach(
        &self,
        id: &ObjectId,
        method: &ObjectId,
        return_url: &str,
    ) -> Result<Answer<Intent>, ProviderError> {
        let form = AttachForm {
            payment_method: method.to_string(),
            return_url: return_url.to_owned(),
        };
        let request = act(Method::POST, of("payment_intents", id, "/attach"), &form)?;
        intent(&self.client.send(request).await?)
    }

    /// Gives an intent up.
    pub async fn intent_cancel(&self, id: &ObjectId) -> Result<Answer<Intent>, ProviderError> {
        let request = act(Method::POST, of("payment_intents", id, "/cancel"), &NoFields {})?;
        intent(&self.client.send(request).await?)
    }

    /// Makes a way to pay that needs no card data.
    ///
    /// # Errors
    ///
    /// Cards are refused without a call: they go from the payer's browser to PayMongo.
    pub async fn method_create(
        &self,
        new: &NewMethod,
        key: &str,
    ) -> Result<Answer<MethodShown>, ProviderError> {
        if new.kind == "card" {
            return Err(refused_here(
                "POST /v1/payment_methods",
                "card_data",
                "cards never pass through billdeck: the payer's browser gives them to PayMongo with the public key",
            ));
        }
        let billing = BillingForm {
            name: new.name.clone(),
            email: new.email.clone(),
            phone: new.phone.clone(),
        };
        let tells = billing.name.is_some() || billing.email.is_some() || billing.phone.is_some();
        let form = MethodForm {
            kind: new.kind.clone(),
            billing: tells.then_some(billing),
        };
        let key = sent(key);
        let reply = self
            .client
            .send(create("/v1/payment_methods", &form, &key)?)
            .await?;
        method(&reply)
    }

    /// Reads a way to pay.
    pub async fn method(&self, id: &ObjectId) -> Result<Answer<MethodShown>, ProviderError> {
        let reply = self
            .client
            .send(Request::get(of("payment_methods", id, "")))
            .await?;
        method(&reply)
    }

    /// What a customer has saved.
    pub async fn saved_methods(
        &self,
        customer: &ObjectId,
    ) -> Result<Answer<Vec<SavedMethod>>, ProviderError> {
        let folder = of("customers", customer, "/payment_methods");
        let listed = pages::fetch(self.client, 1, || Request::get(folder.clone())).await?;
        let mut found = Vec::new();
        listed.for_each(|reply, json| {
            let saved: Saved = wire::read(json).map_err(|flaw| reply.flawed(flaw))?;
            let flawed = |flaw| reply.flawed(flaw);
            let id = object_id(saved.id, "id").map_err(flawed)?;
            let own = saved
                .payment_method_id
                .map(|own| object_id(own, "payment_method_id"))
                .transpose()
                .map_err(flawed)?;
            found.push(SavedMethod {
                method: shown(
                    own.unwrap_or_else(|| id.clone()),
                    saved.payment_method_type.unwrap_or_default(),
                    saved.details,
                ),
                id,
            });
            Ok(())
        })?;
        Ok(listed.answer(found))
    }

    /// Forgets what a customer has saved.
    pub async fn saved_method_delete(
        &self,
        customer: &ObjectId,
        id: &ObjectId,
    ) -> Result<Answer<()>, ProviderError> {
        let folder = of("customers", customer, "/payment_methods");
        let path = format!("{folder}/{}", segment(id.as_str()));
        let reply = self.client.send(Request::delete(path)).await?;
        Ok(reply.answer(()))
    }
}

fn intent(reply: &Reply) -> Result<Answer<Intent>, ProviderError> {
    let flawed = |flaw| reply.flawed(flaw);
    let wire: money::Intent = read::resource(reply)?;
    let told = read_object(Resource::Intent, reply.parse()?, Occasion::of(reply)).map_err(flawed)?;
    let mut found = read::nothing();
    if let Told::Whole {
        observations, facts, ..
    } = told
    {
        found.observations = observations;
        found.facts = facts;
    }
    let next_action = wire
        .next_action
        .map(|next| match next.redirect.and_then(|redirect| redirect.url) {
            Some(url) => NextAction::Open(url),
            None => NextAction::Other(next.kind.unwrap_or_default()),
        });
    Ok(reply.answer(Intent {
        id: object_id(wire.id, "id").map_err(flawed)?,
        provider_status: wire.status,
        client_key: wire.client_key.map(SecretString::from),
        next_action,
        found,
    }))
}

fn method(reply: &Reply) -> Result<Answer<MethodShown>, ProviderError> {
    let wire: MethodWire = read::resource(reply)?;
    let id = object_id(wire.id, "id").map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(shown(id, wire.kind, wire.details)))
}

fn shown(id: ObjectId, kind: String, details: Option<CardDetails>) -> MethodShown {
    let (brand, last4, ends) = match details {
        Some(card) => (card.brand, card.last4, card.exp_year.zip(card.exp_month)),
        None => (None, None, None),
    };
    MethodShown {
        id,
        kind,
        brand: text(brand),
        last4: last4.filter(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())),
        ends,
    }
}
