//! One subscription, together with its customer and the customer's other subscriptions.

use sqlx::{PgConnection, Postgres, Transaction};

use super::{
    Check, End, MOVES, Provided,
    report::{
        as_verdicts, others_alive, row_differences, subscription_change, subscription_differences, word,
    },
};
use crate::{
    billing::{
        Billing, BillingError,
        acts::{Act, By},
        case::{Case, Judgement},
        lanes,
        reader::{Reader, Seen, testify, ticket},
        subject::Subject,
    },
    domain::{
        event::Problem,
        ids::SubscriptionId,
        plan::Plan,
        provider::{LaneKey, ObjectKind, ObjectRef},
        subscription::Difference,
        views::action::VerifyReport,
    },
    store::{StoreError, apply::plan_apply, known::subscription_known, lane::Lease},
};

/// Reads a subscription at its provider and says where it differs from what is stored; `provided` says what is done
/// about that. `by` is the person who asked, if one did.
pub async fn verify(
    billing: &Billing,
    id: SubscriptionId,
    provided: Provided,
    by: Option<By<'_>>,
) -> Result<VerifyReport, BillingError> {
    let subject = Subject::find(billing, id).await?;
    let verification = Verify {
        billing,
        subject: &subject,
        provided: provided.within(billing),
    };
    if verification.provided == Provided::Shown {
        return verification.show().await;
    }
    let mut lane = subject.lane();
    // The provider may have given the subscription to another customer.
    for _ in 0..MOVES {
        let Some(held) = lanes::take(billing, &lane).await? else {
            break;
        };
        let done = verification.carry_out(held.lease(), by).await;
        held.release().await;
        match done? {
            Done::Report(report) => {
                billing.tell();
                return Ok(report);
            }
            Done::Elsewhere(other) => lane = other,
        }
    }
    Err(BillingError::LaneBusy {
        lane: lane.to_string(),
    })
}

enum Done {
    Report(VerifyReport),
    Elsewhere(LaneKey),
}

struct Verify<'a> {
    billing: &'a Billing,
    subject: &'a Subject,
    provided: Provided,
}

/// What was read, ready to be judged.
struct Found {
    case: Case,
    notes: Vec<String>,
    request_id: Option<String>,
}

