//! PayMongo's own shapes, where somebody has laid them out: every `*.json` in `$BILLDECK_SPECS/paymongo-events` is an event
//! of one customer's story that must be understood whole.

use std::path::PathBuf;

use super::*;
use crate::domain::{
    observation::{CheckoutProgress, FactKind},
    order::{Collection, RefundStatus},
    subscription::SubscriptionStatus,
};

fn folder() -> PathBuf {
    let folder = std::env::var_os("BILLDECK_SPECS").map(PathBuf::from);
    folder.expect("BILLDECK_SPECS names the folder with paymongo-events")
}

fn events() -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder().join("paymongo-events"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    found.sort();
    assert_eq!(found.len(), 14);
    found
}

/// What the one observation that an event is about says, in a word.
fn word(observation: &Observation) -> String {
    match observation {
        Observation::Subscription(seen) => seen.status.to_string(),
        Observation::Checkout(seen) => seen.state.to_string(),
        Observation::Order(seen) => seen.collection.to_string(),
        Observation::Charge(seen) => seen.status.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_laid_out_event_says_what_its_story_implies() {
    let mut told = Vec::new();
    let mut paid = Vec::new();
    for (name, body) in events() {
        let envelope = crate::providers::paymongo::envelope::envelope(&body).unwrap();
        let Interpretation::Whole {
            subject,
            observations,
            facts,
        } = interpret(&body).unwrap()
        else {
            panic!("{name}");
        };
        assert_eq!(envelope.object.as_ref(), Some(&subject), "{name}");
        assert_eq!(observations[0].object(), subject, "{name}");
        assert!(raw_object(&body).is_some());
        told.push((name[..2].to_owned(), word(&observations[0])));
        paid.extend(
            facts
                .into_iter()
                .map(|fact| (fact.object.to_string(), fact.kind, fact.amount.minor)),
        );
        for observation in observations {
            if let Observation::Refund(seen) = observation {
                assert_eq!(seen.status, RefundStatus::Succeeded);
                assert_eq!(seen.payment.as_str(), "pi_Ga6YtK9dRz3XwQ5vNn8HcB2m");
            }
        }
    }
    let (paid_page, succeeded) = (CheckoutProgress::Paid.as_str(), PaymentStatus::Succeeded.as_str());
    let wanted = [
        ("01", succeeded),
        ("02", paid_page),
        ("03", succeeded),
        ("04", Collection::Paid.as_str()),
        ("05", SubscriptionStatus::Active.as_str()),
        ("06", Collection::Pending.as_str()),
        ("07", Collection::Pending.as_str()),
        ("08", PaymentStatus::Failed.as_str()),
        ("09", Collection::Failed.as_str()),
        ("10", SubscriptionStatus::PastDue.as_str()),
        ("11", SubscriptionStatus::Unpaid.as_str()),
        ("12", SubscriptionStatus::Canceled.as_str()),
        ("13", succeeded),
        ("14", paid_page),
    ];
    let told: Vec<_> = told
        .iter()
        .map(|(name, word)| (name.as_str(), word.as_str()))
        .collect();
    assert_eq!(told, wanted);
    // Each movement of money is one fact, however many events tell it.
    paid.sort();
    paid.dedup();
    assert_eq!(
        paid,
        [
            (
                "charge pay_Dk5SvY8rLq2WnG6tBx4ChM7z".to_owned(),
                FactKind::Paid,
                99_900
            ),
            (
                "charge pay_Rj2LxW6pTn4KvC8mYd5ZsQ9b".to_owned(),
                FactKind::Paid,
                99_900
            ),
            (
                "charge pay_hvTn9EyxduZ9gV8WHhSGYqBi".to_owned(),
                FactKind::Paid,
                150_050
            ),
            (
                "refund ref_9K2Wf3mLpQvXsTzYbNcVdGhJ".to_owned(),
                FactKind::Refunded,
                -50_000
            ),
        ]
    );
}
