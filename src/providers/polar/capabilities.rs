//! What Polar can do (Polar docs: Checkout, Subscriptions, Usage-based billing, Webhooks).

use crate::domain::capability::{Capability, Means};

/// By what means Polar's customers get something.
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
        | Capability::Redelivery
        | Capability::CustomerSearch => Means::Native,
        Capability::Disputes => Means::Kept(
            "Polar sends no event about a dispute; billdeck reads Polar's list of disputes instead",
        ),
        Capability::EventList => Means::Kept(
            "Polar lists deliveries, not events; billdeck takes the events from that list, in which those that were \
             skipped while an endpoint was off are missing",
        ),
        Capability::CardCountry => Means::Impossible(
            "Polar tells a card's brand and last four digits only; the country of the billing address stands in",
        ),
    }
}
