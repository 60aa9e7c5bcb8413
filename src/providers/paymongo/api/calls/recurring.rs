//! Plans, subscriptions and their invoices.

use reqwest::Method;

use super::{
    super::{
        super::{
            client::{Client, Request, create, refused_here},
            interpret::{Occasion, Resource, Told, listed_plan, read_object},
            wire::{
                Flat,
                forms::{
                    ChangeMethodForm, ChangePlanForm, InvoiceLineForm, NoFields, PlanChangeForm, PlanForm,
                    SubscriptionForm,
                },
                sale,
            },
        },
        PESO, centavos, pages, read, refunds,
    },
    Calls, of, sent,
};
use crate::{
    domain::{
        ids::ObjectId,
        money::Money,
        observation::Observation,
        subscription::{Interval, IntervalUnit},
    },
    providers::{
        Answer, ListedPrice, ProviderError, ReadObject, StartedRefund,
        fields::object_id,
        paymongo::{client::act, interpret::started_refund},
    },
};

/// How many pages of all invoices are looked through for those of one subscription.
const INVOICE_PAGES: usize = 10;

/// A plan to make.
#[derive(Clone, Debug)]
pub struct NewPlan {
    /// What the payer reads.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What one cycle costs.
    pub amount: Money,
    /// How long one cycle is: weeks, months or years, at most ten of them.
    pub interval: Interval,
    /// How many cycles there are, the first one included; none for ever.
    pub cycles: Option<u32>,
}

/// What is to be changed at a plan; `None` leaves a field as it is. Its cycle can never change.
#[derive(Clone, Debug, Default)]
pub struct PlanChange {
    /// What the payer reads.
    pub name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// What one cycle costs.
    pub amount: Option<Money>,
}

/// A subscription that billdeck has made. Nothing has confirmed it: a read settles it.
#[derive(Clone, Debug)]
pub struct MadeSubscription {
    /// PayMongo's id.
    pub id: ObjectId,
    /// The first payment, which the payer makes on the merchant's own page; read it for its client key.
    pub first_payment: Option<ObjectId>,
    /// Where a new card is to be confirmed, if it is to be.
    pub confirm_url: Option<String>,
    /// What it tells billing.
    pub found: ReadObject,
}

