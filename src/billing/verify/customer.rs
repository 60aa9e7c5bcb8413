//! What the providers know of a customer: its subscriptions, and the newest few hundred of its orders, payments, refunds and
//! disputes, read anew at every provider that knows it. This mends what no event brings any more; a list that was not
//! read to its end is named in the notes.

use sqlx::{Postgres, Transaction};

use super::{
    Check, End, Provided,
    report::{as_verdicts, row_differences},
};
use crate::{
    billing::{
        Billing, BillingError,
        acts::{Act, By},
        case::{Case, Judgement},
        lanes,
        linking::look,
        reader::{Reader, Seen, in_words, testify, ticket},
        subject::{api_of, room_of},
    },
    domain::{
        customer::CustomerLink,
        event::Problem,
        ids::CustomerId,
        plan::Plan,
        provider::{LaneKey, ObjectKind, ObjectRef},
        views::action::RowDiff,
    },
    providers::{Answer, ReadObject},
    store::{StoreError, apply::plan_apply, customer::customer_links, lane::Lease},
};

/// What is read of a customer beside its subscriptions. What is mentioned comes before what mentions it.
const KINDS: [ObjectKind; 5] = [
    ObjectKind::Order,
    ObjectKind::Payment,
    ObjectKind::Charge,
    ObjectKind::Refund,
    ObjectKind::Dispute,
];

/// Ours beside the provider's, for all of a customer at one provider.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerVerification {
    /// The provider's customer.
    pub link: CustomerLink,
    /// Rows in which the provider's word differs from ours; empty: they agree.
    pub changes: Vec<RowDiff>,
    /// The provider's word has been written over ours.
    pub applied: bool,
    /// Things a person should know.
    pub notes: Vec<String>,
}

/// Reads what the providers know of a customer, one report per link in the environment served. `provided` says what
/// is done about differences; a customer of a provider that is off is an error, and what came before it stands.
pub async fn verify_customer(
    billing: &Billing,
    id: CustomerId,
    provided: Provided,
    by: Option<By<'_>>,
) -> Result<Vec<CustomerVerification>, BillingError> {
    let provided = provided.within(billing);
    let (customer, links) = {
        let mut tx = billing.store().begin_read_only().await?;
        let customer = look(&mut tx, billing.environment(), id).await?;
        let links = customer_links(&mut tx, customer.id).await?;
        (customer, links)
    };
    let mut reports = Vec::new();
    for link in links {
        if link.book.environment != billing.environment() {
            continue;
        }
        let act = by.map(|by| {
            let action = provided.action("customer.verify", "customer.verify.apply");
            Act::new(by, action, customer.id, Some(customer.id))
        });
        reports.push(verify_link(billing, link, provided, act).await?);
    }
    billing.tell();
    Ok(reports)
}

async fn verify_link(
    billing: &Billing,
    link: CustomerLink,
    provided: Provided,
    act: Option<Act<'_>>,
) -> Result<CustomerVerification, BillingError> {
    let lane = LaneKey::new(link.book, &link.provider_customer_id);
    if provided == Provided::Shown {
        return verify_held(billing, &link, provided, act, None).await;
    }
    let Some(held) = lanes::take(billing, &lane).await? else {
        return Err(BillingError::LaneBusy {
            lane: lane.to_string(),
        });
    };
    let done = verify_held(billing, &link, provided, act, Some(held.lease())).await;
    held.release().await;
    done
}

