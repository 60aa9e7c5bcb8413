//! Subscriptions by id, as lists and details show them.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, row::RowReader};
use crate::domain::{
    money::Money,
    subscription::{Interval, IntervalUnit, SubscriptionItem},
    views::subscription::SubscriptionRow,
};

struct Row {
    id: Uuid,
    customer_id: Uuid,
    customer_label: String,
    provider: String,
    livemode: bool,
    provider_subscription_id: Option<String>,
    provider_customer_id: String,
    plan: Option<String>,
    status: String,
    provider_status: String,
    cancel_at_period_end: bool,
    cancel_at: Option<jiff_sqlx::Timestamp>,
    period_start: Option<jiff_sqlx::Timestamp>,
    period_end: Option<jiff_sqlx::Timestamp>,
    trial_end: Option<jiff_sqlx::Timestamp>,
    seats: Option<i64>,
    verification: String,
    verified_at: Option<jiff_sqlx::Timestamp>,
    verified_by_event: Option<Uuid>,
    created_at: jiff_sqlx::Timestamp,
    updated_at: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_view(self, items: Vec<SubscriptionItem>) -> Result<SubscriptionRow, StoreError> {
        let reader = RowReader::new("subscription", self.id);
        let time = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
        // The event that verified a row stays noted when the row becomes doubtful again.
        let verified_by = (self.verification == "verified").then(|| match self.verified_by_event {
            Some(event) => format!("event {event}"),
            None => "read".to_owned(),
        });
        Ok(SubscriptionRow {
            id: self.id.into(),
            customer_id: self.customer_id.into(),
            customer_label: Some(self.customer_label),
            provider: reader.word("provider", &self.provider)?,
            provider_subscription_id: self.provider_subscription_id,
            provider_customer_id: self.provider_customer_id,
            plan: self.plan,
            status: reader.word("status", &self.status)?,
            provider_status: self.provider_status,
            cancel_at_period_end: self.cancel_at_period_end,
            cancel_at: time(self.cancel_at),
            current_period_start: time(self.period_start),
            current_period_end: time(self.period_end),
            trial_end: time(self.trial_end),
            seats: self.seats,
            amount: cycle_price(&items),
            items,
            verification: self.verification,
            verified_at: time(self.verified_at),
            verified_by,
            updated_at: self.updated_at.to_jiff(),
            created_at: self.created_at.to_jiff(),
            livemode: self.livemode,
        })
    }
}

/// What one cycle costs in all. None where an item does not say what it costs, or where the items are of several
/// currencies or cycles: a sum would be of nothing.
fn cycle_price(items: &[SubscriptionItem]) -> Option<Money> {
    let (first, rest) = items.split_first()?;
    let price = |item: &SubscriptionItem| {
        let unit = item.unit_amount?;
        let minor = unit.minor.checked_mul(item.quantity?)?;
        Some(Money::new(minor, unit.currency))
    };
    rest.iter().try_fold(price(first)?, |sum, item| {
        (item.interval == first.interval)
            .then(|| price(item))
            .flatten()
            .and_then(|money| sum.checked_add(money).ok())
    })
}

/// The subscriptions with these ids, in their order. An id that is not there is left out.
pub(super) async fn subscription_rows(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<SubscriptionRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            s.id,
            k.customer_id,
            coalesce(
                c.email, k.email, c.name, k.name, c.scope || ' ' || c.external_id, k.provider_customer_id
            ) as "customer_label!",
            s.provider,
            s.livemode,
            s.provider_subscription_id,
            k.provider_customer_id,
            s.plan,
            s.status,
            s.provider_status,
            s.cancel_at_period_end,
            s.cancel_at,
            s.period_start,
            s.period_end,
            s.trial_end,
            s.seats,
            s.verification,
            s.verified_at,
            s.verified_by_event,
            s.created_at,
            s.updated_at
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join subscription s on s.id = wanted.id
        join customer_link k on k.id = s.link_id
        join customer c on c.id = k.customer_id
        order by wanted.place
        "#,
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut items = items_of(conn, ids).await?;
    rows.into_iter()
        .map(|row| {
            let own = items.remove(&row.id).unwrap_or_default();
            row.into_view(own)
        })
        .collect()
}

async fn items_of(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<SubscriptionItem>>, StoreError> {
    let rows = sqlx::query!(
        "
        select
            subscription_id, provider_item_id, price_id, quantity, unit_amount, currency, interval_unit, interval_count
        from subscription_item
        where subscription_id = any($1)
        order by subscription_id, position
        ",
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut found: HashMap<Uuid, Vec<SubscriptionItem>> = HashMap::new();
    for row in rows {
        let reader = RowReader::new(
            "subscription_item",
            format_args!("{} {}", row.subscription_id, row.provider_item_id),
        );
        let interval = match (&row.interval_unit, row.interval_count) {
            (Some(unit), Some(count)) => Some(Interval {
                unit: reader.word::<IntervalUnit>("interval_unit", unit)?,
                count: u16::try_from(count).map_err(|error| reader.bad("interval_count", error))?,
            }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(reader.bad("interval_unit", "unit and count do not agree"));
            }
        };
        let item = SubscriptionItem {
            provider_item_id: reader.object_id("provider_item_id", row.provider_item_id)?,
            price_id: reader.object_id("price_id", row.price_id)?,
            quantity: row.quantity,
            unit_amount: reader.money("unit_amount", row.unit_amount, row.currency.as_deref())?,
            interval,
        };
        found.entry(row.subscription_id).or_default().push(item);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(quantity: Option<i64>, amount: Option<(i64, &str)>, unit: IntervalUnit) -> SubscriptionItem {
        SubscriptionItem {
            provider_item_id: "si_1".parse().unwrap(),
            price_id: "price_1".parse().unwrap(),
            quantity,
            unit_amount: amount.map(|(minor, code)| Money::new(minor, code.parse().unwrap())),
            interval: Some(Interval { unit, count: 1 }),
        }
    }

    #[test]
    fn a_cycle_costs_the_sum_of_what_agrees() {
        let month = IntervalUnit::Month;
        let seats = item(Some(8), Some((1_500, "USD")), month);
        let addon = item(Some(1), Some((500, "USD")), month);
        let sum = cycle_price(&[seats.clone(), addon]).unwrap();
        assert_eq!((sum.minor, sum.currency.code()), (12_500, "USD"));

        assert_eq!(cycle_price(&[]), None);
        for odd in [
            item(Some(1), Some((500, "EUR")), month),
            item(Some(1), Some((500, "USD")), IntervalUnit::Year),
            item(None, Some((500, "USD")), month),
            item(Some(1), None, month),
            item(Some(2), Some((i64::MAX, "USD")), month),
        ] {
            assert_eq!(cycle_price(&[seats.clone(), odd]), None);
        }
    }
}
