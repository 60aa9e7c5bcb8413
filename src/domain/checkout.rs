//! Checkouts that billdeck starts: a provider's payment page for one customer and one thing to buy.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ids::{CheckoutId, CustomerId, ObjectId},
    provider::{Book, words},
};

/// How far a checkout has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutState {
    /// The intention is stored; the provider has not answered yet.
    Creating,
    /// The page can be paid on.
    Open,
    /// Paid, or nothing was to pay.
    Complete,
    /// Can no longer be paid on.
    Expired,
    /// The provider's answer was lost: it may or may not exist there.
    Unknown,
}

words!(CheckoutState, "checkout state", {
    Creating => "creating", Open => "open", Complete => "complete", Expired => "expired", Unknown => "unknown",
});

/// A checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// billdeck's id; travels in the provider's metadata as `billdeck_checkout`.
    pub id: CheckoutId,
    /// Who buys.
    pub customer_id: CustomerId,
    /// Where.
    pub book: Book,
    /// The plan's key.
    pub plan: String,
    /// The provider's id of the session, once known.
    pub provider_checkout_id: Option<ObjectId>,
    /// The page.
    pub url: Option<String>,
    /// How far it has come.
    pub state: CheckoutState,
    /// When the page stops working.
    pub expires_at: Option<Timestamp>,
}

/// The metadata key under which a checkout's id travels at a provider.
pub const CHECKOUT_METADATA_KEY: &str = "billdeck_checkout";
