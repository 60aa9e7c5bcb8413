//! Money going back: refunds and disputes.

use super::cx::Cx;
use super::error::ApiError;
use super::objects::{Dispute, DisputeStatus, Metadata, Refund, RefundStatus};

impl Cx<'_> {
    /// Gives back `amount`, or what is left.
    pub(crate) fn refund(
        &mut self,
        charge_id: &str,
        amount: Option<i64>,
        reason: Option<String>,
        metadata: Metadata,
    ) -> Result<String, ApiError> {
        let charge = self.state.charge(charge_id, "charge")?.clone();
        if charge.decline.is_some() {
            return Err(ApiError::not_now(format!(
                "Charge {charge_id} has not succeeded, so it cannot be refunded."
            )));
        }
        let left = charge.amount - charge.amount_refunded;
        if left == 0 {
            let message = format!("Charge {charge_id} has already been refunded.");
            return Err(ApiError::not_now(message).with_code("charge_already_refunded"));
        }
        if charge.disputed {
            let message = format!("Charge {charge_id} has been charged back; cannot issue a refund.");
            return Err(ApiError::not_now(message).with_code("charge_disputed"));
        }
        let amount = amount.unwrap_or(left);
        if amount <= 0 || amount > left {
            let message =
                format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).");
            return Err(ApiError::invalid_param("amount", message));
        }
        let refund = Refund {
            id: self.state.ids.make("re"),
            created: self.now(),
            amount,
            currency: charge.currency,
            charge: charge.id,
            payment_intent: charge.payment_intent,
            customer: charge.customer,
            payment_method: charge.method.id,
            reason,
            status: RefundStatus::Succeeded,
            metadata,
            balance_transaction: self.state.ids.make("txn"),
        };
        let (id, object) = (refund.id.clone(), refund.render());
        self.state.refunds.insert(refund);
        self.emit("refund.created", object);
        self.change_charge("charge.refunded", charge_id, |charge| {
            charge.amount_refunded += amount;
        });
        Ok(id)
    }

    /// The money comes back from the customer's bank: the refund fails after all.
    pub(crate) fn fail_refund(&mut self, refund_id: &str) -> Result<(), ApiError> {
        let missing = || ApiError::no_such("refund", refund_id, "id");
        let refund = self.state.refunds.get(refund_id).cloned().ok_or_else(missing)?;
        if refund.status == RefundStatus::Failed {
            return Err(ApiError::not_now("The refund has already failed."));
        }
        self.change_refund(refund_id, |refund| refund.status = RefundStatus::Failed);
        if let Some(refund) = self.state.refunds.get(refund_id) {
            let object = refund.render();
            self.emit("refund.failed", object);
        }
        self.change_charge("charge.updated", &refund.charge, |charge| {
            charge.amount_refunded -= refund.amount;
        });
        Ok(())
    }

    /// The customer's bank takes the money back, for now.
    pub(crate) fn open_dispute(&mut self, charge_id: &str, reason: &str) -> Result<String, ApiError> {
        let charge = self.state.charge(charge_id, "charge")?.clone();
        if charge.disputed || charge.decline.is_some() {
            return Err(ApiError::not_now(format!(
                "Charge {charge_id} cannot be disputed."
            )));
        }
        let withdrawal = (self.state.ids.make("txn"), self.now(), -charge.amount);
        let dispute = Dispute {
            id: self.state.ids.make("du"),
            created: self.now(),
            amount: charge.amount,
            currency: charge.currency,
            charge: charge.id,
            payment_intent: charge.payment_intent,
            brand: charge.method.card.brand,
            reason: reason.to_owned(),
            status: DisputeStatus::NeedsResponse,
            metadata: Metadata::new(),
            balance_transactions: vec![withdrawal],
            closed_at: None,
        };
        let (id, object) = (dispute.id.clone(), dispute.render(self.state.livemode));
        self.state.disputes.insert(dispute);
        self.emit("charge.dispute.created", object.clone());
        self.change_charge("charge.updated", charge_id, |charge| charge.disputed = true);
        self.emit("charge.dispute.funds_withdrawn", object);
        Ok(id)
    }

    /// The bank decides.
    pub(crate) fn close_dispute(&mut self, dispute_id: &str, won: bool) -> Result<(), ApiError> {
        let now = self.now();
        let reinstatement = self.state.ids.make("txn");
        let missing = || ApiError::no_such("dispute", dispute_id, "id");
        let dispute = self.state.disputes.get_mut(dispute_id).ok_or_else(missing)?;
        if dispute.status != DisputeStatus::NeedsResponse {
            return Err(ApiError::not_now("This dispute is already closed."));
        }
        dispute.status = if won {
            DisputeStatus::Won
        } else {
            DisputeStatus::Lost
        };
        dispute.closed_at = Some(now);
        if won {
            dispute
                .balance_transactions
                .push((reinstatement, now, dispute.amount));
        }
        let object = dispute.render(self.state.livemode);
        self.emit("charge.dispute.closed", object.clone());
        if won {
            self.emit("charge.dispute.funds_reinstated", object);
        }
        Ok(())
    }
}
