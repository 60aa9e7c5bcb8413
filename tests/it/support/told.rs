//! Stories told by the simulator, caught as it delivered them: the bytes and the signatures are its own.

use std::collections::HashMap;

use billdeck::domain::checkout::CHECKOUT_METADATA_KEY;
use billdeck::simulators::{
    Simulator, SimulatorError, SimulatorOptions,
    stripe::{Decline, Moment, NewAccount, Step, Story, StoryOutcome},
};
use jiff::{SignedDuration, Timestamp};

use crate::simulator::support::{Received, World, account};

/// A catalogue with everything that the simulated account sells.
pub(crate) const CATALOG: &str = r#"
[plans.solo]
name = "Solo"
[[plans.solo.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 1900
id = "price_solo"
[[plans.solo.prices.stripe]]
environment = "test"
interval = "year"
currency = "USD"
amount = 19000
id = "price_year"

[plans.team]
name = "Team"
[[plans.team.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 1500
id = "price_team"
per_seat = true
"#;

/// What the simulator delivered, in the order in which it happened, and the simulator itself to read from.
pub(crate) struct Told {
    pub(crate) world: World,
    pub(crate) deliveries: Vec<Received>,
    /// What each story left behind.
    pub(crate) outcomes: Vec<StoryOutcome>,
}

impl Told {
    /// Tells stories and catches what is delivered.
    pub(crate) async fn of(stories: Vec<Story>) -> Self {
        let world = World::start().await;
        let stripe = world.handle().stripe().clone();
        let outcomes = stories
            .into_iter()
            .map(|story| stripe.play(story).unwrap())
            .collect();
        let deliveries = caught(&world).await;
        Self {
            world,
            deliveries,
            outcomes,
        }
    }
}

/// What was delivered up to now, in the order in which it happened.
pub(crate) async fn caught(world: &World) -> Vec<Received> {
    world.settle().await;
    let places: HashMap<String, usize> = world
        .handle()
        .stripe()
        .events()
        .iter()
        .enumerate()
        .map(|(place, event)| (event["id"].as_str().unwrap().to_owned(), place))
        .collect();
    let mut deliveries = world.receiver.all();
    deliveries.sort_by_key(|delivery| places[delivery.json()["id"].as_str().unwrap()]);
    deliveries
}

/// The present of a [`World`].
pub(crate) fn present() -> Timestamp {
    "2026-08-03T09:00:00Z".parse().unwrap()
}

fn before_present(days: i64) -> Timestamp {
    present() - SignedDuration::from_hours(24 * days)
}

/// A purchase of a subscription, through this checkout of ours.
pub(crate) fn subscribe(price: &str, trial_days: Option<i64>, checkout: &str) -> Step {
    Step::Subscribe {
        price: price.to_owned(),
        quantity: 1,
        trial_days,
        card: None,
        metadata: [
            ("organizationId".to_owned(), "org_1".to_owned()),
            (CHECKOUT_METADATA_KEY.to_owned(), checkout.to_owned()),
        ]
        .into(),
        client_reference_id: None,
    }
}

/// An account of some load: bought, renewed, changed, refused once, refunded; about thirty events.
pub(crate) fn ordinary(number: i64) -> Story {
    let account = NewAccount {
        email: Some(format!("user{number}@example.com")),
        name: Some(format!("User {number}")),
        metadata: [("organizationId".to_owned(), format!("org_{number}"))].into(),
        ..NewAccount::default()
    };
    let bought = before_present(40 + number % 7);
    Story::of(account, bought)
        .then(
            bought + SignedDuration::from_mins(5),
            Step::Subscribe {
                price: "price_solo".to_owned(),
                quantity: 1,
                trial_days: None,
                card: None,
                metadata: [].into(),
                client_reference_id: None,
            },
        )
        .then(
            bought + SignedDuration::from_hours(24 * 10),
            Step::ChangePlan {
                price: "price_team".to_owned(),
                quantity: Some(2 + number % 3),
            },
        )
        .then(
            bought + SignedDuration::from_hours(24 * 20),
            Step::CardRefuses {
                decline: Decline::new("insufficient_funds"),
            },
        )
        .then(
            bought + SignedDuration::from_hours(24 * 36),
            Step::NewCard { card: None },
        )
        .then(
            bought + SignedDuration::from_hours(24 * 37),
            Step::Refund { amount: Some(500) },
        )
}

/// The story without the moments that cannot happen in it: nobody who has left changes his seats.
pub(crate) async fn possible(mut story: Story) -> Story {
    loop {
        let options = SimulatorOptions {
            starts_at: Some(present()),
            ..SimulatorOptions::new(account())
        };
        let simulator = Simulator::start(options).await.unwrap();
        match simulator.handle().stripe().play(story.clone()) {
            Ok(_) => return story,
            Err(SimulatorError::Story { moment, .. }) => {
                story.moments.remove(moment);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Steps at growing times, the first of them `days` days ago.
pub(crate) fn timeline(days: i64, steps: impl IntoIterator<Item = (SignedDuration, Step)>) -> Vec<Moment> {
    let mut at = before_present(days);
    steps
        .into_iter()
        .map(|(gap, step)| {
            at += gap;
            Moment { at, step }
        })
        .collect()
}
