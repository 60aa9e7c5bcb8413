//! Invoices of subscriptions: what stands on them, and how they come to be asked for.

use jiff::Timestamp;

use super::super::clock::{hours, plus};
use super::agenda::Due;
use super::calendar::prorated;
use super::cx::Cx;
use super::objects::{
    BillingReason, Invoice, InvoiceStatus, Item, Line, LineOrigin, Metadata, PendingLine, Period, Price,
};
use super::state::State;

/// `19.00`, for the descriptions on lines; good enough for currencies with two decimals.
fn plain_amount(amount: i64) -> String {
    format!("{}.{:02}", amount / 100, (amount % 100).abs())
}

fn line_of_item(state: &mut State, item: &Item, free: bool) -> Option<Line> {
    let price = state.prices.get(&item.price)?.clone();
    let name = state.product_name(&price);
    let description = match (free, price.recurring) {
        (true, _) => format!("Trial period for {name}"),
        (false, Some(recurring)) => {
            format!(
                "{} × {name} (at ${} / {})",
                item.quantity,
                plain_amount(price.unit_amount),
                recurring.word()
            )
        }
        (false, None) => format!("{} × {name}", item.quantity),
    };
    let unit_amount = if free { 0 } else { price.unit_amount };
    Some(Line {
        id: state.ids.make("il"),
        amount: unit_amount.saturating_mul(item.quantity),
        description,
        period: item.period,
        price: price.id,
        product: price.product,
        unit_amount,
        quantity: item.quantity,
        origin: LineOrigin::Item(item.id.clone()),
    })
}

fn line_of_proration(state: &mut State, pending: PendingLine) -> Option<Line> {
    let (product, unit_amount) = {
        let price = state.prices.get(&pending.price)?;
        (price.product.clone(), price.unit_amount)
    };
    Some(Line {
        id: state.ids.make("il"),
        amount: pending.amount,
        description: pending.description,
        period: pending.period,
        price: pending.price,
        product,
        unit_amount,
        quantity: pending.quantity,
        origin: LineOrigin::Proration(pending.invoice_item),
    })
}

/// Credit for the rest of what was paid for (negative) or debit for the rest of what is now used.
pub(crate) fn proration(
    state: &mut State,
    price: &Price,
    quantity: i64,
    period: Period,
    at: Timestamp,
    credit: bool,
) -> PendingLine {
    let name = state.product_name(price);
    let day = at.strftime("%-d %b %Y");
    let full = price.unit_amount.saturating_mul(quantity);
    let amount = if credit {
        -prorated(full, period, at)
    } else {
        prorated(full, period, at)
    };
    let of = if quantity == 1 {
        name
    } else {
        format!("{quantity} × {name}")
    };
    let description = if credit {
        format!("Unused time on {of} after {day}")
    } else {
        format!("Remaining time on {of} after {day}")
    };
    PendingLine {
        invoice_item: state.ids.make("ii"),
        price: price.id.clone(),
        quantity,
        amount,
        period: Period {
            start: at,
            end: period.end,
        },
        description,
    }
}

/// What an invoice is drawn up from.
pub(crate) struct Bill {
    pub(crate) reason: BillingReason,
    /// The span that the invoice itself carries; for a renewal the one that has just ended.
    pub(crate) period: Period,
    /// Items to bill at their regular price.
    pub(crate) items: Vec<Item>,
    /// The items cost nothing now, as in a trial.
    pub(crate) free: bool,
    /// Whether the waiting credits and debits are taken along.
    pub(crate) with_pending: bool,
}

