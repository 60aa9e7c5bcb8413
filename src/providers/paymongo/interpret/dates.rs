//! Days, as subscriptions and invoices have them, and the cycles between them.
//!
//! PayMongo does not say where a day begins; it is a Philippine company that bills in pesos, so it is the Philippine day,
//! which has begun eight hours before that of Greenwich all year round.

use jiff::{
    Span, Timestamp,
    civil::Date,
    tz::{Offset, offset},
};

use super::Flaw;
use crate::domain::subscription::{Interval, IntervalUnit, Period};

const PHILIPPINES: Offset = offset(8);

/// A day such as `2026-03-03`.
pub(super) fn day(found: Option<&str>, place: &str) -> Result<Option<Date>, Flaw> {
    found
        .map(|text| text.parse().map_err(|_| Flaw(format!("`{place}` is no day"))))
        .transpose()
}

/// The cycle that begins on a day.
pub(super) fn cycle_from(start: Date, interval: Interval) -> Option<Period> {
    period(start, start.checked_add(span(interval)?).ok()?)
}

/// The cycle that ends on a day. `anchor` is the first day of the first one: it tells which day of a month the cycle began
/// on, where the month of its end is too short to tell.
pub(super) fn cycle_to(end: Date, interval: Interval, anchor: Option<Date>) -> Option<Period> {
    let start = end.checked_sub(span(interval)?).ok()?;
    let by_month = match interval.unit {
        IntervalUnit::Month | IntervalUnit::Year => true,
        IntervalUnit::Day | IntervalUnit::Week => false,
    };
    let on_anchor = |date: Date, anchor: Date| anchor.day().min(date.days_in_month());
    let start = match anchor {
        Some(anchor) if by_month && on_anchor(end, anchor) == end.day() => {
            start.with().day(on_anchor(start, anchor)).build().ok()?
        }
        Some(_) | None => start,
    };
    period(start, end)
}

fn span(interval: Interval) -> Option<Span> {
    let count = i64::from(interval.count);
    match interval.unit {
        IntervalUnit::Day => Span::new().try_days(count),
        IntervalUnit::Week => Span::new().try_weeks(count),
        IntervalUnit::Month => Span::new().try_months(count),
        IntervalUnit::Year => Span::new().try_years(count),
    }
    .ok()
}

fn period(start: Date, end: Date) -> Option<Period> {
    let (start, end) = (begins(start)?, begins(end)?);
    (start < end).then_some(Period { start, end })
}

fn begins(day: Date) -> Option<Timestamp> {
    PHILIPPINES.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn months(count: u16) -> Interval {
        Interval {
            unit: IntervalUnit::Month,
            count,
        }
    }

    fn texts(period: Option<Period>) -> (String, String) {
        let period = period.unwrap();
        (period.start.to_string(), period.end.to_string())
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_cycle_lies_between_philippine_days() {
        let wanted = (
            "2026-03-02T16:00:00Z".to_owned(),
            "2026-04-02T16:00:00Z".to_owned(),
        );
        let anchor = Some(date("2026-03-03"));
        assert_eq!(texts(cycle_to(date("2026-04-03"), months(1), anchor)), wanted);
        assert_eq!(texts(cycle_from(date("2026-03-03"), months(1))), wanted);
    }

    #[test]
    fn a_short_month_does_not_move_the_day() {
        let anchor = Some(date("2026-01-31"));
        assert_eq!(
            texts(cycle_to(date("2026-02-28"), months(1), anchor)).0,
            "2026-01-30T16:00:00Z"
        );
        assert_eq!(
            texts(cycle_to(date("2026-03-31"), months(1), anchor)).0,
            "2026-02-27T16:00:00Z"
        );
        // An anchor that does not fit the day says nothing about it.
        assert_eq!(
            texts(cycle_to(date("2026-03-15"), months(1), anchor)).0,
            "2026-02-14T16:00:00Z"
        );
        let weeks = Interval {
            unit: IntervalUnit::Week,
            count: 2,
        };
        assert_eq!(
            texts(cycle_to(date("2026-03-15"), weeks, anchor)).0,
            "2026-02-28T16:00:00Z"
        );
    }
}