impl Verify<'_> {
    async fn show(&self) -> Result<VerifyReport, BillingError> {
        let mut reader = Reader::default();
        let mut found = self.read(&mut reader).await?;
        let (mut tx, judgement) = found.case.judge(self.billing, &mut reader, None).await?;
        match judgement {
            Judgement::Plan(plan) => Ok(self.report(&mut tx, &plan, None, &found).await?),
            Judgement::Wait {
                problem, meanwhile, ..
            } => {
                let report = self.report(&mut tx, &meanwhile, None, &found).await?;
                Ok(VerifyReport {
                    unsettled: Some(problem.message),
                    ..report
                })
            }
            Judgement::Fail { problem, .. } => Err(BillingError::Problem(problem)),
            // Without a lease there is no other lane to be in.
            Judgement::Elsewhere { lane, .. } => Err(BillingError::LaneBusy {
                lane: lane.to_string(),
            }),
        }
    }

    async fn carry_out(&self, lease: &Lease, by: Option<By<'_>>) -> Result<Done, BillingError> {
        let place = &self.subject.place;
        let act = by.map(|by| {
            let action = self
                .provided
                .action("subscription.verify", "subscription.verify.apply");
            Act::new(by, action, place.id, Some(place.customer_id))
        });
        let check = Check::begin(self.billing, place.id.to_string(), act);
        let mut reader = Reader::default();
        let judged = match self.read(&mut reader).await {
            Ok(mut found) => {
                let judged = found.case.judge(self.billing, &mut reader, Some(lease)).await;
                judged
                    .map(|(tx, judgement)| (tx, judgement, found))
                    .map_err(BillingError::from)
            }
            Err(error) => Err(error),
        };
        let (tx, judgement, found) = match judged {
            Ok(judged) => judged,
            Err(error) => {
                let problem = Problem {
                    code: error.code().to_owned(),
                    message: crate::billing::reader::in_words(&error),
                };
                check.failed(&reader, problem).await;
                return Err(error);
            }
        };
        match judgement {
            Judgement::Plan(plan) => {
                let report = self.settle(tx, &check, &reader, &plan, &found).await?;
                Ok(Done::Report(report))
            }
            Judgement::Wait {
                problem, meanwhile, ..
            } => {
                let report = self
                    .wait(tx, &check, &reader, (problem, &meanwhile), &found)
                    .await?;
                Ok(Done::Report(report))
            }
            Judgement::Elsewhere { lane, .. } => Ok(Done::Elsewhere(lane)),
            Judgement::Fail { problem, .. } => {
                drop(tx);
                check.failed(&reader, problem.clone()).await;
                Err(BillingError::Problem(problem))
            }
        }
    }

    /// Reads the customer, all of its subscriptions and the one that is asked about.
    async fn read(&self, reader: &mut Reader) -> Result<Found, BillingError> {
        let (billing, subject) = (self.billing, self.subject);
        let book = subject.book();
        let customer = ObjectRef::new(ObjectKind::Customer, subject.customer().clone());
        // First, since what it says of its customer decides the lane.
        let own = reader
            .read(billing, book, &subject.object, Some(&customer.id), None)
            .await?;
        let request_id = own.as_ref().and_then(|seen| seen.request_id.clone());
        let payer = reader.read(billing, book, &customer, None, None).await?;

        let listing = ticket(billing).await?;
        reader.last_ticket = Some(listing);
        let listed = subject.api()?.subscriptions_of(subject.customer()).await?;
        let mut listed = testify(listed, listing, None);
        // Both are read for themselves, which tells more than the list does.
        listed.testimony.observations.retain(|observation| {
            let object = observation.object();
            object != subject.object && object != customer
        });
        let notes = others_alive(&listed.testimony.observations, &subject.object);
        let seen: Vec<Seen> = own.into_iter().chain(payer).chain([listed]).collect();
        Ok(Found {
            case: Case::of_reads(book, seen),
            notes,
            request_id,
        })
    }

    /// Writes what the plan comes to here, and the report of it.
    async fn settle(
        &self,
        mut tx: Transaction<'static, Postgres>,
        check: &Check<'_>,
        reader: &Reader,
        plan: &Plan,
        found: &Found,
    ) -> Result<VerifyReport, BillingError> {
        let id = self.subject.place.id;
        let differences = subscription_differences(plan, id);
        let (written, end) = match self.provided {
            Provided::Applied if row_differences(plan).is_empty() => (plan.clone(), "verified"),
            Provided::Applied => (plan.clone(), "applied"),
            Provided::Noted | Provided::Shown => {
                let end = if differences.is_empty() {
                    "verified"
                } else {
                    "mismatch"
                };
                (as_verdicts(plan, self.billing.now()), end)
            }
        };
        let report = self.report(&mut tx, plan, Some(&written), found).await?;
        let by = check.attribution();
        plan_apply(&mut tx, self.subject.book(), &written, found.case.raw(), &by).await?;
        let told = match self.provided {
            Provided::Applied => differences,
            Provided::Noted | Provided::Shown => verdict_difference(&written, id),
        };
        check.record(&mut tx, reader, End::well(end), told).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(report)
    }

    /// The provider's word names a price in no plan: what does not wait for it is applied, if anything is to be.
    async fn wait(
        &self,
        mut tx: Transaction<'static, Postgres>,
        check: &Check<'_>,
        reader: &Reader,
        (problem, meanwhile): (Problem, &Plan),
        found: &Found,
    ) -> Result<VerifyReport, BillingError> {
        let mut told = Vec::new();
        let written = match self.provided {
            Provided::Applied => {
                plan_apply(
                    &mut tx,
                    self.subject.book(),
                    meanwhile,
                    found.case.raw(),
                    &check.attribution(),
                )
                .await?;
                told = subscription_differences(meanwhile, self.subject.place.id);
                Some(meanwhile)
            }
            Provided::Noted | Provided::Shown => None,
        };
        let mut report = self.report(&mut tx, meanwhile, written, found).await?;
        report.unsettled = Some(problem.message.clone());
        let end = End {
            word: "waiting",
            problem: Some(problem),
        };
        check.record(&mut tx, reader, end, told).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(report)
    }

    /// `written` is the part of the plan that is stored, if any.
    async fn report(
        &self,
        conn: &mut PgConnection,
        plan: &Plan,
        written: Option<&Plan>,
        found: &Found,
    ) -> Result<VerifyReport, StoreError> {
        let id = self.subject.place.id;
        let verification = match written.and_then(|written| subscription_change(written, id)) {
            Some(change) => word(&change.after.verification),
            None => subscription_known(conn, self.subject.book(), &self.subject.object.id)
                .await?
                .map_or("pending", |stored| word(&stored.verification)),
        };
        Ok(VerifyReport {
            subscription_id: id,
            changes: row_differences(plan),
            unsettled: None,
            applied: written.is_some() && self.provided == Provided::Applied,
            verification: verification.to_owned(),
            notes: found.notes.iter().chain(&plan.notes).cloned().collect(),
            request_id: found.request_id.clone(),
        })
    }
}

/// How sure we were, and are now.
fn verdict_difference(written: &Plan, id: SubscriptionId) -> Vec<Difference> {
    let Some(change) = subscription_change(written, id) else {
        return Vec::new();
    };
    let before = change.before.as_ref().map(|before| word(&before.verification));
    let after = word(&change.after.verification);
    if before == Some(after) {
        return Vec::new();
    }
    vec![Difference {
        field: "verification".to_owned(),
        before: before.into(),
        after: after.into(),
    }]
}
