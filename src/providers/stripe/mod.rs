//! The Stripe room.
