//! What PayMongo can do (PayMongo docs: Subscriptions, Checkout, Webhooks, Refunds).

use crate::domain::capability::{Capability, Means};

/// By what means PayMongo's customers get something.
pub(super) const fn means(what: Capability) -> Means {
    match what {
        Capability::PaymentCheckout
        | Capability::ChangePlan
        | Capability::ScheduledChange
        | Capability::Refunds
        | Capability::CardCountry
        | Capability::CustomerSearch => Means::Native,
        Capability::MeteredUsage => Means::Kept(
            "PayMongo meters nothing; usage is added as a line to the draft invoice, within the 12 hours before it opens",
        ),
        Capability::Disputes => Means::Kept(
            "PayMongo tells of disputes only where the account has access to them; a payment says that it is disputed, \
             and evidence is given in the dashboard",
        ),
        Capability::EventList => Means::Kept(
            "PayMongo lists no events; billdeck reads the state of subscriptions, invoices, payments and refunds instead",
        ),
        Capability::Redelivery => Means::Kept(
            "PayMongo delivers again only from its dashboard; billdeck reads the object's state instead",
        ),
        Capability::SubscriptionCheckout => Means::Impossible(
            "PayMongo has no page on which a subscription is paid for the first time: make the subscription and lead \
             the payer to the merchant's own page, or bill each period by a checkout session or a link",
        ),
        Capability::Portal => Means::Impossible(
            "PayMongo has no customer portal; billdeck's own actions stand in, and a checkout session or a link for what \
             is owed; a new card needs the merchant's own page",
        ),
        Capability::Trials => Means::Impossible(
            "PayMongo has no trials; a subscription can be made later, or with a later first date",
        ),
        Capability::Seats => Means::Impossible(
            "PayMongo's subscriptions have no quantity; a plan for each number of seats stands in",
        ),
        Capability::Proration => {
            Means::Impossible("PayMongo settles no differences: a change of plan counts from the next cycle")
        }
        Capability::Pause => {
            Means::Impossible("PayMongo cannot pause a subscription; cancel it and make a new one later")
        }
        Capability::CancelAtPeriodEnd => Means::Impossible(
            "PayMongo cancels at once and knows no cancellation at the end of the period; cancel when the period ends",
        ),
    }
}
