//! Cancelling and resuming a subscription at its provider.
//!
//! The intention is committed before the call, under the lane's lease, with the key that makes the call safe to repeat;
//! the answer is taken in like any read of the provider. An answer that was lost makes the stored state `pending`: a
//! verification settles it.

use sqlx::PgConnection;

use super::{
    Billing, BillingError,
    acts::{Act, By, DONE, UNKNOWN},
    case::{Case, JudgeError, Judgement},
    lanes,
    reader::{ReadError, Reader, in_words, testify, ticket},
    subject::Subject,
};
use crate::{
    domain::{
        ids::{ObjectId, SubscriptionId},
        plan::{Plan, RowChange, Write, differences},
        subscription::{Difference, Subscription, SubscriptionStatus, Verification},
    },
    providers::{Answer, CancelWhen, ProviderApi, ProviderError, ReadObject, SubscriptionAt},
    store::{
        StoreError,
        apply::{Attribution, Source, plan_apply, writes_apply},
        known::subscription_known,
        lane::{Lease, lane_fence},
    },
};

/// Cancels a subscription, now or with its period; gives back what is stored afterwards.
pub async fn cancel(
    billing: &Billing,
    id: SubscriptionId,
    when: CancelWhen,
    by: By<'_>,
) -> Result<Subscription, BillingError> {
    change(billing, id, Wish::Cancel(when), by).await
}

/// Takes a scheduled cancellation back, or resumes a paused subscription; gives back what is stored afterwards.
pub async fn resume(billing: &Billing, id: SubscriptionId, by: By<'_>) -> Result<Subscription, BillingError> {
    change(billing, id, Wish::Resume, by).await
}

async fn change(
    billing: &Billing,
    id: SubscriptionId,
    wish: Wish,
    by: By<'_>,
) -> Result<Subscription, BillingError> {
    let subject = Subject::find(billing, id).await?;
    let lane = subject.lane();
    let Some(held) = lanes::take(billing, &lane).await? else {
        return Err(BillingError::LaneBusy {
            lane: lane.to_string(),
        });
    };
    let change = Change {
        billing,
        subject: &subject,
        lease: held.lease(),
        act: Act::new(by, wish.action(), id, Some(subject.place.customer_id)),
    };
    let done = change.carry_out(wish).await;
    held.release().await;
    billing.tell();
    done
}

/// What is wanted of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Cancel(CancelWhen),
    Resume,
}

impl Wish {
    const fn action(self) -> &'static str {
        match self {
            Self::Cancel(CancelWhen::Now) => "subscription.cancel.now",
            Self::Cancel(CancelWhen::PeriodEnd) => "subscription.cancel.period_end",
            Self::Resume => "subscription.resume",
        }
    }

    async fn call(
        self,
        api: &dyn ProviderApi,
        at: SubscriptionAt<'_>,
        key: &str,
    ) -> Result<Answer<ReadObject>, ProviderError> {
        match self {
            Self::Cancel(when) => api.subscription_cancel(at, when, key).await,
            Self::Resume => api.subscription_resume(at, key).await,
        }
    }

    /// What stands in the way, going by what is stored.
    fn refusal(self, row: &Subscription, id: &ObjectId) -> Option<BillingError> {
        let refused = |code, message: String, hint: &str| {
            Some(BillingError::Refused {
                code,
                message,
                hint: Some(hint.to_owned()),
            })
        };
        match (self, row.status) {
            (Self::Cancel(_), status) if status.is_terminal() => refused(
                "already_ended",
                format!("subscription {id} is {status} already"),
                "verify it with the provider if that is not so",
            ),
            (Self::Resume, status) if status.is_terminal() => refused(
                "already_ended",
                format!("subscription {id} is {status}; what has ended cannot be resumed"),
                "start a new checkout for the customer",
            ),
            (Self::Cancel(CancelWhen::PeriodEnd), _) if row.cancel_at_period_end => refused(
                "already_scheduled",
                match row.cancel_at.or(row.period.map(|period| period.end)) {
                    Some(end) => format!("subscription {id} ends on {end} already"),
                    None => format!("subscription {id} ends with its period already"),
                },
                "cancel it now if it is to end at once",
            ),
            (Self::Resume, status)
                if status != SubscriptionStatus::Paused
                    && !row.cancel_at_period_end
                    && row.cancel_at.is_none() =>
            {
                refused(
                    "nothing_scheduled",
                    format!("subscription {id} is {status} and no end is scheduled"),
                    "verify it with the provider if that is not so",
                )
            }
            (Self::Cancel(_) | Self::Resume, _) => None,
        }
    }
}

/// One change, under the lease of its lane.
struct Change<'a> {
    billing: &'a Billing,
    subject: &'a Subject,
    lease: &'a Lease,
    act: Act<'a>,
}

