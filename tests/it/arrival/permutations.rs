//! Stories told by the simulator, delivered in order and in any other, with some events more than once.

use std::{cell::RefCell, time::Duration};

use billdeck::{
    providers::stripe::Timeouts,
    simulators::{
        ApiFault, Fault,
        stripe::{CancelWhen, Decline, NewAccount, Step, Story},
    },
};
use jiff::SignedDuration;
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{RngSeed, TestRunner},
};
use rand::{SeedableRng, random, rngs::StdRng, seq::SliceRandom};
use sqlx::Connection;

use crate::{
    simulator::support::Received,
    support::{
        db::TestDb,
        portrait::assert_same,
        seed,
        told::{CATALOG, Told, possible, subscribe, timeline},
        works::{Works, room},
    },
};

const CASES: u32 = 7;
/// How many deliveries come in before the worker looks, in the story in order.
const IN_ORDER: usize = 4;

/// A story with the ways in which it reaches us.
#[derive(Clone, Debug)]
struct Case {
    trial_days: Option<i64>,
    steps: Vec<(i64, Step)>,
    /// Which events come more than once.
    again: Vec<Index>,
    /// Makes the order of arrival.
    shuffle: u64,
    /// How many deliveries come in before the worker looks.
    batch: usize,
    /// The provider answers only some of the reads, until all has been delivered.
    trouble: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let cancel = prop_oneof![
        Just(CancelWhen::Now),
        Just(CancelWhen::PeriodEnd),
        Just(CancelWhen::Portal)
    ];
    prop_oneof![
        2 => Just(Step::ChangePlan { price: "price_team".to_owned(), quantity: Some(3) }),
        1 => Just(Step::SetSeats { quantity: 5 }),
        2 => Just(Step::CardRefuses { decline: Decline::new("insufficient_funds") }),
        2 => Just(Step::NewCard { card: None }),
        2 => prop_oneof![Just(None), Just(Some(400))].prop_map(|amount| Step::Refund { amount }),
        1 => Just(Step::RefundFails {}),
        2 => Just(Step::Dispute { reason: "fraudulent".to_owned() }),
        2 => any::<bool>().prop_map(|won| Step::DisputeDecided { won }),
        1 => Just(Step::Buy {
            name: "Handbook".to_owned(),
            amount: 4_900,
            currency: "usd".to_owned(),
            delayed: None,
            metadata: [].into(),
        }),
        2 => cancel.prop_map(|when| Step::Cancel { when, feedback: None }),
        1 => Just(Step::KeepOn {}),
        1 => Just(Step::UpdateCustomer { email: Some("ana@example.org".to_owned()), name: None }),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    // Seconds to the next step: in the same one, in the margin of a read's clock, later, beyond a renewal.
    let gap = prop_oneof![
        3 => Just(0_i64),
        1 => Just(2),
        3 => Just(86_400),
        2 => Just(32 * 86_400),
    ];
    (
        prop_oneof![Just(None), Just(Some(7))],
        prop::collection::vec((gap, step()), 3..8),
        prop::collection::vec(any::<Index>(), 0..6),
        any::<u64>(),
        prop_oneof![Just(1_usize), Just(3), Just(usize::MAX)],
        any::<bool>(),
    )
        .prop_map(|(trial_days, steps, again, shuffle, batch, trouble)| Case {
            trial_days,
            steps,
            again,
            shuffle,
            batch,
            trouble,
        })
}

/// Days from the sign-up to the present: longer than any story takes.
const DAYS: i64 = 7 * 32 + 10;

async fn tell(case: &Case) -> Told {
    let account = NewAccount {
        email: Some("ana@example.com".to_owned()),
        name: Some("Ana Reyes".to_owned()),
        metadata: [("organizationId".to_owned(), "org_1".to_owned())].into(),
        ..NewAccount::default()
    };
    let total: i64 = case.steps.iter().map(|(gap, _)| gap).sum();
    // The story ends now, so that no renewals follow that the case did not ask for.
    let days = (total / 86_400 + 1).min(DAYS);
    let first = (
        SignedDuration::from_secs(60),
        subscribe("price_solo", case.trial_days, CHECKOUT),
    );
    let rest = case
        .steps
        .iter()
        .map(|(gap, step)| (SignedDuration::from_secs(*gap), step.clone()));
    let mut moments = timeline(days, std::iter::once(first).chain(rest));
    let begins = moments[0].at - SignedDuration::from_secs(10);
    let mut story = Story::of(account, begins);
    story.moments.append(&mut moments);
    Told::of(vec![possible(story).await]).await
}

fn disordered(case: &Case, deliveries: &[Received]) -> Vec<Received> {
    let again = case.again.iter().map(|index| index.get(deliveries).clone());
    let mut all: Vec<Received> = deliveries.iter().cloned().chain(again).collect();
    all.shuffle(&mut StdRng::seed_from_u64(case.shuffle));
    all
}

/// The checkout that the story begins with, as billdeck has it before any event of it came.
const CHECKOUT: &str = "01960000-0000-7000-8000-000000000001";

async fn start_checkout(db: &TestDb) {
    let mut conn = db.connect().await;
    let customer = seed::Customer {
        owner: Some(("organization", "org_1".to_owned())),
        ..seed::Customer::default()
    };
    let customer = customer.insert(&mut conn).await;
    sqlx::query(
        "insert into checkout (id, customer_id, provider, livemode, plan, state)
         values ($1::uuid, $2, 'stripe', false, 'solo', 'open')",
    )
    .bind(CHECKOUT)
    .bind(customer)
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
}

/// Delivers everything and gives back what the tables say in the end.
async fn end(
    db: &mut Option<TestDb>,
    told: &Told,
    reads: bool,
    deliveries: &[Received],
    batch: usize,
) -> Vec<String> {
    let base = told.world.simulator.stripe_base();
    let timeouts = Timeouts {
        backoff: Duration::from_millis(1),
        ..Timeouts::default()
    };
    let room = room(reads.then_some(&*base), timeouts);
    // One database for all cases: making one takes longer than a case.
    let works = match db.take() {
        Some(db) => {
            db.clear().await;
            Works::on(db, room, CATALOG).await
        }
        None => Works::start(room, CATALOG).await,
    };
    start_checkout(&works.db).await;
    for batch in deliveries.chunks(batch.min(deliveries.len())) {
        for delivery in batch {
            works.deliver(delivery).await;
        }
        works.work().await;
    }
    told.world.handle().clear_faults();
    works.settle().await;
    let portrait = works.portrait().await;
    *db = Some(works.stop().await);
    portrait
}

async fn check(dbs: &mut [Option<TestDb>; 2], case: &Case, reads: bool) {
    let told = tell(case).await;
    if case.trouble {
        let fault = Fault::from(ApiFault::Unavailable).on("GET", "*");
        told.world.handle().add_fault(fault.with_probability(0.6));
    }
    let disordered = disordered(case, &told.deliveries);
    let [one, other] = dbs;
    let (in_order, otherwise) = tokio::join!(
        end(one, &told, reads, &told.deliveries, IN_ORDER),
        end(other, &told, reads, &disordered, case.batch),
    );
    let says = |start: &str, text: &str| {
        in_order
            .iter()
            .any(|row| row.starts_with(start) && row.contains(text))
    };
    assert!(says("subscription sub_", CHECKOUT), "{in_order:#?}");
    assert!(says("checkout ", r#""state": "complete""#), "{in_order:#?}");
    assert_same(&in_order, &otherwise, "another order ended elsewhere");
}

fn hold(reads: bool) {
    let mut config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 16,
        ..ProptestConfig::default()
    };
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => random(),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let dbs = RefCell::new([None, None]);
    let held = TestRunner::new(config).run(&case(), |case| {
        runtime.block_on(check(&mut dbs.borrow_mut(), &case, reads));
        Ok(())
    });
    if let Err(error) = held {
        panic!("{error}\nthe same cases again: PROPTEST_RNG_SEED={seed}");
    }
}

#[test]
fn any_order_ends_as_the_story_does_where_the_provider_can_be_read() {
    hold(true);
}

#[test]
fn any_order_ends_as_the_story_does_where_it_cannot() {
    hold(false);
}
