//! Pages on which something is paid once.

use std::collections::BTreeMap;

use reqwest::Method;

use super::{
    super::{
        super::{
            CUSTOMER_METADATA_KEY,
            client::{Request, create},
            interpret::{Occasion, Resource, Told, read_object},
            wire::{
                forms::{CheckoutForm, LineItem, LinkForm, NoFields},
                sale::{Checkout, Link},
            },
        },
        PESO, centavos, pages, read,
    },
    Calls, of, sent,
};
use crate::{
    domain::{
        checkout::CHECKOUT_METADATA_KEY,
        ids::{CheckoutId, ObjectId},
        money::Money,
    },
    providers::{
        Answer, ProviderError, ReadObject, StartedCheckout,
        fields::{Flaw, object_id},
    },
};

/// Something that is sold once, on a hosted page.
#[derive(Clone, Debug)]
pub struct NewPaymentCheckout {
    /// billdeck's own checkout, if it keeps one; travels in the metadata.
    pub checkout: Option<CheckoutId>,
    /// PayMongo's customer. Sessions have no field for one: it travels in the metadata, and comes back with the payment.
    pub customer: Option<ObjectId>,
    /// What is sold.
    pub lines: Vec<Line>,
    /// What can be paid with, in PayMongo's words (`card`, `gcash`, `paymaya`, `qrph`, …); each must be open to the account.
    pub methods: Vec<String>,
    /// Where the payer goes after paying.
    pub success_url: String,
    /// Where the payer goes on giving up.
    pub cancel_url: String,
    /// The merchant's own number for it.
    pub reference: Option<String>,
    /// What the payer reads above the lines.
    pub description: Option<String>,
    /// The payer's address, to be filled in.
    pub email: Option<String>,
    /// Names the owner.
    pub metadata: BTreeMap<String, String>,
}

/// One line of a sale.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// What one costs.
    pub each: Money,
}

/// A link to be sent to somebody who owes.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// How much.
    pub amount: Money,
    /// What the payer reads.
    pub description: String,
    /// What the merchant reads.
    pub remarks: Option<String>,
}

/// A link that exists.
#[derive(Clone, Debug)]
pub struct LinkMade {
    /// PayMongo's id.
    pub id: ObjectId,
    /// The page.
    pub url: String,
    /// The number by which it is found again.
    pub reference: Option<String>,
}

impl Calls<'_> {
    /// Starts a page on which something is paid once.
    ///
    /// # Errors
    ///
    /// Amounts that are not in pesos are refused without a call.
    pub async fn payment_checkout(
        &self,
        new: &NewPaymentCheckout,
        key: &str,
    ) -> Result<Answer<StartedCheckout>, ProviderError> {
        const PATH: &str = "/v1/checkout_sessions";
        let mut metadata = new.metadata.clone();
        if let Some(checkout) = new.checkout {
            metadata.insert(CHECKOUT_METADATA_KEY.to_owned(), checkout.to_string());
        }
        if let Some(customer) = &new.customer {
            metadata.insert(CUSTOMER_METADATA_KEY.to_owned(), customer.to_string());
        }
        let line = |line: &Line| {
            Ok(LineItem {
                name: line.name.clone(),
                quantity: line.quantity,
                amount: centavos("POST /v1/checkout_sessions", line.each)?,
                currency: PESO,
            })
        };
        let form = CheckoutForm {
            line_items: new.lines.iter().map(line).collect::<Result<_, ProviderError>>()?,
            payment_method_types: new.methods.clone(),
            success_url: new.success_url.clone(),
            cancel_url: new.cancel_url.clone(),
            reference_number: new.reference.clone(),
            description: new.description.clone(),
            customer_email: new.email.clone(),
            metadata,
        };
        let reply = self.client.send(create(PATH, &form, &sent(key))?).await?;
        let session: Checkout = read::resource(&reply)?;
        let url = session
            .checkout_url
            .ok_or_else(|| reply.flawed(Flaw("the session has no `checkout_url`".to_owned())))?;
        Ok(reply.answer(StartedCheckout {
            id: object_id(session.id, "id").map_err(|flaw| reply.flawed(flaw))?,
            url,
            // PayMongo does not say when a session ends.
            expires_at: None,
        }))
    }

    /// Ends a session that nobody has paid on.
    pub async fn checkout_expire(&self, id: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
        let path = of("checkout_sessions", id, "/expire");
        self.act(Resource::Session, Method::POST, path, &NoFields {})
            .await
    }

    /// Makes a link.
    pub async fn link_create(&self, new: &NewLink, key: &str) -> Result<Answer<LinkMade>, ProviderError> {
        let form = LinkForm {
            amount: centavos("POST /v1/links", new.amount)?,
            description: new.description.clone(),
            remarks: new.remarks.clone(),
        };
        let reply = self.client.send(create("/v1/links", &form, &sent(key))?).await?;
        let link: Link = read::resource(&reply)?;
        let url = link
            .checkout_url
            .ok_or_else(|| reply.flawed(Flaw("the link has no `checkout_url`".to_owned())))?;
        Ok(reply.answer(LinkMade {
            id: object_id(link.id, "id").map_err(|flaw| reply.flawed(flaw))?,
            url,
            reference: link.reference_number,
        }))
    }

    /// The links with this number, with their payments.
    pub async fn links_by_reference(&self, reference: &str) -> Result<Answer<ReadObject>, ProviderError> {
        let reference = reference.to_owned();
        let listed = pages::fetch(self.client, 1, || {
            Request::get("/v1/links").query("reference_number", reference.clone())
        })
        .await?;
        let mut found = read::nothing();
        listed.for_each(|reply, link| {
            let told =
                read_object(Resource::Link, link, Occasion::of(reply)).map_err(|flaw| reply.flawed(flaw))?;
            if let Told::Whole {
                observations, facts, ..
            } = told
            {
                found.observations.extend(observations);
                found.facts.extend(facts);
            }
            Ok(())
        })?;
        Ok(listed.answer(found))
    }

    /// Closes a link, or opens a closed one.
    pub async fn link_archive(
        &self,
        id: &ObjectId,
        archived: bool,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        let path = of("links", id, if archived { "/archive" } else { "/unarchive" });
        self.act(Resource::Link, Method::POST, path, &NoFields {}).await
    }
}
