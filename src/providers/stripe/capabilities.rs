//! What Stripe can do (Stripe docs: Checkout, Billing, Customer portal, Events).

use crate::domain::capability::{Capability, Means};

/// By what means Stripe's customers get something.
pub(super) const fn means(what: Capability) -> Means {
    match what {
        Capability::SubscriptionCheckout
        | Capability::PaymentCheckout
        | Capability::Portal
        | Capability::Trials
        | Capability::Seats
        | Capability::ChangePlan
        | Capability::Proration
        | Capability::ScheduledChange
        | Capability::Pause
        | Capability::CancelAtPeriodEnd
        | Capability::MeteredUsage
        | Capability::Refunds
        | Capability::Disputes
        | Capability::EventList
        | Capability::CardCountry
        | Capability::CustomerSearch => Means::Native,
        Capability::Redelivery => Means::Kept(
            "Stripe delivers again only from its dashboard; billdeck fetches the event from Stripe's list instead",
        ),
    }
}