async fn verify_held(
    billing: &Billing,
    link: &CustomerLink,
    provided: Provided,
    act: Option<Act<'_>>,
    lease: Option<&Lease>,
) -> Result<CustomerVerification, BillingError> {
    let check = Check::begin(billing, link.customer_id.to_string(), act);
    let mut reader = Reader::default();
    let judged = judge(billing, link, &mut reader, lease).await;
    let (tx, judgement, case, cut) = match judged {
        Ok(judged) => judged,
        Err(error) => {
            let problem = Problem {
                code: error.code().to_owned(),
                message: in_words(&error),
            };
            if lease.is_some() {
                check.failed(&reader, problem).await;
            }
            return Err(error);
        }
    };
    let (plan, end) = match judgement {
        Judgement::Plan(plan) => {
            let end = if row_differences(&plan).is_empty() {
                "verified"
            } else {
                "mismatch"
            };
            (plan, End::well(end))
        }
        Judgement::Wait {
            problem, meanwhile, ..
        } => {
            let end = End {
                word: "waiting",
                problem: Some(problem),
            };
            (meanwhile, end)
        }
        Judgement::Fail { problem, .. } => {
            drop(tx);
            if lease.is_some() {
                check.failed(&reader, problem.clone()).await;
            }
            return Err(BillingError::Problem(problem));
        }
        Judgement::Elsewhere { lane, .. } => {
            return Err(BillingError::LaneBusy {
                lane: lane.to_string(),
            });
        }
    };
    let mut notes = plan.notes.clone();
    notes.extend(cut.iter().map(|kind| cut_note(link, *kind)));
    notes.extend(end.problem.iter().map(|problem| problem.message.clone()));
    let report = CustomerVerification {
        link: link.clone(),
        changes: row_differences(&plan),
        applied: provided == Provided::Applied,
        notes,
    };
    if lease.is_some() {
        settle(tx, &check, &reader, (&plan, end), provided, &case).await?;
    }
    Ok(report)
}

async fn settle(
    mut tx: Transaction<'static, Postgres>,
    check: &Check<'_>,
    reader: &Reader,
    (plan, end): (&Plan, End),
    provided: Provided,
    case: &Case,
) -> Result<(), BillingError> {
    let (written, end) = match provided {
        Provided::Applied => {
            let word = if end.problem.is_none() {
                "applied"
            } else {
                end.word
            };
            (plan.clone(), End { word, ..end })
        }
        Provided::Noted | Provided::Shown => (as_verdicts(plan, check.billing.now()), end),
    };
    plan_apply(&mut tx, case.book(), &written, case.raw(), &check.attribution()).await?;
    check.record(&mut tx, reader, end, Vec::new()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

fn cut_note(link: &CustomerLink, kind: ObjectKind) -> String {
    format!(
        "{} has more of the kind `{kind}` for {} than was read: only the newest were compared",
        link.book.provider, link.provider_customer_id
    )
}

/// Gives back, too, the kinds of which the provider has more than was read.
async fn judge(
    billing: &Billing,
    link: &CustomerLink,
    reader: &mut Reader,
    lease: Option<&Lease>,
) -> Result<(Transaction<'static, Postgres>, Judgement, Case, Vec<ObjectKind>), BillingError> {
    let room = room_of(billing, link.book)?;
    let api = api_of(&room)?;
    let customer = ObjectRef::new(ObjectKind::Customer, link.provider_customer_id.clone());
    let mut seen: Vec<Seen> = Vec::new();
    seen.extend(reader.read(billing, link.book, &customer, None, None).await?);

    // The customer has been read for itself: a list that knows none of it says nothing about whether it exists.
    let mut cut = Vec::new();
    let mut take = |kind, listed: Answer<ReadObject>, listing| {
        if listed.value.is_cut {
            cut.push(kind);
        }
        let mut told = testify(listed, listing, None);
        told.testimony
            .observations
            .retain(|observation| observation.object() != customer);
        seen.push(told);
    };
    let listing = ticket(billing).await?;
    take(
        ObjectKind::Subscription,
        api.subscriptions_of(&customer.id).await?,
        listing,
    );
    for kind in KINDS {
        let listing = ticket(billing).await?;
        reader.last_ticket = Some(listing);
        take(kind, api.objects_of(&customer.id, kind).await?, listing);
    }
    let mut case = Case::of_reads(link.book, seen);
    let (tx, judgement) = case.judge(billing, reader, lease).await?;
    Ok((tx, judgement, case, cut))
}
