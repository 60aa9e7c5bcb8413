//! Whose a provider's customer is, when a person says so.

use sqlx::PgConnection;

use super::{
    Billing, BillingError,
    acts::{Act, By, DONE},
    lanes::{self, Held},
};
use crate::{
    domain::{
        customer::{Customer, CustomerLink, Owner},
        ids::CustomerId,
        plan::{RowChange, Write},
        provider::{Environment, LaneKey},
        subscription::Difference,
    },
    store::{
        StoreError,
        apply::{Attribution, Source, writes_apply},
        customer::{customer_links, customer_lock, customer_lock_by_owner, customer_standing},
        lane::lane_fence,
    },
};

/// How many times a customer is followed to the one it was merged into.
const MERGES: usize = 16;
/// How often a link is tried again that met another transaction.
const COLLISIONS: usize = 5;

/// Gives a customer that nobody owns to an owner; gives back the customer that the owner has afterwards.
///
/// An owner that is known already takes over the links, and the emptied customer stays as a pointer; else the customer
/// itself gets the owner. Repeating it changes nothing.
pub async fn link_customer(
    billing: &Billing,
    id: CustomerId,
    owner: &Owner,
    by: By<'_>,
) -> Result<CustomerId, BillingError> {
    let links = {
        let mut tx = billing.store().begin_read_only().await?;
        let customer = look(&mut tx, billing.environment(), id).await?;
        customer_links(&mut tx, customer.id).await?
    };
    let held = take_all(billing, &links).await?;
    let mut collisions = 0;
    let linked = loop {
        match link_held(billing, &held, id, owner, by).await {
            Err(BillingError::Store(error)) if error.is_collision() && collisions < COLLISIONS => {
                collisions += 1;
            }
            linked => break linked,
        }
    };
    for held in held {
        held.release().await;
    }
    billing.tell();
    linked
}

/// Takes the lanes of all links, in one order for everybody.
async fn take_all(billing: &Billing, links: &[CustomerLink]) -> Result<Vec<Held>, BillingError> {
    let mut lanes: Vec<LaneKey> = links.iter().map(lane_of).collect();
    lanes.sort();
    let mut all = Vec::with_capacity(lanes.len());
    for lane in lanes {
        match lanes::take(billing, &lane).await? {
            Some(held) => all.push(held),
            None => {
                return Err(BillingError::LaneBusy {
                    lane: lane.to_string(),
                });
            }
        }
    }
    Ok(all)
}

fn lane_of(link: &CustomerLink) -> LaneKey {
    LaneKey::new(link.book, &link.provider_customer_id)
}

async fn link_held(
    billing: &Billing,
    held: &[Held],
    id: CustomerId,
    owner: &Owner,
    by: By<'_>,
) -> Result<CustomerId, BillingError> {
    let mut tx = billing.store().begin().await?;
    for held in held {
        lane_fence(&mut tx, held.lease()).await?;
    }
    let customer = standing_customer(&mut tx, billing.environment(), id).await?;
    if let Some(known) = &customer.owner {
        if known == owner {
            return Ok(customer.id);
        }
        return Err(BillingError::Refused {
            code: "already_linked",
            message: format!("customer {id} belongs to {known} already"),
            hint: Some("a customer is never moved from one owner to another".to_owned()),
        });
    }
    let links = customer_links(&mut tx, customer.id).await?;
    // A link that came meanwhile has a lane that is not held.
    let is_held = |lane: LaneKey| held.iter().any(|held| held.lease().lane == lane);
    if !links.iter().map(lane_of).all(is_held) {
        return Err(BillingError::LaneBusy {
            lane: format!("customer {id}"),
        });
    }
    let (target, writes) = if let Some(known) = customer_lock_by_owner(&mut tx, owner).await? {
        let known = standing_customer(&mut tx, billing.environment(), known.id).await?;
        let theirs = customer_links(&mut tx, known.id).await?;
        (known.id, merged(&customer, links, &known, &theirs))
    } else {
        let after = Customer {
            owner: Some(owner.clone()),
            ..customer.clone()
        };
        let write = Write::Customer(RowChange {
            before: Some(customer.clone()),
            after,
        });
        (customer.id, vec![write])
    };
    let act = Act::new(by, "customer.link", customer.id, Some(target));
    let attribution = Attribution {
        source: Source::Person(act.person()),
        event: None,
        attempt: None,
        at: billing.now(),
    };
    writes_apply(&mut tx, &writes, &attribution).await?;
    act.record(&mut tx, DONE, told(&customer, owner, target)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(target)
}

/// What the audit says of a link: the owner before and after, and where the customer went if it was emptied.
fn told(customer: &Customer, owner: &Owner, target: CustomerId) -> Vec<Difference> {
    let mut fields = vec![Difference {
        field: "owner".to_owned(),
        before: serde_json::Value::Null,
        after: owner.to_string().into(),
    }];
    if target != customer.id {
        fields.push(Difference {
            field: "merged_into".to_owned(),
            before: serde_json::Value::Null,
            after: target.to_string().into(),
        });
    }
    fields
}

/// The links of a customer that nobody owns, moved to the owner's customer; the emptied one points there. One link of the
/// owner is the default in each book: the one it had, else the first that comes.
pub(super) fn merged(
    emptied: &Customer,
    links: Vec<CustomerLink>,
    owner: &Customer,
    theirs: &[CustomerLink],
) -> Vec<Write> {
    let mut defaults: Vec<_> = theirs
        .iter()
        .filter(|link| link.is_default)
        .map(|link| link.book)
        .collect();
    let mut filled = owner.clone();
    let mut moves = Vec::with_capacity(links.len());
    for link in links {
        let is_default = !defaults.contains(&link.book);
        if is_default {
            defaults.push(link.book);
            // What the application never said of its owner may come from the provider; what it said stays.
            filled.email = filled.email.or_else(|| link.email.clone());
            filled.name = filled.name.or_else(|| link.name.clone());
            filled.country = filled.country.or_else(|| emptied.country.clone());
        }
        moves.push(Write::Link(RowChange {
            after: CustomerLink {
                customer_id: owner.id,
                is_default,
                ..link.clone()
            },
            before: Some(link),
        }));
    }
    let mut writes = Vec::new();
    if filled != *owner {
        writes.push(Write::Customer(RowChange {
            before: Some(owner.clone()),
            after: filled,
        }));
    }
    writes.push(Write::Customer(RowChange {
        before: Some(emptied.clone()),
        after: Customer {
            merged_into: Some(owner.id),
            ..emptied.clone()
        },
    }));
    writes.extend(moves);
    writes
}

/// The customer that answers for this id: itself, or the one it was merged into.
pub(super) async fn look(
    conn: &mut PgConnection,
    environment: Environment,
    id: CustomerId,
) -> Result<Customer, BillingError> {
    let found = customer_standing(conn, environment, id).await?;
    found.ok_or_else(|| not_found(environment, id))
}

/// The customer that answers for this id, locked until the transaction ends.
pub(super) async fn standing_customer(
    conn: &mut PgConnection,
    environment: Environment,
    id: CustomerId,
) -> Result<Customer, BillingError> {
    let mut id = id;
    for _ in 0..MERGES {
        let found = customer_lock(conn, environment, id).await?;
        let customer = found.ok_or_else(|| not_found(environment, id))?;
        match customer.merged_into {
            Some(next) => id = next,
            None => return Ok(customer),
        }
    }
    Err(not_found(environment, id))
}

fn not_found(environment: Environment, id: CustomerId) -> BillingError {
    BillingError::NotFound {
        what: "customer",
        id: id.to_string(),
        environment,
    }
}
