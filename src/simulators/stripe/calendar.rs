//! Billing periods: counted from an anchor, so that a month end does not drift (31 January, 28 February, 31 March).

use jiff::{Span, Timestamp, tz::TimeZone};

use super::objects::{Period, Recurring, Unit};

/// The anchor moved on by `count` intervals, in UTC.
fn boundary(anchor: Timestamp, recurring: Recurring, count: i64) -> Timestamp {
    let units = count.saturating_mul(i64::from(recurring.interval_count));
    let span = match recurring.interval {
        Unit::Day => Span::new().try_days(units),
        Unit::Week => Span::new().try_weeks(units),
        Unit::Month => Span::new().try_months(units),
        Unit::Year => Span::new().try_years(units),
    };
    let moved = span.and_then(|span| anchor.to_zoned(TimeZone::UTC).checked_add(span));
    moved.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The period around `at` in the cycle that began at `anchor`.
pub(crate) fn period_at(anchor: Timestamp, recurring: Recurring, at: Timestamp) -> Period {
    let longest = match recurring.interval {
        Unit::Day => 86_400,
        Unit::Week => 7 * 86_400,
        Unit::Month => 31 * 86_400,
        Unit::Year => 366 * 86_400,
    } * i64::from(recurring.interval_count.max(1));
    let mut count = (at.duration_since(anchor).as_secs() / longest).max(0);
    let mut start = boundary(anchor, recurring, count);
    loop {
        count += 1;
        let end = boundary(anchor, recurring, count);
        if end > at || end <= start {
            return Period { start, end };
        }
        start = end;
    }
}

/// The share of `amount` that falls on the part of the period from `at` on, rounded half away from zero.
pub(crate) fn prorated(amount: i64, period: Period, at: Timestamp) -> i64 {
    let whole = i128::from(period.end.duration_since(period.start).as_secs());
    let rest = i128::from(period.end.duration_since(at).as_secs()).clamp(0, whole.max(0));
    if whole <= 0 {
        return 0;
    }
    let doubled = i128::from(amount) * rest * 2;
    let rounded = (doubled + doubled.signum() * whole) / (whole * 2);
    i64::try_from(rounded).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn month_ends_do_not_drift() {
        let anchor = at("2026-01-31T10:00:00Z");
        let period = period_at(anchor, Recurring::MONTHLY, at("2026-03-15T00:00:00Z"));
        assert_eq!(
            period,
            Period {
                start: at("2026-02-28T10:00:00Z"),
                end: at("2026-03-31T10:00:00Z")
            }
        );
        let next = period_at(anchor, Recurring::MONTHLY, period.end);
        assert_eq!(next.end, at("2026-04-30T10:00:00Z"));
    }

    #[test]
    fn prorates_as_the_published_story() {
        let period = Period {
            start: Timestamp::from_second(1_785_748_504).unwrap(),
            end: Timestamp::from_second(1_788_426_904).unwrap(),
        };
        let change = Timestamp::from_second(1_787_061_760).unwrap();
        assert_eq!(prorated(-1900, period, change), -968);
        assert_eq!(prorated(6000, period, change), 3058);
    }
}
