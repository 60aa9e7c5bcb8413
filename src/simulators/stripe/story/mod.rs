//! Stories: the history of one account, told at instants in the past or now.
//!
//! Only that account's time moves while its story is told. What its subscriptions do by themselves in between happens at
//! its own instant, and at the end the account has caught up with everybody else's present. Objects and events carry the
//! instants of the story; the events are delivered now.

mod telling;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::SimulatorError;
use super::super::clock::whole_seconds;
use super::Stripe;
use super::checking_out::Particulars;
use super::cx::RequestInfo;
use super::handle::refused;
use super::objects::{Address, Card, Decline};

/// Who the account belongs to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewAccount {
    /// E-mail of the customer.
    pub email: Option<String>,
    /// Name of the customer.
    pub name: Option<String>,
    /// Postal address; its country is also that of the cards that a story enters.
    pub address: Option<Address>,
    /// The customer's metadata.
    pub metadata: BTreeMap<String, String>,
}

/// When a cancellation takes effect, and in which shape it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelWhen {
    /// At once.
    Now,
    /// At the end of the period, by the API: `cancel_at_period_end` is set.
    PeriodEnd,
    /// At the end of the period, by the customer in the portal: `cancel_at` is set and the flag is not.
    Portal,
}

/// One thing that happens in a story. Steps about a subscription mean the newest one that has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Step {
    /// Buys a subscription through a checkout session.
    Subscribe {
        /// Price id.
        price: String,
        /// Seats.
        #[serde(default = "one")]
        quantity: i64,
        /// Days before the first payment.
        #[serde(default)]
        trial_days: Option<i64>,
        /// Card entered; a usual one of the account's country without it.
        #[serde(default)]
        card: Option<Card>,
        /// Metadata of session and subscription.
        #[serde(default)]
        metadata: BTreeMap<String, String>,
        /// The seller's own name for the buyer.
        #[serde(default)]
        client_reference_id: Option<String>,
    },
    /// Opens a checkout session, has this card refused, and leaves: the session expires a day later.
    AbandonCheckout {
        /// Price id.
        price: String,
        /// Reason of the refusal; the buyer does not even try without it.
        #[serde(default)]
        decline: Option<Decline>,
    },
    /// Buys something once, through a checkout session.
    Buy {
        /// What it is.
        name: String,
        /// Minor units.
        amount: i64,
        /// ISO 4217, lower case.
        currency: String,
        /// By a slow method whose money arrives, or does not, two days later; by card without it.
        #[serde(default)]
        delayed: Option<bool>,
        /// Metadata of session and payment.
        #[serde(default)]
        metadata: BTreeMap<String, String>,
    },
    /// From now on the bank refuses the customer's cards.
    CardRefuses {
        /// Reason.
        #[serde(default)]
        decline: Decline,
    },
    /// The same cards pay again from now on.
    CardPays {},
    /// Enters a new card, which pays what is open.
    NewCard {
        /// The card; a usual one of the account's country without it.
        #[serde(default)]
        card: Option<Card>,
    },
    /// Another price for the first item.
    ChangePlan {
        /// Price id.
        price: String,
        /// Seats; as before without it.
        #[serde(default)]
        quantity: Option<i64>,
    },
    /// Another number of seats on the first item.
    SetSeats {
        /// Seats.
        quantity: i64,
    },
    /// One more item.
    AddItem {
        /// Price id.
        price: String,
        /// Seats.
        #[serde(default = "one")]
        quantity: i64,
    },
    /// The item with this price goes.
    RemoveItem {
        /// Price id.
        price: String,
    },
    /// Ends the subscription.
    Cancel {
        /// When and how.
        when: CancelWhen,
        /// The customer's reason, in Stripe's words (`too_expensive`).
        #[serde(default)]
        feedback: Option<String>,
    },
    /// Takes a scheduled end back.
    KeepOn {},
    /// Pauses the subscription.
    Pause {},
    /// Resumes it, with a new period that is billed now.
    Resume {},
    /// Gives money of the newest charge back.
    Refund {
        /// Minor units; all that is left without it.
        #[serde(default)]
        amount: Option<i64>,
    },
    /// The newest refund fails after all.
    RefundFails {},
    /// The bank disputes the newest charge.
    Dispute {
        /// Reason, in Stripe's words.
        reason: String,
    },
    /// The newest dispute is decided.
    DisputeDecided {
        /// By whom it was won: the seller, if true.
        won: bool,
    },
    /// New particulars of the customer.
    UpdateCustomer {
        /// E-mail; as before without it.
        #[serde(default)]
        email: Option<String>,
        /// Name; as before without it.
        #[serde(default)]
        name: Option<String>,
    },
    /// The customer is deleted.
    DeleteCustomer {},
    /// Nothing but time.
    Wait {},
}

fn one() -> i64 {
    1
}

/// A step and its instant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Moment {
    /// Not before the moment above it, and not after the present.
    pub at: Timestamp,
    /// What happens.
    #[serde(flatten)]
    pub step: Step,
}

/// The history of a new account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Story {
    /// Who it belongs to.
    #[serde(default)]
    pub account: NewAccount,
    /// When the customer is made.
    pub begins: Timestamp,
    /// What happens then, in order.
    #[serde(default)]
    pub moments: Vec<Moment>,
}

impl Story {
    /// A story that begins with the making of the customer.
    pub fn of(account: NewAccount, begins: Timestamp) -> Self {
        Self {
            account,
            begins,
            moments: Vec::new(),
        }
    }

    /// And then.
    #[must_use]
    pub fn then(mut self, at: Timestamp, step: Step) -> Self {
        self.moments.push(Moment { at, step });
        self
    }
}

/// What a story has left behind.
#[derive(Clone, Debug, Serialize)]
pub struct StoryOutcome {
    /// The customer.
    pub customer: String,
    /// The customer's subscriptions, newest first.
    pub subscriptions: Vec<String>,
    /// Events made by the story.
    pub events: usize,
}

impl Stripe {
    /// Tells the story of a new account.
    ///
    /// # Errors
    /// At the first moment that cannot happen; what came before it has happened.
    pub fn play(&self, story: Story) -> Result<StoryOutcome, SimulatorError> {
        self.room.work(RequestInfo::default(), |cx| {
            let before = cx.state.events.len();
            cx.check_instant(story.begins, None)?;
            cx.go_to(whole_seconds(story.begins));
            let account = story.account;
            let customer = cx.new_customer(Particulars {
                email: account.email,
                name: account.name,
                address: account.address,
                metadata: account.metadata,
                ..Particulars::default()
            });
            cx.state.customer_times.insert(customer.clone(), cx.now());
            cx.tell(&customer, story.moments)?;
            Ok(cx.outcome(customer, before))
        })
    }

    /// Goes on with the story of a customer.
    ///
    /// # Errors
    /// At the first moment that cannot happen; what came before it has happened.
    pub fn play_on(&self, customer: &str, moments: Vec<Moment>) -> Result<StoryOutcome, SimulatorError> {
        self.room.work(RequestInfo::default(), |cx| {
            let before = cx.state.events.len();
            cx.state
                .customer(customer, "id")
                .map_err(|error| refused(&error))?;
            cx.tell(customer, moments)?;
            Ok(cx.outcome(customer.to_owned(), before))
        })
    }
}
