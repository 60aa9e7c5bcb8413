//! Made-up lives of a customer: what the provider's objects were at each second, and the events it told of them.

use proptest::prelude::*;

use super::{
    seen,
    world::{Told, at, money, told},
};
use crate::domain::{
    observation::{
        ChargeSeen, CheckoutProgress, Fact, FactKind, Observation, OrderSeen, PaymentSeen, RefundSeen,
        SubscriptionSeen,
    },
    order::{Collection, DisputeStatus, Failure, PaymentStatus, RefundStatus},
    subscription::{Period, SubscriptionStatus},
};

/// What happens next, if it can.
#[derive(Clone, Copy, Debug)]
enum Step {
    NewAddress,
    Renew,
    FailToRenew,
    Recover,
    GiveUp,
    ChangeSeats,
    ScheduleEnd,
    Refund { percent: u8, at_once: bool },
    SettleRefund { works: bool },
    Dispute,
    MoveDispute { won: bool },
    BuyOnce { by_session: bool, fails_first: bool },
    End,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::NewAddress),
        Just(Step::Renew),
        Just(Step::FailToRenew),
        Just(Step::Recover),
        Just(Step::GiveUp),
        Just(Step::ChangeSeats),
        Just(Step::ScheduleEnd),
        (1..=100_u8, any::<bool>()).prop_map(|(percent, at_once)| Step::Refund { percent, at_once }),
        any::<bool>().prop_map(|works| Step::SettleRefund { works }),
        Just(Step::Dispute),
        any::<bool>().prop_map(|won| Step::MoveDispute { won }),
        (any::<bool>(), any::<bool>()).prop_map(|(by_session, fails_first)| Step::BuyOnce {
            by_session,
            fails_first
        }),
        Just(Step::End),
    ]
}

/// A story: some steps, told with gaps of which many are zero, so that much happens in one second.
pub(super) fn story() -> impl Strategy<Value = Vec<Told>> {
    let gaps = prop::collection::vec(
        prop_oneof![Just(0_i64), Just(0), Just(1), Just(4), Just(3_600)],
        1..12,
    );
    (prop::collection::vec(step(), 0..10), gaps, any::<bool>()).prop_map(
        |(steps, gaps, invoices_name_payments)| {
            let mut life = Life::new(gaps, invoices_name_payments);
            life.begin();
            for step in steps {
                life.take(step);
            }
            life.told
        },
    )
}

/// The story, and an order of delivery with some events more than once.
pub(super) fn shuffled() -> impl Strategy<Value = (Vec<Told>, Vec<Told>)> {
    story().prop_flat_map(|events| {
        let again = prop::collection::vec(any::<prop::sample::Index>(), 0..6);
        (Just(events), again).prop_flat_map(|(events, again)| {
            let mut deliveries = events.clone();
            deliveries.extend(again.iter().map(|index| index.get(&events).clone()));
            (Just(events), Just(deliveries).prop_shuffle())
        })
    })
}

struct Life {
    second: i64,
    gaps: Vec<i64>,
    told: Vec<Told>,
    invoices_name_payments: bool,
    customer: crate::domain::observation::CustomerSeen,
    subscription: SubscriptionSeen,
    periods: i64,
    /// The invoice that is owed, with its payment.
    owed: Option<(OrderSeen, PaymentSeen)>,
    paid: Vec<(PaymentSeen, ChargeSeen)>,
    refunds: Vec<RefundSeen>,
    dispute: Option<crate::domain::observation::DisputeSeen>,
}

impl Life {
    fn new(gaps: Vec<i64>, invoices_name_payments: bool) -> Self {
        Self {
            second: 1_000,
            gaps,
            told: Vec::new(),
            invoices_name_payments,
            customer: seen::customer("cus_1"),
            subscription: SubscriptionSeen {
                metadata: seen::metadata(&[("organizationId", "org_1")]),
                ..seen::subscription("sub_1", SubscriptionStatus::Incomplete)
            },
            periods: 0,
            owed: None,
            paid: Vec::new(),
            refunds: Vec::new(),
            dispute: None,
        }
    }

    /// Tells of an object as it is now, some time after what was told before.
    fn tell(&mut self, observation: impl Into<Observation>, fact: Option<FactKind>) {
        let count = self.told.len();
        self.second += self.gaps[count % self.gaps.len()];
        let observation = observation.into();
        let facts = fact.map(|kind| Fact {
            object: observation.object(),
            kind,
            amount: money(1),
            at: at(self.second),
        });
        // Ids that do not grow with time, as the providers' do not.
        let name = format!("evt_{:05}", (count * 7_919 + 13) % 10_007);
        self.told.push(Told {
            facts: facts.into_iter().collect(),
            ..told(&name, self.second, observation)
        });
    }