impl Change<'_> {
    async fn carry_out(&self, wish: Wish) -> Result<Subscription, BillingError> {
        let (key, before) = self.request(wish).await?;
        let ticket = ticket(self.billing).await?;
        match wish
            .call(
                self.subject.api()?,
                SubscriptionAt {
                    id: &self.subject.object.id,
                    customer: self.subject.customer(),
                },
                &key,
            )
            .await
        {
            Ok(answer) => self
                .take_in(answer, ticket)
                .await
                .map_err(|error| BillingError::Unrecorded {
                    provider: self.subject.book().provider,
                    source: Box::new(error),
                }),
            Err(error) => {
                self.record_failure(&error, before).await;
                Err(error.into())
            }
        }
    }

    /// Commits the intention, unless what is stored stands in its way. From then on the row waits for its proof: a process
    /// that ends before the answer is taken in leaves nothing that looks certain. Gives back what the row's verification
    /// was.
    async fn request(&self, wish: Wish) -> Result<(String, Verification), BillingError> {
        let mut tx = self.billing.store().begin().await?;
        lane_fence(&mut tx, self.lease).await?;
        let row = self.stored(&mut tx).await?;
        if let Some(refusal) = wish.refusal(&row, &self.subject.object.id) {
            return Err(refusal);
        }
        let key = self.act.requested(&mut tx).await?;
        self.verification_set(&mut tx, Verification::Pending).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok((key, row.verification))
    }

    /// Takes the provider's answer in: it is a read, and this person's doing.
    async fn take_in(&self, answer: Answer<ReadObject>, ticket: i64) -> Result<Subscription, BillingError> {
        let mut reader = Reader::default();
        let mut case = Case::of_reads(self.subject.book(), [testify(answer, ticket, None)]);
        let judged = case.judge(self.billing, &mut reader, Some(self.lease)).await;
        let (mut tx, plan, settled) = match judged {
            Ok((tx, Judgement::Plan(plan))) => (tx, plan, Ok(())),
            // A price in no plan: the row follows when the catalogue names it.
            Ok((tx, Judgement::Wait { meanwhile, .. })) => (tx, meanwhile, Ok(())),
            Ok((tx, Judgement::Fail { problem, .. })) => {
                drop(tx);
                (
                    self.fenced().await?,
                    Plan::default(),
                    Err(BillingError::Problem(problem)),
                )
            }
            Ok((tx, Judgement::Elsewhere { lane, .. })) => {
                drop(tx);
                let busy = BillingError::LaneBusy {
                    lane: lane.to_string(),
                };
                (self.fenced().await?, Plan::default(), Err(busy))
            }
            Err(JudgeError::Read(ReadError::Provider(error))) => {
                (self.fenced().await?, Plan::default(), Err(error.into()))
            }
            Err(JudgeError::Read(ReadError::Store(error)) | JudgeError::Store(error)) => {
                return Err(error.into());
            }
        };
        plan_apply(&mut tx, case.book(), &plan, case.raw(), &self.attribution()).await?;
        let differences = match self.own_change(&plan) {
            Some(differences) => differences,
            // Done there and not to be seen here yet: nobody may take the row for certain.
            None if !plan.verdicts.contains_key(&self.subject.object) => {
                self.verification_set(&mut tx, Verification::Pending).await?;
                Vec::new()
            }
            None => Vec::new(),
        };
        self.act.record(&mut tx, DONE, differences).await?;
        let row = self.stored(&mut tx).await?;
        tx.commit().await.map_err(StoreError::from)?;
        settled.map(|()| row)
    }

    /// The provider's answer is passed on whatever happens here, so a database that cannot record it is only logged.
    async fn record_failure(&self, error: &ProviderError, before: Verification) {
        let recorded = async {
            let mut tx = self.fenced().await?;
            let outcome = if error.outcome_unknown() {
                UNKNOWN
            } else {
                // Nothing was changed there.
                self.verification_set(&mut tx, before).await?;
                error.code()
            };
            self.act.record(&mut tx, outcome, Vec::new()).await?;
            tx.commit().await.map_err(StoreError::from)?;
            Ok::<(), BillingError>(())
        };
        if let Err(unrecorded) = recorded.await {
            tracing::warn!(
                object = %self.subject.object,
                error = %in_words(&unrecorded),
                "could not record how a call of the provider went"
            );
        }
    }

    async fn fenced(&self) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, StoreError> {
        let mut tx = self.billing.store().begin().await?;
        lane_fence(&mut tx, self.lease).await?;
        Ok(tx)
    }

    async fn verification_set(
        &self,
        conn: &mut PgConnection,
        verification: Verification,
    ) -> Result<(), BillingError> {
        let before = self.stored(conn).await?;
        if before.verification == verification {
            return Ok(());
        }
        let after = Subscription {
            verification,
            ..before.clone()
        };
        let write = Write::Subscription(RowChange {
            before: Some(before),
            after,
        });
        writes_apply(conn, &[write], &self.attribution()).await?;
        Ok(())
    }

    /// The fields of our row that the plan changes; none when it leaves the row alone.
    fn own_change(&self, plan: &Plan) -> Option<Vec<Difference>> {
        plan.writes.iter().find_map(|write| match write {
            Write::Subscription(change) if change.after.id == self.subject.place.id => {
                let mut fields = differences(change);
                fields.retain(|difference| difference.field != "verification");
                Some(fields)
            }
            Write::Subscription(_)
            | Write::Customer(_)
            | Write::Link(_)
            | Write::Checkout(_)
            | Write::Order(_)
            | Write::Payment(_)
            | Write::Refund(_)
            | Write::Dispute(_)
            | Write::OrderGone(_) => None,
        })
    }

    async fn stored(&self, conn: &mut PgConnection) -> Result<Subscription, BillingError> {
        let found = subscription_known(conn, self.subject.book(), &self.subject.object.id).await?;
        found.ok_or_else(|| BillingError::NotFound {
            what: "subscription",
            id: self.subject.place.id.to_string(),
            environment: self.billing.environment(),
        })
    }

    fn attribution(&self) -> Attribution {
        Attribution {
            source: Source::Person(self.act.person()),
            event: None,
            attempt: None,
            at: self.billing.now(),
        }
    }
}