impl Cx<'_> {
    /// Draws up a draft and makes it the subscription's latest invoice, without telling anybody yet.
    pub(crate) fn draw_up(&mut self, subscription_id: &str, bill: &Bill) -> Option<String> {
        let invoice = self.composed(subscription_id, bill)?;
        let id = invoice.id.clone();
        self.state.invoices.insert(invoice);
        if let Some(subscription) = self.state.subscriptions.get_mut(subscription_id) {
            subscription.latest_invoice = Some(id.clone());
        }
        Some(id)
    }

    /// The draft alone. Waiting credits and debits are taken off the subscription when they are taken along.
    pub(crate) fn composed(&mut self, subscription_id: &str, bill: &Bill) -> Option<Invoice> {
        let created = self.now();
        let subscription = self.state.subscriptions.get_mut(subscription_id)?;
        let pending = if bill.with_pending {
            std::mem::take(&mut subscription.pending_lines)
        } else {
            Vec::new()
        };
        let (customer_id, currency) = (subscription.customer.clone(), subscription.currency.clone());
        let subscription_metadata: Metadata = subscription.metadata.clone();
        let customer = self.state.customers.get(&customer_id)?.clone();
        let mut lines: Vec<Line> = pending
            .into_iter()
            .filter_map(|pending| line_of_proration(self.state, pending))
            .collect();
        lines.extend(
            bill.items
                .iter()
                .filter_map(|item| line_of_item(self.state, item, bill.free)),
        );
        Some(Invoice {
            id: self.state.ids.make("in"),
            created,
            customer: customer_id,
            customer_email: customer.email,
            customer_name: customer.name,
            customer_address: customer.address,
            subscription: subscription_id.to_owned(),
            subscription_metadata,
            currency,
            status: InvoiceStatus::Draft,
            billing_reason: bill.reason,
            period: bill.period,
            lines,
            number: None,
            attempt_count: 0,
            attempted: false,
            auto_advance: true,
            finalizes_at: None,
            next_payment_attempt: None,
            amount_paid: 0,
            starting_balance: 0,
            ending_balance: None,
            finalized_at: None,
            paid_at: None,
            voided_at: None,
            uncollectible_at: None,
            payment: None,
            metadata: Metadata::new(),
        })
    }

    /// Tells of the draft and sets the hour after which it is asked for.
    pub(crate) fn leave_as_draft(&mut self, invoice_id: &str) {
        let finalizes_at = plus(self.now(), hours(1));
        let Some(invoice) = self.state.invoices.get_mut(invoice_id) else {
            return;
        };
        let customer = invoice.customer.clone();
        if invoice.auto_advance {
            invoice.finalizes_at = Some(finalizes_at);
            self.schedule(
                finalizes_at,
                Some(&customer),
                Due::Finalize {
                    invoice: invoice_id.to_owned(),
                },
            );
        }
        self.emit_invoice("invoice.created", invoice_id);
    }

    /// Gives the draft its number and asks for the money: uses up the customer's credit and makes the payment intent.
    pub(crate) fn finalize(&mut self, invoice_id: &str) {
        let now = self.now();
        let Some((customer_id, total)) = self
            .state
            .invoices
            .get(invoice_id)
            .map(|invoice| (invoice.customer.clone(), invoice.total()))
        else {
            return;
        };
        let (mut number, mut starting_balance) = (None, 0);
        if let Some(customer) = self.state.customers.get_mut(&customer_id) {
            number = Some(format!(
                "{}-{:04}",
                customer.invoice_prefix, customer.next_invoice
            ));
            customer.next_invoice += 1;
            starting_balance = customer.balance;
        }
        let ending_balance = (starting_balance + total).min(0);
        self.change_invoice(invoice_id, |invoice| {
            invoice.status = InvoiceStatus::Open;
            invoice.number = number;
            invoice.finalizes_at = None;
            invoice.finalized_at = Some(now);
            invoice.starting_balance = starting_balance;
            invoice.ending_balance = Some(ending_balance);
        });
        if ending_balance != starting_balance {
            self.change_customer(&customer_id, |customer| customer.balance = ending_balance);
        }
        self.emit_invoice("invoice.finalized", invoice_id);
        self.request_payment(invoice_id);
    }

    /// Ends an invoice that will not be paid.
    pub(crate) fn void(&mut self, invoice_id: &str) {
        let now = self.now();
        self.change_invoice(invoice_id, |invoice| {
            invoice.status = InvoiceStatus::Void;
            invoice.voided_at = Some(now);
            invoice.auto_advance = false;
            invoice.next_payment_attempt = None;
        });
        self.emit_invoice("invoice.voided", invoice_id);
        self.withdraw_payment(invoice_id);
    }

    /// Gives up on an invoice without waiving it: it can still be paid.
    pub(crate) fn mark_uncollectible(&mut self, invoice_id: &str) {
        let now = self.now();
        self.change_invoice(invoice_id, |invoice| {
            invoice.status = InvoiceStatus::Uncollectible;
            invoice.uncollectible_at = Some(now);
            invoice.auto_advance = false;
            invoice.next_payment_attempt = None;
        });
        self.emit_invoice("invoice.marked_uncollectible", invoice_id);
    }
}