    fn begin(&mut self) {
        self.tell(self.customer.clone(), None);
        self.tell(self.subscription.clone(), None);
        self.start_period();
        let mut session = seen::checkout("cs_1", CheckoutProgress::Paid);
        session.subscription = Some(self.subscription.id.clone());
        self.tell(session, None);
        self.pay_invoice();
    }

    fn is_alive(&self) -> bool {
        !self.subscription.status.is_terminal()
    }

    /// A new cycle with its invoice and payment, not paid yet.
    fn start_period(&mut self) {
        self.periods += 1;
        let number = self.periods;
        self.subscription.period = Some(Period {
            start: at(number * 2_592_000),
            end: at((number + 1) * 2_592_000),
        });
        let mut invoice = seen::invoice(&format!("in_{number}"), Collection::Pending);
        invoice.attempts = Some(0);
        let payment = seen::payment(&format!("pi_{number}"), PaymentStatus::Pending);
        if self.invoices_name_payments {
            invoice.payments = vec![payment.id.clone()];
        }
        self.owed = Some((invoice.clone(), payment));
        self.tell(invoice, None);
    }

    fn pay_invoice(&mut self) {
        let Some((mut invoice, mut payment)) = self.owed.take() else {
            return;
        };
        let name = payment.id.as_str().to_owned();
        let charge = ChargeSeen {
            created: Some(at(self.second)),
            ..seen::charge(&format!("ch_{name}_ok"), &name, PaymentStatus::Succeeded)
        };
        self.tell(charge.clone(), None);
        payment.status = PaymentStatus::Succeeded;
        payment.failure = None;
        payment.paid_at = Some(at(self.second));
        self.tell(payment.clone(), Some(FactKind::Paid));
        invoice.collection = Collection::Paid;
        invoice.paid_at = Some(at(self.second));
        invoice.attempts = invoice.attempts.map(|tries| tries + 1);
        self.tell(invoice.clone(), None);
        if !self.invoices_name_payments {
            self.tell(seen::link(invoice.id.as_str(), &name), None);
        }
        self.paid.push((payment, charge));
        self.subscription.status = SubscriptionStatus::Active;
        self.subscription.provider_status = "active".to_owned();
        self.tell(self.subscription.clone(), None);
    }

