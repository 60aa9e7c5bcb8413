//! Any order of delivery, with duplicates, ends in the same rows as the story in order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    story::{shuffled, story},
    world::{End, Told, World},
};
use crate::domain::{observation::Observation, plan::Reading};

fn world(reading: Reading, story: &[Told]) -> World {
    let mut world = World::new(reading);
    world.provider = story
        .iter()
        .flat_map(|event| {
            let second = event.second;
            event.observations.iter().map(move |seen| (second, seen.clone()))
        })
        .collect();
    world
}

/// Delivers the events, what failed again and again until nothing fails.
fn deliver(world: &mut World, events: &[Told], delays: &[i64]) {
    let mut left: Vec<Told> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        world.clock = world.clock.max(event.second) + delays[index % delays.len()];
        if world.take(event) != End::Applied {
            left.push(event.clone());
        }
    }
    for _ in 0..events.len() {
        left.retain(|event| world.take(event) != End::Applied);
        world.clock += 60;
    }
    assert_eq!(left.len(), 0, "never applied: {left:#?}");
}

fn counts(world: &World) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for effect in world.effects.values() {
        *counts
            .entry((effect.kind.clone(), effect.target.to_string()))
            .or_default() += 1;
    }
    counts
}

/// How often each fact became true: what would have been told, had every event come at once and alone in its second.
fn truth(story: &[Told]) -> BTreeMap<(String, String), usize> {
    let spaced: Vec<Told> = (1..)
        .zip(story)
        .map(|(index, event)| Told {
            second: index * 1_000,
            ..event.clone()
        })
        .collect();
    let mut world = world(Reading::Impossible, &spaced);
    deliver(&mut world, &spaced, &[0]);
    counts(&world)
}

fn assert_same(story: &[Told], ordered: &World, other: &World) {
    assert_eq!(ordered.portrait(), other.portrait());
    assert_eq!(ordered.facts, other.facts);
    let truth = truth(story);
    for (fact, count) in counts(ordered).into_iter().chain(counts(other)) {
        let times = truth.get(&fact).copied().unwrap_or(0);
        assert!(
            count <= times,
            "{fact:?}: told {count} times, became true {times} times"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_reads_any_order_ends_as_the_story_does(
        (events, deliveries) in shuffled(),
        delays in prop::collection::vec(0..9_i64, 1..5),
        skew in -4..=4_i64,
    ) {
        let mut ordered = world(Reading::Possible, &events);
        deliver(&mut ordered, &events, &[0]);
        let mut other = world(Reading::Possible, &events);
        other.skew = skew;
        deliver(&mut other, &deliveries, &delays);
        assert_same(&events, &ordered, &other);
        // Whatever the order, the end is what the provider's subscription now is.
        let last = events.iter().rev().flat_map(|event| &event.observations).find_map(|seen| match seen {
            Observation::Subscription(seen) => Some((seen.status, seen.items.clone(), seen.period)),
            _ => None,
        });
        let row = other.subscription("sub_1");
        prop_assert_eq!(last, Some((row.status, row.items.clone(), row.period)));
    }

    #[test]
    fn without_reads_any_order_ends_as_any_other((events, deliveries) in shuffled()) {
        let mut ordered = world(Reading::Impossible, &events);
        deliver(&mut ordered, &events, &[0]);
        let mut other = world(Reading::Impossible, &events);
        deliver(&mut other, &deliveries, &[0]);
        assert_same(&events, &ordered, &other);
    }

    #[test]
    fn a_story_told_twice_changes_nothing(events in story()) {
        let mut once = world(Reading::Possible, &events);
        deliver(&mut once, &events, &[0]);
        let mut twice = world(Reading::Possible, &events);
        deliver(&mut twice, &events, &[0]);
        deliver(&mut twice, &events, &[0]);
        prop_assert_eq!(once.portrait(), twice.portrait());
        prop_assert_eq!(counts(&once), counts(&twice));
    }
}
