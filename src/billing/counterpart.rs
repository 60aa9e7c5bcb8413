//! A customer's counterpart at a provider: made there when it is first needed, once.

use std::collections::BTreeMap;

use super::{
    Billing, BillingError,
    acts::{Act, By, outcome},
    case::{Case, Judgement},
    lanes,
    linking::{merged, standing_customer},
    reader::{Reader, in_words, testify, ticket},
};
use crate::{
    domain::{
        customer::{Customer, CustomerLink, LinkingRules, Owner, Scope},
        ids::{CustomerId, ObjectId},
        observation::Observation,
        provider::{Book, LaneKey},
        subscription::Difference,
    },
    providers::{Answer, NewCustomer, ProviderApi, ProviderError, ReadObject},
    store::{
        StoreError,
        apply::{Attribution, Source, plan_apply, writes_apply},
        customer::{customer_links, link_find},
        lane::{Lease, lane_fence},
    },
};

/// The link that new purchases and pages use: the default one, else the oldest that the provider has not deleted.
pub(super) fn usable(links: &[CustomerLink], book: Book) -> Option<&CustomerLink> {
    // They come default first, then by age.
    links.iter().find(|link| link.book == book && !link.deleted)
}

/// Metadata that names the owner, under the first key that is read back as just that.
pub(super) fn owner_metadata(rules: &LinkingRules, owner: Option<&Owner>) -> BTreeMap<String, String> {
    let named = owner.and_then(|owner| {
        let keys = match owner.scope {
            Scope::Organization => &rules.organization_keys,
            Scope::User => &rules.user_keys,
        };
        let key = keys.first().or(rules.unscoped_keys.first())?;
        Some((key.clone(), owner.external_id.to_string()))
    });
    named.into_iter().collect()
}

