//! The bare query of a list's page: one statement with the columns that the page shows, written as a person would.

/// What is listed.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Customers,
    Subscriptions,
    Orders,
    Events,
}

/// A list's bare query under one filter.
pub(super) struct Bare {
    table: Table,
    condition: String,
    /// What the list is sorted by, upwards; else by id, downwards.
    key: Option<&'static str>,
}

impl Bare {
    pub(super) fn new(table: Table, condition: &str) -> Self {
        Self {
            table,
            condition: condition.to_owned(),
            key: None,
        }
    }

    pub(super) fn by(self, key: &'static str) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    /// The statement. `$1` is the environment, `$2` the row after which the page begins.
    pub(super) fn sql(&self, deep: bool, rows: u16) -> String {
        let Self {
            table,
            condition,
            key,
        } = self;
        let (name, base, visible) = match table {
            Table::Customers => (
                "c",
                "customer",
                "c.merged_into is null and coalesce(
                    (select bool_or(k.livemode = $1) from customer_link k where k.customer_id = c.id), true)",
            ),
            Table::Subscriptions => ("s", "subscription", "s.livemode = $1"),
            Table::Orders => ("o", "orders", "o.livemode = $1"),
            Table::Events => ("e", "event", "e.livemode = $1"),
        };
        let order = match key {
            Some(key) => format!("{key}, {name}.id"),
            None => format!("{name}.id desc"),
        };
        let place = match (deep, key) {
            (false, _) => String::new(),
            (true, None) => format!("and {name}.id < $2"),
            (true, Some(key)) => {
                format!(
                    "and ({key}, {name}.id) > ((select {key} from {base} {name} where {name}.id = $2), $2)"
                )
            }
        };
        let found = format!(
            "(select * from {base} {name} where {visible} and {condition} {place}
            order by {order} limit {rows}) as {name}"
        );
        let columns = match table {
            Table::Customers => CUSTOMERS,
            Table::Subscriptions => SUBSCRIPTIONS,
            Table::Orders => ORDERS,
            Table::Events => EVENTS,
        };
        let (columns, joins) = columns;
        format!("select {columns} from {found} {joins} order by {order}")
    }
}

/// Columns, and the joins that they need.
type Shown = (&'static str, &'static str);

const CUSTOMERS: Shown = (
    "c.id, c.scope, c.external_id, c.email, c.name, c.country, c.created_at, links.ids, s.plan, s.status",
    "left join lateral (
        select string_agg(k.provider || ' ' || k.provider_customer_id, ',') as ids
        from customer_link k
        where k.customer_id = c.id and k.livemode = $1
    ) as links on true
    left join lateral (
        select s.plan, s.status
        from customer_link k
        join subscription s on s.link_id = k.id
        where k.customer_id = c.id and k.livemode = $1
        order by s.status in ('trialing', 'active') desc, s.id desc
        limit 1
    ) as s on true",
);

const SUBSCRIPTIONS: Shown = (
    "s.id, s.provider, s.livemode, s.provider_subscription_id, s.plan, s.status, s.provider_status,
    s.cancel_at_period_end, s.cancel_at, s.period_start, s.period_end, s.trial_end, s.seats, s.verification,
    s.verified_at, s.verified_by_event, s.created_at, s.updated_at, k.customer_id, k.provider_customer_id,
    coalesce(c.email, k.email, c.name, k.name) as label, items.of_it",
    "join customer_link k on k.id = s.link_id
    join customer c on c.id = k.customer_id
    left join lateral (
        select string_agg(
            concat_ws(
                ' ', i.provider_item_id, i.price_id, i.quantity, i.unit_amount, i.currency, i.interval_unit,
                i.interval_count
            ),
            ',' order by i.position
        ) as of_it
        from subscription_item i
        where i.subscription_id = s.id
    ) as items on true",
);

const ORDERS: Shown = (
    "o.id, o.provider, o.livemode, o.provider_order_id, o.provider_subscription_id, o.offer_id, o.number, o.amount,
    o.currency, o.status, o.refunded, o.purchased_at, o.created_at, k.customer_id,
    coalesce(c.email, k.email, c.name, k.name) as label, p.provider_payment_id, p.method_kind, p.method_brand,
    p.method_last4, p.method_country, p.status as payment_status, p.failure_message",
    "left join customer_link k on k.id = o.link_id
    left join customer c on c.id = k.customer_id
    left join lateral (
        select payment.*
        from payment
        where payment.order_id = o.id
        order by payment.status <> 'succeeded', payment.updated_at desc
        limit 1
    ) as p on true",
);

const EVENTS: Shown = (
    "e.id, e.provider, e.provider_event_id, e.type, e.livemode, e.object_kind, e.object_id, e.received_at,
    e.provider_created_at, e.duplicates, e.source, e.end_state, e.end_code, e.end_reason, e.attempts, w.run_at,
    w.error_code, w.error_message, w.wait_kind, w.wait_key, l.lease_until, k.customer_id,
    coalesce(c.email, k.email, c.name, k.name, e.customer_ref) as label",
    "left join work w on w.event_id = e.id
    left join lane l on l.key = w.lane
    left join customer_link k
        on k.provider = e.provider and k.livemode = e.livemode and k.provider_customer_id = e.customer_ref
    left join customer c on c.id = k.customer_id",
);
