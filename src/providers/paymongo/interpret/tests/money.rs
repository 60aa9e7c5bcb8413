use super::*;
use crate::domain::{observation::FactKind, order::RefundStatus};

fn told(facts: &[Fact]) -> Vec<(String, FactKind, i64, i64)> {
    facts
        .iter()
        .map(|fact| {
            (
                fact.object.to_string(),
                fact.kind,
                fact.amount.minor,
                fact.at.as_second(),
            )
        })
        .collect()
}

#[test]
fn a_payment_is_a_try_of_its_intent() {
    let (subject, observations, facts) = whole("payment.paid", &payment("pay_1", "paid"));
    assert_eq!(subject.to_string(), "charge pay_1");
    let (charge, seen) = (the_charge(&observations), the_payment(&observations));
    assert_eq!((charge.payment.as_str(), seen.id.as_str()), ("pi_1", "pi_1"));
    assert_eq!(
        (charge.status, seen.status),
        (PaymentStatus::Succeeded, PaymentStatus::Succeeded)
    );
    assert_eq!(seen.paid_at.unwrap().as_second(), 110);
    let method = charge.method.unwrap();
    assert_eq!(method.country.as_deref(), Some("PH"));
    assert_eq!(
        (method.kind.as_str(), method.last4.as_deref()),
        ("card", Some("4345"))
    );
    assert_eq!(
        told(&facts),
        [("charge pay_1".to_owned(), FactKind::Paid, 99_900, 110)]
    );
}

#[test]
fn a_payment_without_an_intent_stands_for_both() {
    let mut lone = payment("pay_1", "paid");
    lone["attributes"]["payment_intent_id"] = json!(null);
    let (_, observations, _) = whole("payment.paid", &lone);
    assert_eq!(the_payment(&observations).id.as_str(), "pay_1");
    assert_eq!(the_charge(&observations).payment.as_str(), "pay_1");
}

#[test]
fn a_failure_says_why_unless_the_payer_should_not_learn_it() {
    let mut failed = payment("pay_1", "failed");
    failed["attributes"]["failed_code"] = json!("insufficient_funds");
    failed["attributes"]["failed_message"] = json!("The card has insufficient funds.");
    let (_, observations, facts) = whole("payment.failed", &failed);
    let failure = the_payment(&observations).failure.unwrap();
    assert_eq!(failure.code.as_deref(), Some("insufficient_funds"));
    assert_eq!(facts, []);
    failed["attributes"]["failed_code"] = json!("stolen_card");
    failed["attributes"]["failed_message"] = json!("The card was reported stolen.");
    let (_, observations, _) = whole("payment.failed", &failed);
    assert!(!format!("{observations:?}").contains("stolen"));
    assert_eq!(
        the_charge(&observations).failure.unwrap().code.as_deref(),
        Some("generic_decline")
    );
}

#[test]
fn a_state_that_came_later_is_no_money_yet() {
    let (_, observations, facts) = whole("payment.paid", &payment("pay_1", "novelty"));
    assert_eq!(the_payment(&observations).status, PaymentStatus::Pending);
    assert_eq!(facts, []);
    // Some material has these in place of `paid`.
    for word in ["refunded", "partially_refunded"] {
        let (_, observations, facts) = whole("payment.refunded", &payment("pay_1", word));
        assert_eq!(
            (the_payment(&observations).status, facts.len()),
            (PaymentStatus::Succeeded, 1)
        );
    }
}

#[test]
fn refunds_come_with_their_payment() {
    let mut paid = payment("pay_1", "paid");
    paid["attributes"]["refunds"] = json!([
        refund("ref_1", "succeeded", 50_000),
        {"data": refund("ref_2", "processing", 100)},
        refund("ref_3", "failed", 200),
    ]);
    let (_, observations, facts) = whole("payment.refunded", &paid);
    let refunds: Vec<_> = observations
        .iter()
        .filter_map(|observation| match observation {
            Observation::Refund(seen) => Some((seen.id.as_str(), seen.payment.as_str(), seen.status)),
            _ => None,
        })
        .collect();
    assert_eq!(
        refunds,
        [
            ("ref_1", "pi_1", RefundStatus::Succeeded),
            ("ref_2", "pi_1", RefundStatus::Pending),
            ("ref_3", "pi_1", RefundStatus::Failed)
        ]
    );
    assert_eq!(the_charge(&observations).refunded_minor, 50_000);
    assert_eq!(
        told(&facts),
        [
            ("charge pay_1".to_owned(), FactKind::Paid, 99_900, 110),
            ("refund ref_1".to_owned(), FactKind::Refunded, -50_000, 210)
        ]
    );
}

#[test]
fn a_refund_that_comes_alone_is_read_and_its_money_told_at_once() {
    for kind in ["payment.refund.updated", "refund.succeeded"] {
        let found = interpret(&body(kind, &refund("ref_1", "succeeded", 500))).unwrap();
        let Interpretation::Partial { subject, facts } = found else {
            panic!("{found:?}");
        };
        assert_eq!(subject.to_string(), "refund ref_1");
        assert_eq!(
            told(&facts),
            [("refund ref_1".to_owned(), FactKind::Refunded, -500, 210)]
        );
    }
    // The other shape: the payment with the refund inside.
    let mut paid = payment("pay_1", "paid");
    paid["attributes"]["refunds"] = json!([refund("ref_1", "failed", 500)]);
    let (subject, _, facts) = whole("payment.refund.updated", &paid);
    assert_eq!((subject.to_string().as_str(), facts.len()), ("charge pay_1", 1));
}

#[test]
fn a_dispute_is_read_if_it_names_its_payment() {
    let dispute = |extra: Value| {
        let mut dispute = json!({"id": "dp_1", "type": "dispute", "attributes":
            {"amount": 700, "currency": "PHP", "status": "under_review", "reason": "fraudulent", "created_at": 300}});
        dispute["attributes"]
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        interpret(&body("dispute.created", &dispute)).unwrap()
    };
    assert!(matches!(dispute(json!({})), Interpretation::Ignore(reason) if reason.contains("dashboard")));
    for names in [
        json!({"payment_id": "pay_1"}),
        json!({"payment": {"id": "pay_1"}}),
        json!({"payment": "pay_1"}),
    ] {
        let Interpretation::Partial { subject, facts } = dispute(names) else {
            panic!("it names a payment");
        };
        assert_eq!(subject.to_string(), "dispute dp_1");
        assert_eq!(
            told(&facts),
            [("dispute dp_1".to_owned(), FactKind::Disputed, -700, 300)]
        );
    }
}

#[test]
fn a_field_of_another_type_is_an_error_that_names_it_and_quotes_nothing() {
    for (field, value, place) in [
        ("amount", json!("secret"), "`amount`"),
        ("amount", json!(1.5), "`amount`"),
        ("currency", json!("secret"), "`currency`"),
        ("status", json!(null), "`status`"),
        ("source", json!(7), "`source`"),
        ("refunds", json!({"secret": 1}), "`refunds`"),
        (
            "refunds",
            json!([{"id": "ref_1", "attributes": {"amount": "secret"}}]),
            "`amount`",
        ),
        ("payment_intent_id", json!("a\u{0}"), "`payment_intent_id`"),
        ("paid_at", json!(i64::MAX), "`paid_at`"),
    ] {
        let mut damaged = payment("pay_1", "paid");
        damaged["attributes"][field] = value;
        let error = unreadable("payment.paid", &damaged);
        assert!(
            error.contains(place) && !error.contains("secret"),
            "{field}: {error}"
        );
    }
}