/// Gives back the provider's customer of ours, after making it there if there is none.
///
/// The key is of the customer, so that whoever asks at the same time (or after a crash) gets the same one.
pub(super) async fn ensure(
    billing: &Billing,
    api: &dyn ProviderApi,
    book: Book,
    customer: &Customer,
    by: By<'_>,
) -> Result<ObjectId, BillingError> {
    let links = {
        let mut tx = billing.store().begin_read_only().await?;
        customer_links(&mut tx, customer.id).await?
    };
    if let Some(link) = usable(&links, book) {
        return Ok(link.provider_customer_id.clone());
    }
    if customer.owner.is_none() {
        return Err(BillingError::Refused {
            code: "no_owner",
            message: format!(
                "customer {} belongs to nobody, and {} has nothing of it",
                customer.id, book.provider
            ),
            hint: Some("link it to its owner first: `billdeck customers link`".to_owned()),
        });
    }
    let new = NewCustomer {
        email: customer.email.clone(),
        name: customer.name.clone(),
        metadata: owner_metadata(&billing.rules().linking, customer.owner.as_ref()),
    };
    let act = Act::new(by, "customer.create", customer.id, Some(customer.id));
    let mut tx = billing.store().begin().await?;
    act.requested(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;

    let ticket = ticket(billing).await?;
    let answer = api
        .customer_create(&new, &creation_key(customer.id, &links, book))
        .await;
    // Whether it was made is told by the provider, not by whether that can be recorded.
    if let Err(error) = tell(billing, &act, &answer).await {
        tracing::warn!(customer = %customer.id, error = %in_words(&error), "could not record how the making of a provider's customer went");
    }
    let answer = answer?;
    let id = made(&answer, book)?;
    let recorded = take_in(billing, book, customer.id, (&id, answer, ticket), by).await;
    recorded.map_err(|error| match error {
        refused @ BillingError::Refused { .. } => refused,
        error => BillingError::Unrecorded {
            provider: book.provider,
            source: Box::new(error),
        },
    })?;
    Ok(id)
}

/// Writes how the making went, and which customer it made.
async fn tell(
    billing: &Billing,
    act: &Act<'_>,
    answer: &Result<Answer<ReadObject>, ProviderError>,
) -> Result<(), StoreError> {
    let made = answer.as_ref().ok().and_then(made_in).map(|id| Difference {
        field: "provider_customer_id".to_owned(),
        before: serde_json::Value::Null,
        after: id.as_str().into(),
    });
    let mut tx = billing.store().begin().await?;
    act.record(&mut tx, outcome(answer), made.into_iter().collect())
        .await?;
    tx.commit().await.map_err(StoreError::from)
}

/// Deleted counterparts are counted, since a key that made one of them would bring it back.
fn creation_key(customer: CustomerId, links: &[CustomerLink], book: Book) -> String {
    match links.iter().filter(|link| link.book == book).count() {
        0 => format!("customer-{customer}"),
        deleted => format!("customer-{customer}-{deleted}"),
    }
}

fn made(answer: &Answer<ReadObject>, book: Book) -> Result<ObjectId, BillingError> {
    made_in(answer).cloned().ok_or_else(|| {
        BillingError::Problem(crate::domain::event::Problem {
            code: "provider_unreadable".to_owned(),
            message: format!("{} made a customer and did not say which", book.provider),
        })
    })
}

fn made_in(answer: &Answer<ReadObject>) -> Option<&ObjectId> {
    answer.value.observations.iter().find_map(Observation::customer)
}

/// Takes the new customer in as any read, and sees to it that its link is ours.
async fn take_in(
    billing: &Billing,
    book: Book,
    customer: CustomerId,
    (id, answer, ticket): (&ObjectId, Answer<ReadObject>, i64),
    by: By<'_>,
) -> Result<(), BillingError> {
    let lane = LaneKey::new(book, id);
    let Some(held) = lanes::take(billing, &lane).await? else {
        return Err(BillingError::LaneBusy {
            lane: lane.to_string(),
        });
    };
    let by = Attribution {
        source: Source::Person(by.actor.name.clone()),
        event: None,
        attempt: None,
        at: billing.now(),
    };
    let mut case = Case::of_reads(book, [testify(answer, ticket, None)]);
    let done = async {
        store_seen(billing, held.lease(), &mut case, &by).await?;
        own(billing, held.lease(), (book, id), customer, &by).await
    };
    let done = done.await;
    held.release().await;
    done
}

async fn store_seen(
    billing: &Billing,
    lease: &Lease,
    case: &mut Case,
    by: &Attribution,
) -> Result<(), BillingError> {
    let mut reader = Reader::default();
    let (mut tx, judgement) = case.judge(billing, &mut reader, Some(lease)).await?;
    match judgement {
        Judgement::Plan(plan) => {
            plan_apply(&mut tx, case.book(), &plan, case.raw(), by).await?;
            tx.commit().await.map_err(StoreError::from)?;
            Ok(())
        }
        Judgement::Wait { problem, .. } | Judgement::Fail { problem, .. } => {
            Err(BillingError::Problem(problem))
        }
        Judgement::Elsewhere { lane, .. } => Err(BillingError::LaneBusy {
            lane: lane.to_string(),
        }),
    }
}

/// Metadata has usually linked it already; where the rules name no key for this owner, it is done here.
async fn own(
    billing: &Billing,
    lease: &Lease,
    (book, id): (Book, &ObjectId),
    customer: CustomerId,
    by: &Attribution,
) -> Result<(), BillingError> {
    let mut tx = billing.store().begin().await?;
    lane_fence(&mut tx, lease).await?;
    let ours = standing_customer(&mut tx, billing.environment(), customer).await?;
    let link = link_find(&mut tx, book, id).await?;
    let link = link.ok_or_else(|| StoreError::Gone {
        what: "customer link",
        id: id.to_string(),
    })?;
    if link.customer_id == ours.id {
        return Ok(());
    }
    let holder = standing_customer(&mut tx, billing.environment(), link.customer_id).await?;
    if let Some(owner) = &holder.owner {
        return Err(BillingError::Refused {
            code: "linked_elsewhere",
            message: format!("{} customer {id} belongs to {owner}", book.provider),
            hint: Some("a customer is never moved from one owner to another".to_owned()),
        });
    }
    let moved = customer_links(&mut tx, holder.id).await?;
    let theirs = customer_links(&mut tx, ours.id).await?;
    writes_apply(&mut tx, &merged(&holder, moved, &ours, &theirs), by).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}
