use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use reqwest::{StatusCode, header::HeaderMap};

use super::{head::Head, *};

const DIALECT: Dialect = Dialect {
    provider: ProviderName::Stripe,
    headers: &[],
    idempotency: Some("idempotency-key"),
    request_id: "request-id",
    should_retry: Some("x-should-retry"),
    concurrent_calls: 1,
    key_marks: &[],
    is_missing: |_| false,
    explain: |refusal, call| refusal.not_believed(call),
};

proptest! {
    #[test]
    fn an_id_never_leaves_its_piece_of_the_path(id in "\\PC{1,40}") {
        prop_assume!(id != "." && id != "..");
        let path = format!("https://api.example.com/v1/customers/{}", segment(&id));
        let url = reqwest::Url::parse(&path).unwrap();
        prop_assert_eq!(url.path_segments().unwrap().count(), 3);
        prop_assert_eq!((url.query(), url.fragment()), (None, None));
    }
}

#[test]
fn dots_alone_lead_to_no_object() {
    // The address itself gives these a meaning; what they lead to is no call that exists.
    let url =
        reqwest::Url::parse(&format!("https://api.example.com/v1/customers/{}", segment(".."))).unwrap();
    assert_eq!(url.path(), "/v1/");
}

fn head(lines: &[(&'static str, &'static str)]) -> Head {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.insert(*name, value.parse().unwrap());
    }
    Head::read(&DIALECT, StatusCode::OK, &headers)
}

#[test]
fn an_answer_is_dated_by_the_providers_clock_less_the_time_it_took() {
    let began = Timestamp::from_second(1_000).unwrap();
    let dated = head(&[("date", "Sat, 21 Nov 2026 01:00:10 GMT")]);
    let made_at: Timestamp = "2026-11-21T01:00:07.5Z".parse().unwrap();
    assert_eq!(dated.made_at(began, Duration::from_millis(2_500)), made_at);
    for undated in [head(&[]), head(&[("date", "yesterday")])] {
        assert_eq!(undated.made_at(began, Duration::from_secs(3)), began);
    }
}

#[test]
fn headers_that_make_no_sense_are_as_good_as_absent() {
    let odd = head(&[("retry-after", "soon"), ("x-should-retry", "perhaps")]);
    assert_eq!((odd.retry_after, odd.should_retry), (None, None));
    let clear = head(&[
        ("retry-after", " 7 "),
        ("x-should-retry", "false"),
        ("request-id", "req_1"),
    ]);
    assert_eq!(
        (clear.retry_after, clear.should_retry),
        (Some(Duration::from_secs(7)), Some(false))
    );
    assert_eq!(clear.request_id.as_deref(), Some("req_1"));
}
