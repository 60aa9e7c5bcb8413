//! The list of orders, newest first.

use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    StoreError,
    customer_row::customer_resolve,
    keyset::{Walk, id_floor},
    page::Fingerprint,
    road::{Road, Step, Stretch, pick},
    row::RowReader,
};
use crate::domain::{
    ids::CustomerId,
    order::PaymentMethod,
    provider::Environment,
    views::{
        Direction, Page, PageRequest,
        order::{OrderFilter, OrderRow},
    },
};

/// One page of orders.
pub async fn order_list(
    conn: &mut PgConnection,
    environment: Environment,
    filter: &OrderFilter,
    page: &PageRequest,
) -> Result<Page<OrderRow>, StoreError> {
    let walk = Walk::<Option<String>>::begin("orders", fingerprint(filter), Direction::Descending, page)?;
    let customer = match filter.customer {
        Some(id) => customer_resolve(conn, id).await?,
        None => None,
    };
    let selection = Selection {
        livemode: environment.livemode(),
        filter,
        customer,
    };
    let found = if filter.customer.is_some() && customer.is_none() {
        Vec::new()
    } else {
        let push = |query: &mut _, stretch: &_, step| selection.push(query, stretch, step);
        pick(conn, &walk, true, selection.road(), push).await?
    };
    let cut = walk.cut(found);
    let rows = order_rows(conn, &cut.ids).await?;
    Ok(cut.page(rows))
}

fn fingerprint(filter: &OrderFilter) -> Fingerprint {
    Fingerprint::of(&OrderFilter {
        since: None,
        ..filter.clone()
    })
}

struct Selection<'a> {
    livemode: bool,
    filter: &'a OrderFilter,
    customer: Option<CustomerId>,
}

impl Selection<'_> {
    fn road(&self) -> Road {
        let OrderFilter {
            statuses,
            provider,
            customer,
            since: _,
        } = self.filter;
        if customer.is_some() {
            Road::Gather
        } else if !statuses.is_empty() && provider.is_some() {
            Road::LookFirst
        } else {
            Road::Walk
        }
    }

    fn push(&self, query: &mut QueryBuilder<Postgres>, stretch: &Stretch<String>, step: Step) {
        match step {
            Step::Look { window } => {
                query.push("select o.id, null::text as key from ");
                let statuses = self.statuses();
                // A single one comes in order by itself, so that no more is read than the page needs.
                let one = match statuses.as_slice() {
                    &[one] => Some(one),
                    _ => None,
                };
                if statuses.len() > 1 {
                    query
                        .push("unnest(")
                        .push_bind(statuses)
                        .push("::text[]) as wanted (word) cross join lateral ");
                }
                query
                    .push("(select o.id, o.provider from orders o where o.livemode = ")
                    .push_bind(self.livemode);
                match one {
                    Some(status) => {
                        query.push(" and o.status = ").push_bind(status);
                    }
                    None if self.filter.statuses.is_empty() => self.push_provider(query),
                    None => {
                        query.push(" and o.status = wanted.word");
                    }
                }
                self.push_since(query);
                stretch.push_place(query, "null::text", "o.id");
                stretch.push_order(query, "null::text", "o.id", window);
                query.push(") as o where true");
                if self.road() == Road::LookFirst {
                    self.push_provider(query);
                }
                stretch.push_order(query, "null::text", "o.id", stretch.wanted);
            }
            Step::Gather => {
                query
                    .push("with o as materialized (select o.id from orders o where o.livemode = ")
                    .push_bind(self.livemode);
                if !self.filter.statuses.is_empty() {
                    query
                        .push(" and o.status = any(")
                        .push_bind(self.statuses())
                        .push("::text[])");
                }
                self.push_provider(query);
                self.push_since(query);
                if let Some(customer) = self.customer {
                    query
                        .push(" and o.link_id in (select k.id from customer_link k where k.customer_id = ")
                        .push_bind(customer.as_uuid())
                        .push(")");
                }
                query.push(") select o.id, null::text as key from o where true");
                stretch.push_place(query, "null::text", "o.id");
                stretch.push_order(query, "null::text", "o.id", stretch.wanted);
            }
        }
    }

    fn push_provider(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(provider) = self.filter.provider {
            query.push(" and o.provider = ").push_bind(provider.as_str());
        }
    }

    fn push_since(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(since) = self.filter.since {
            query.push(" and o.id >= ").push_bind(id_floor(since));
        }
    }

    fn statuses(&self) -> Vec<&'static str> {
        let mut words: Vec<_> = self
            .filter
            .statuses
            .iter()
            .map(|status| status.as_str())
            .collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

