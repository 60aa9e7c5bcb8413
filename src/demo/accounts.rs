//! Made-up accounts and their histories. Everything is told to the simulated provider, which sends it on as signed
//! webhooks; nothing is written into the tables.

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    domain::{catalog::Catalog, provider::Environment, subscription::IntervalUnit},
    runtime::simulated_prices,
    simulators::{
        Person,
        stripe::{Address, CancelWhen, Decline, NewAccount, Recurring, SimPrice, Step, Story, Unit},
    },
};

/// The price that the simulated account sells and the demo's catalogue does not know, until somebody adds it.
pub(super) const UNKNOWN_PRICE: &str = "price_pro_month_mxn";

/// A price on sale, as a story needs it.
#[derive(Clone, Debug)]
struct Offer {
    price: String,
    per_seat: bool,
    monthly: bool,
}

/// Makes people up and tells their stories.
pub(super) struct Accounts {
    random: StdRng,
    offers: Vec<Offer>,
    made: u32,
}

impl Accounts {
    /// Accounts that buy what the catalogue sells in the test environment.
    pub(super) fn new(seed: u64, catalog: &Catalog) -> Self {
        let offers = catalog
            .plans()
            .iter()
            .flat_map(|plan| &plan.prices)
            .filter(|price| price.environment == Environment::Test)
            .map(|price| Offer {
                price: price.id.to_string(),
                per_seat: price.per_seat,
                monthly: price.interval.unit == IntervalUnit::Month,
            })
            .collect();
        Self {
            random: StdRng::seed_from_u64(seed),
            offers,
            made: 0,
        }
    }

    /// Whether there is anything to buy.
    pub(super) fn can_buy(&self) -> bool {
        !self.offers.is_empty()
    }