    fn fail_invoice(&mut self) {
        let Some((mut invoice, mut payment)) = self.owed.take() else {
            return;
        };
        let failure = Failure {
            code: Some("card_declined".to_owned()),
            decline_code: None,
            message: None,
        };
        let tries = invoice.attempts.unwrap_or(0) + 1;
        invoice.attempts = Some(tries);
        invoice.collection = Collection::Failed;
        payment.status = PaymentStatus::Failed;
        payment.failure = Some(failure.clone());
        let mut charge = seen::charge(
            &format!("ch_{}_{tries}", payment.id),
            payment.id.as_str(),
            PaymentStatus::Failed,
        );
        charge.failure = Some(failure);
        self.tell(charge, None);
        self.tell(payment.clone(), None);
        self.tell(invoice.clone(), None);
        self.owed = Some((invoice, payment));
        self.subscription.status = SubscriptionStatus::PastDue;
        self.subscription.provider_status = "past_due".to_owned();
        self.tell(self.subscription.clone(), None);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::NewAddress => {
                self.customer.email = Some(format!("ana{}@example.com", self.told.len()));
                self.tell(self.customer.clone(), None);
            }
            Step::Renew => {
                if self.is_alive() && self.owed.is_none() {
                    self.start_period();
                    self.tell(self.subscription.clone(), None);
                    self.pay_invoice();
                }
            }
            Step::FailToRenew => {
                // Once the provider has given up it tries no more.
                if self.is_alive() && self.subscription.status != SubscriptionStatus::Unpaid {
                    if self.owed.is_none() {
                        self.start_period();
                        self.tell(self.subscription.clone(), None);
                    }
                    self.fail_invoice();
                }
            }
            Step::Recover => {
                if self.is_alive() {
                    self.pay_invoice();
                }
            }
            Step::GiveUp => {
                if self.is_alive() && self.owed.is_some() {
                    self.subscription.status = SubscriptionStatus::Unpaid;
                    self.tell(self.subscription.clone(), None);
                }
            }
            Step::ChangeSeats => {
                if self.is_alive() {
                    let seats = i64::try_from(self.told.len()).unwrap();
                    self.subscription.items = vec![seen::item("price_team", seats)];
                    self.tell(self.subscription.clone(), None);
                }
            }
            Step::ScheduleEnd => {
                if self.is_alive() {
                    self.subscription.cancel_at_period_end = !self.subscription.cancel_at_period_end;
                    self.tell(self.subscription.clone(), None);
                }
            }
            Step::Refund { percent, at_once } => self.refund(percent, at_once),
            Step::SettleRefund { works } => {
                let pending = |row: &RefundSeen| row.status == RefundStatus::Pending;
                if let Some(index) = self.refunds.iter().position(pending) {
                    self.settle_refund(index, works);
                }
            }
            Step::Dispute => {
                if let (None, Some((payment, _))) = (&self.dispute, self.paid.first()) {
                    let dispute = seen::dispute("du_1", payment.id.as_str(), DisputeStatus::NeedsResponse);
                    self.dispute = Some(dispute.clone());
                    self.tell(dispute, Some(FactKind::Disputed));
                }
            }
            Step::MoveDispute { won } => {
                if let Some(mut dispute) = self.dispute.clone() {
                    dispute.status = match (dispute.status, won) {
                        (DisputeStatus::NeedsResponse, _) => DisputeStatus::UnderReview,
                        (_, true) => DisputeStatus::Won,
                        (_, false) => DisputeStatus::Lost,
                    };
                    self.dispute = Some(dispute.clone());
                    self.tell(dispute, None);
                }
            }
            Step::BuyOnce {
                by_session,
                fails_first,
            } => self.buy_once(by_session, fails_first),
            Step::End => {
                if self.is_alive() {
                    self.subscription.status = SubscriptionStatus::Canceled;
                    self.subscription.ended_at = Some(at(self.second));
                    self.tell(self.subscription.clone(), None);
                }
            }
        }
    }

    fn left(&self, payment: &PaymentSeen) -> i64 {
        let back: i64 = self
            .refunds
            .iter()
            .filter(|row| row.payment == payment.id)
            .filter(|row| matches!(row.status, RefundStatus::Pending | RefundStatus::Succeeded))
            .map(|row| row.amount.minor)
            .sum();
        payment.amount.minor - back
    }

    fn refund(&mut self, percent: u8, at_once: bool) {
        let Some((payment, _)) = self.paid.last().cloned() else {
            return;
        };
        let minor = self.left(&payment) * i64::from(percent) / 100;
        if minor == 0 {
            return;
        }
        let name = format!("re_{}", self.refunds.len());
        let refund = seen::refund(&name, payment.id.as_str(), minor, RefundStatus::Pending);
        self.refunds.push(refund.clone());
        if at_once {
            self.settle_refund(self.refunds.len() - 1, true);
        } else {
            self.tell(refund, None);
        }
    }

    fn settle_refund(&mut self, index: usize, works: bool) {
        let refund = &mut self.refunds[index];
        refund.status = if works {
            RefundStatus::Succeeded
        } else {
            RefundStatus::Failed
        };
        let refund = refund.clone();
        let payment = refund.payment.clone();
        self.tell(refund, works.then_some(FactKind::Refunded));
        let charge = self.paid.iter_mut().find(|(row, _)| row.id == payment);
        if let Some((row, charge)) = charge {
            let row = row.clone();
            let mut charge_now = charge.clone();
            charge_now.refunded_minor = row.amount.minor - self.left(&row);
            self.tell(charge_now, None);
        }
    }

    fn buy_once(&mut self, by_session: bool, fails_first: bool) {
        let name = format!("pi_once_{}", self.told.len());
        let mut payment = seen::payment(&name, PaymentStatus::Pending);
        if fails_first {
            payment.status = PaymentStatus::Failed;
            let charge = seen::charge(&format!("ch_{name}_1"), &name, PaymentStatus::Failed);
            self.tell(charge, None);
            self.tell(payment.clone(), None);
        }
        payment.status = PaymentStatus::Succeeded;
        payment.paid_at = Some(at(self.second));
        self.tell(payment.clone(), Some(FactKind::Paid));
        let charge = ChargeSeen {
            created: Some(at(self.second)),
            ..seen::charge(&format!("ch_{name}_ok"), &name, PaymentStatus::Succeeded)
        };
        self.tell(charge.clone(), None);
        if by_session {
            let mut session = seen::checkout(&format!("cs_{name}"), CheckoutProgress::Paid);
            session.payment = Some(payment.id.clone());
            self.tell(session, None);
        }
        self.paid.push((payment, charge));
    }
}