impl Calls<'_> {
    /// Whether PayMongo has opened subscriptions for this account.
    pub async fn has_subscriptions(&self) -> Result<Answer<bool>, ProviderError> {
        let request = Request::get("/v1/plans").query("limit", "1");
        match self.client.send(request).await {
            Ok(reply) => {
                reply.text()?;
                Ok(reply.answer(true))
            }
            Err(ProviderError::Refused {
                status: 400 | 403,
                call,
                ..
            }) => Ok(Answer {
                value: false,
                at: jiff::Timestamp::now(),
                request_id: call.request_id,
            }),
            Err(error) => Err(error),
        }
    }

    /// Makes a plan.
    pub async fn plan_create(&self, new: &NewPlan, key: &str) -> Result<Answer<ListedPrice>, ProviderError> {
        const CALL: &str = "POST /v1/plans";
        let interval = match new.interval.unit {
            IntervalUnit::Week => "weekly",
            IntervalUnit::Month => "monthly",
            IntervalUnit::Year => "yearly",
            IntervalUnit::Day => {
                return Err(refused_here(
                    CALL,
                    "interval_not_supported",
                    "PayMongo bills by weeks, months or years, not by days",
                ));
            }
        };
        let form = PlanForm {
            name: new.name.clone(),
            description: new.description.clone(),
            amount: centavos(CALL, new.amount)?,
            currency: PESO,
            interval,
            interval_count: new.interval.count,
            cycle_count: new.cycles,
        };
        let key = sent(key);
        plan(&self.client.send(create("/v1/plans", &form, &key)?).await?)
    }

    /// Reads a plan.
    pub async fn plan(&self, id: &ObjectId) -> Result<Answer<ListedPrice>, ProviderError> {
        plan(&self.client.send(Request::get(of("plans", id, ""))).await?)
    }

    /// Changes a plan.
    pub async fn plan_update(
        &self,
        id: &ObjectId,
        change: &PlanChange,
    ) -> Result<Answer<ListedPrice>, ProviderError> {
        let path = of("plans", id, "");
        let form = PlanChangeForm {
            name: change.name.clone(),
            description: change.description.clone(),
            amount: change
                .amount
                .map(|amount| centavos(&format!("PUT {path}"), amount))
                .transpose()?,
        };
        plan(&self.client.send(act(Method::PUT, path, &form)?).await?)
    }

    /// Makes a subscription. It begins when its first payment is made.
    pub async fn subscription_create(
        &self,
        customer: &ObjectId,
        plan: &ObjectId,
        key: &str,
    ) -> Result<Answer<MadeSubscription>, ProviderError> {
        let form = SubscriptionForm {
            customer_id: customer.to_string(),
            plan_id: plan.to_string(),
        };
        let key = sent(key);
        let reply = self
            .client
            .send(create("/v1/subscriptions", &form, &key)?)
            .await?;
        let flawed = |flaw| reply.flawed(flaw);
        let made: sale::Subscription = read::resource(&reply)?;
        let first_payment = made
            .latest_invoice
            .and_then(|Flat(invoice)| invoice.payment_intent)
            .map(|Flat(intent)| object_id(intent.id, "latest_invoice.payment_intent.id"))
            .transpose()
            .map_err(flawed)?;
        let confirm_url = made.setup_intent.and_then(|setup| setup.next_action_url);
        let id = object_id(made.id, "id").map_err(flawed)?;
        let answer = read::of_reply(self.client, Resource::Subscription, reply).await?;
        Ok(Answer {
            value: MadeSubscription {
                id,
                first_payment,
                confirm_url,
                found: answer.value,
            },
            at: answer.at,
            request_id: answer.request_id,
        })
    }

    /// Gives a subscription another plan, from the next cycle on.
    pub async fn subscription_change_plan(
        &self,
        id: &ObjectId,
        plan: &ObjectId,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        let form = ChangePlanForm {
            plan_id: plan.to_string(),
        };
        let path = of("subscriptions", id, "/plan");
        self.act(Resource::Subscription, Method::PUT, path, &form).await
    }

    /// Gives a subscription another method that PayMongo has already, from the next cycle on.
    pub async fn subscription_change_method(
        &self,
        id: &ObjectId,
        method: &ObjectId,
        redirect_url: Option<&str>,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        let form = ChangeMethodForm {
            payment_method_id: method.to_string(),
            redirect_url: redirect_url.map(str::to_owned),
        };
        let path = of("subscriptions", id, "/payment_method");
        self.act(Resource::Subscription, Method::PUT, path, &form).await
    }

    /// The newest invoices of a subscription.
    pub async fn invoices_of(&self, subscription: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
        let listed = pages::fetch(self.client, INVOICE_PAGES, || Request::get("/v1/invoices")).await?;
        let mut found = read::nothing();
        listed.for_each(|reply, json| {
            let told = read_object(Resource::Invoice, json, Occasion::of(reply))
                .map_err(|flaw| reply.flawed(flaw))?;
            if let Told::Whole { observations, .. } = told {
                let own = observations.into_iter().filter(|observation| {
                    matches!(observation, Observation::Order(seen) if seen.subscription.as_ref() == Some(subscription))
                });
                found.observations.extend(own);
            }
            Ok(())
        })?;
        Ok(listed.answer(found))
    }

    /// Adds a line to an invoice that is still a draft: within about 12 hours of its making. The invoice comes back.
    pub async fn invoice_add_line(
        &self,
        invoice: &ObjectId,
        amount: Money,
        description: &str,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        let path = of("invoices", invoice, "/line_items");
        let form = InvoiceLineForm {
            amount: centavos(&format!("POST {path}"), amount)?,
            description: description.to_owned(),
        };
        let key = sent(key);
        self.client.send(create(path, &form, &key)?).await?;
        // What answers is the line, as far as is known; the invoice is what counts.
        read_invoice(self.client, invoice).await
    }

    /// Collects an open invoice with the saved method. Sent once: a second one might collect twice.
    pub async fn invoice_pay(&self, invoice: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
        let path = of("invoices", invoice, "/pay");
        self.act(Resource::Invoice, Method::POST, path, &NoFields {})
            .await
    }

    /// The refunds of a payment, by PayMongo's own id of the try that moved the money (`pay_…`).
    pub async fn refunds_of(&self, paid: &ObjectId) -> Result<Answer<Vec<StartedRefund>>, ProviderError> {
        let (refunds, reply) = refunds::of_payment(self.client, paid.as_str()).await?;
        let refunds = refunds
            .into_iter()
            .map(started_refund)
            .collect::<Result<_, _>>()
            .map_err(|flaw| reply.flawed(flaw))?;
        Ok(reply.answer(refunds))
    }
}

fn plan(reply: &super::super::super::client::Reply) -> Result<Answer<ListedPrice>, ProviderError> {
    let listed = listed_plan(read::resource(reply)?).map_err(|flaw| reply.flawed(flaw))?;
    Ok(reply.answer(listed))
}

async fn read_invoice(client: &Client, id: &ObjectId) -> Result<Answer<ReadObject>, ProviderError> {
    let reply = client.send(Request::get(of("invoices", id, ""))).await?;
    read::of_reply(client, Resource::Invoice, reply).await
}