    /// Chooses one of `items`; none of an empty list.
    pub(super) fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.choose(&mut self.random)
    }

    /// A number below `below`; 0 for 0.
    pub(super) fn below(&mut self, below: u32) -> u32 {
        if below == 0 {
            0
        } else {
            self.random.next_u32() % below
        }
    }

    /// An account of somebody who belongs to an owner of the application.
    pub(super) fn account(&mut self, person: &Person) -> NewAccount {
        self.made += 1;
        let mut account = Self::stranger(person);
        // Most applications bill organizations; some bill single users.
        let (key, value) = if self.made.is_multiple_of(5) {
            ("userId", format!("user_{:05}", self.made))
        } else {
            ("organizationId", format!("org_{:05}", self.made))
        };
        account.metadata.insert(key.to_owned(), value);
        account
    }

    /// An account that names no owner.
    pub(super) fn stranger(person: &Person) -> NewAccount {
        NewAccount {
            email: Some(person.email.clone()),
            name: Some(person.name.clone()),
            address: Some(Address {
                country: Some(person.country.clone()),
                ..Address::default()
            }),
            metadata: std::collections::BTreeMap::new(),
        }
    }

    /// What somebody buys: the step, and whether it is billed monthly.
    fn purchase(&mut self, trial_days: Option<i64>) -> Option<(Step, Offer)> {
        let offer = self.offers.choose(&mut self.random)?.clone();
        let quantity = if offer.per_seat {
            i64::from(2 + self.below(14))
        } else {
            1
        };
        let step = Step::Subscribe {
            price: offer.price.clone(),
            quantity,
            trial_days,
            card: None,
            metadata: std::collections::BTreeMap::new(),
            client_reference_id: None,
        };
        Some((step, offer))
    }

    /// The story of one account until now: how it began some months ago, and what became of it.
    pub(super) fn history(&mut self, person: &Person, now: Timestamp, months: u32) -> Option<Story> {
        let account = self.account(person);
        let age = 3 + i64::from(self.below(months.max(1) * 30));
        let begins = ago(now, age, i64::from(self.below(86_400)));
        let kind = self.below(100);
        let trial = (8..18).contains(&kind).then_some(14);
        let (subscribe, offer) = self.purchase(trial)?;
        let story = Story::of(account, begins).then(later(begins, 0, 40), subscribe);
        let middle = ago(now, age / 2, 0);
        let late = ago(now, (age / 8).max(1), 0);
        let story = match kind {
            0..40 | 70..=u32::MAX => story,
            // The card stopped working a while ago: past due, recovered, or given up.
            40..47 => story.then(
                middle,
                Step::CardRefuses {
                    decline: Decline::new("insufficient_funds"),
                },
            ),
            47..53 => story
                .then(
                    middle,
                    Step::CardRefuses {
                        decline: Decline::new("expired_card"),
                    },
                )
                .then(late, Step::NewCard { card: None }),
            53..58 => story.then(
                late,
                Step::Cancel {
                    when: CancelWhen::PeriodEnd,
                    feedback: None,
                },
            ),
            58..61 => story.then(
                middle,
                Step::Cancel {
                    when: CancelWhen::Portal,
                    feedback: Some("too_expensive".to_owned()),
                },
            ),
            61..64 => story.then(
                middle,
                Step::Cancel {
                    when: CancelWhen::Now,
                    feedback: None,
                },
            ),
            64..66 => story.then(late, Step::Refund { amount: None }),
            66..67 => story.then(
                middle,
                Step::Dispute {
                    reason: "product_not_received".to_owned(),
                },
            ),
            67..70 if offer.per_seat => {
                let seats = i64::from(2 + self.below(20));
                story.then(middle, Step::SetSeats { quantity: seats })
            }
            67..70 => match self.another_monthly(&offer.price) {
                Some(price) => story.then(
                    middle,
                    Step::ChangePlan {
                        price,
                        quantity: None,
                    },
                ),
                None => story,
            },
        };
        // Everybody's story goes on until now: renewals, trial ends and retries happen on the way.
        Some(story.then(now, Step::Wait {}))
    }

    /// Another monthly price that is not per seat.
    pub(super) fn another_monthly(&mut self, than: &str) -> Option<String> {
        let others: Vec<&Offer> = self
            .offers
            .iter()
            .filter(|offer| offer.monthly && !offer.per_seat && offer.price != than)
            .collect();
        others.choose(&mut self.random).map(|offer| offer.price.clone())
    }

    /// The story of somebody who signs up just now.
    pub(super) fn sign_up(&mut self, person: &Person, now: Timestamp) -> Option<Story> {
        let account = self.account(person);
        let (subscribe, _) = self.purchase(None)?;
        Some(Story::of(account, now).then(now, subscribe))
    }

    /// The story of a paying customer who names no owner.
    pub(super) fn unclaimed(&mut self, person: &Person, now: Timestamp) -> Option<Story> {
        let begins = ago(now, 40, 0);
        let (subscribe, _) = self.purchase(None)?;
        Some(
            Story::of(Self::stranger(person), begins)
                .then(later(begins, 0, 60), subscribe)
                .then(now, Step::Wait {}),
        )
    }
}

fn ago(now: Timestamp, days: i64, seconds: i64) -> Timestamp {
    let back = SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(seconds);
    now.checked_sub(back).unwrap_or(now)
}

fn later(at: Timestamp, days: i64, seconds: i64) -> Timestamp {
    let on = SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(seconds);
    at.checked_add(on).unwrap_or(at)
}

/// What the simulated account sells: the catalogue's prices, and one that no plan names.
pub(super) fn prices(catalog: &Catalog) -> Vec<SimPrice> {
    let mut prices = simulated_prices(catalog, Environment::Test);
    if !prices.iter().any(|price| price.id == UNKNOWN_PRICE) {
        prices.push(SimPrice {
            id: UNKNOWN_PRICE.to_owned(),
            product: "Pro".to_owned(),
            currency: "mxn".to_owned(),
            unit_amount: 89_900,
            recurring: Some(Recurring {
                interval: Unit::Month,
                interval_count: 1,
            }),
            nickname: None,
        });
    }
    prices
}