struct Row {
    id: Uuid,
    customer_id: Option<Uuid>,
    customer_label: Option<String>,
    provider: String,
    livemode: bool,
    provider_order_id: String,
    provider_subscription_id: Option<String>,
    offer_id: Option<String>,
    number: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    status: String,
    refunded: i64,
    purchased_at: Option<jiff_sqlx::Timestamp>,
    created_at: jiff_sqlx::Timestamp,
    provider_payment_id: Option<String>,
    method_kind: Option<String>,
    method_brand: Option<String>,
    method_last4: Option<String>,
    method_country: Option<String>,
    failure: Option<String>,
}

impl TryFrom<Row> for OrderRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let reader = RowReader::new("orders", row.id);
        let amount = reader.money("amount", row.amount, row.currency.as_deref())?;
        let method = row.method_kind.map(|kind| PaymentMethod {
            kind,
            brand: row.method_brand,
            last4: row.method_last4,
            country: row.method_country,
        });
        Ok(Self {
            id: row.id.into(),
            customer_id: row.customer_id.map(Into::into),
            customer_label: row.customer_label,
            provider: reader.word("provider", &row.provider)?,
            provider_order_id: row.provider_order_id,
            provider_payment_id: row.provider_payment_id,
            offer_id: row.offer_id,
            provider_subscription_id: row.provider_subscription_id,
            number: row.number,
            amount: amount.map(|money| money.minor),
            currency: amount.map(|money| money.currency),
            status: reader.word("status", &row.status)?,
            purchased_at: row.purchased_at.map(jiff_sqlx::Timestamp::to_jiff),
            refunded_amount: row.refunded,
            method,
            failure: row.failure,
            created_at: row.created_at.to_jiff(),
            livemode: row.livemode,
        })
    }
}

/// The orders with these ids, in their order, each with the payment that settled it, else the last one tried.
async fn order_rows(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<OrderRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            o.id,
            k.customer_id as "customer_id?",
            coalesce(
                c.email, k.email, c.name, k.name, c.scope || ' ' || c.external_id, k.provider_customer_id
            ) as "customer_label?",
            o.provider,
            o.livemode,
            o.provider_order_id,
            o.provider_subscription_id,
            o.offer_id,
            o.number,
            o.amount,
            o.currency,
            o.status,
            o.refunded,
            o.purchased_at,
            o.created_at,
            p.provider_payment_id as "provider_payment_id?",
            p.method_kind as "method_kind?",
            p.method_brand as "method_brand?",
            p.method_last4 as "method_last4?",
            p.method_country as "method_country?",
            case when p.status = 'failed' then
                coalesce(p.failure_message, p.decline_code, p.failure_code)
            end as "failure?"
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join orders o on o.id = wanted.id
        left join customer_link k on k.id = o.link_id
        left join customer c on c.id = k.customer_id
        left join lateral (
            select payment.*
            from payment
            where payment.order_id = o.id
            order by payment.status <> 'succeeded', payment.updated_at desc, payment.id desc
            limit 1
        ) as p on true
        order by wanted.place
        "#,
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter().map(OrderRow::try_from).collect()
}
