//! What a provider can do, and by what means. Faces ask this before they offer an action, and say why they do not.

use serde::{Deserialize, Serialize};

use super::provider::words;

/// Something that a provider may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// A hosted page on which a plan is subscribed.
    SubscriptionCheckout,
    /// A hosted page on which something is paid once.
    PaymentCheckout,
    /// A page on which the payer looks after subscriptions and cards.
    Portal,
    /// A time without payment at the start.
    Trials,
    /// More than one of a plan.
    Seats,
    /// Another plan for a running subscription.
    ChangePlan,
    /// The difference of a change in the middle of a period is settled.
    Proration,
    /// A change that waits for the next period.
    ScheduledChange,
    /// A subscription rests and goes on later.
    Pause,
    /// A cancellation that waits for the end of the period.
    CancelAtPeriodEnd,
    /// Usage is told to the provider, which bills it.
    MeteredUsage,
    /// Money is given back through the provider.
    Refunds,
    /// Disputes are told, or can be read.
    Disputes,
    /// The provider lists the events it has made.
    EventList,
    /// The provider delivers an event once more when asked.
    Redelivery,
    /// The country of the card is told.
    CardCountry,
    /// Customers are found by their e-mail address.
    CustomerSearch,
}

words!(Capability, "capability", {
    SubscriptionCheckout => "subscription_checkout", PaymentCheckout => "payment_checkout", Portal => "portal",
    Trials => "trials", Seats => "seats", ChangePlan => "change_plan", Proration => "proration",
    ScheduledChange => "scheduled_change", Pause => "pause", CancelAtPeriodEnd => "cancel_at_period_end",
    MeteredUsage => "metered_usage", Refunds => "refunds", Disputes => "disputes", EventList => "event_list",
    Redelivery => "redelivery", CardCountry => "card_country", CustomerSearch => "customer_search",
});

/// By what means a provider's customers get something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "means", content = "how")]
pub enum Means {
    /// The provider does it.
    Native,
    /// billdeck keeps the intent and carries it out; the text says how.
    Kept(&'static str),
    /// It cannot be had; the text says why, and what stands in where something does.
    Impossible(&'static str),
}

impl Means {
    /// Whether it can be had at all.
    pub const fn is_possible(self) -> bool {
        match self {
            Self::Native | Self::Kept(_) => true,
            Self::Impossible(_) => false,
        }
    }

    /// The stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Kept(_) => "kept",
            Self::Impossible(_) => "impossible",
        }
    }
}
