//! A stored field's value in a diff, as a person reads it: amounts with their currency, times as times, no JSON.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Clock, clean};
use crate::{console::theme::Glyphs, domain::money::Money};

/// The value in a line: texts without quotes, nothing as a dash.
pub(crate) fn value(value: &Value, clock: &Clock, glyphs: &Glyphs) -> String {
    match value {
        Value::Null => glyphs.missing.to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) => clock.moment(at),
            Err(_) => clean(text).into_owned(),
        },
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => joined(items.iter().map(|item| self::value(item, clock, glyphs))),
        Value::Object(fields) => object(fields, clock, glyphs),
    }
}

fn object(fields: &Map<String, Value>, clock: &Clock, glyphs: &Glyphs) -> String {
    if fields.len() == 2
        && let Ok(money) = serde_json::from_value::<Money>(Value::Object(fields.clone()))
    {
        return money.to_string();
    }
    let shown = |name: &str| fields.get(name).map(|field| value(field, clock, glyphs));
    if let (Some(price), Some(quantity)) = (shown("price_id"), shown("quantity")) {
        return format!("{price} {}{quantity}", glyphs.times);
    }
    let day = |name: &str| fields.get(name)?.as_str()?.parse().ok().map(|at| clock.day(at));
    if let (Some(start), Some(end)) = (day("start"), day("end")) {
        return format!("{start} to {end}");
    }
    joined(
        fields
            .iter()
            .map(|(name, field)| format!("{} {}", clean(name), value(field, clock, glyphs))),
    )
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::console::format::TimeStyle;

    #[test]
    fn a_diff_shows_no_json() {
        let clock = Clock {
            now: "2026-11-20T23:41:07Z".parse().unwrap(),
            zone: TimeZone::fixed(jiff::tz::offset(-6)),
            style: TimeStyle::Relative,
        };
        let cases = [
            (json!(null), "—"),
            (json!({ "amount": 123_450, "currency": "USD" }), "1,234.50 USD"),
            (json!({ "amount": -500, "currency": "JPY" }), "-500 JPY"),
            (json!("2026-12-03T00:00:00Z"), "2026-12-02 18:00:00 -06:00"),
            (json!("2026"), "2026"),
            (
                json!({ "start": "2026-12-03T00:00:00Z", "end": "2027-01-03T00:00:00Z" }),
                "2026-12-02 to 2027-01-02",
            ),
            (json!({ "unit": "month", "count": 3 }), "unit month, count 3"),
            (
                json!([
                    { "provider_item_id": "si_1", "price_id": "price_pro", "quantity": 8, "unit_amount": null },
                    { "provider_item_id": "si_2", "price_id": "price_extra", "quantity": 1, "unit_amount": null },
                ]),
                "price_pro ×8, price_extra ×1",
            ),
            (json!([]), "none"),
        ];
        for (stored, shown) in cases {
            assert_eq!(value(&stored, &clock, Glyphs::unicode()), shown);
        }
    }
}
