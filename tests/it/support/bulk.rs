//! Many made-up rows, made by the database itself. Depends on nothing but the schema, so that benches can include it.

use sqlx::PgConnection;

/// How many rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Customers; each has a link, eight of ten a subscription, each an order with a payment.
    pub(crate) customers: i32,
    /// Events, over the last 60 days; the newest 300 are unfinished.
    pub(crate) events: i32,
}

impl Size {
    /// Enough for plans to show what they would do with more.
    pub(crate) const FOR_PLANS: Self = Self {
        customers: 30_000,
        events: 60_000,
    };
}

/// Fills a fresh database and gathers statistics.
pub(crate) async fn fill(conn: &mut PgConnection, size: Size) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(SQL).execute(&mut *conn).await?;
    sqlx::query("call bulk_fill($1, $2)")
        .bind(size.customers)
        .bind(size.events)
        .execute(&mut *conn)
        .await?;
    sqlx::raw_sql("drop procedure bulk_fill; drop function bulk_id; drop function bulk_time;")
        .execute(&mut *conn)
        .await?;
    sqlx::raw_sql("vacuum analyze").execute(&mut *conn).await?;
    Ok(())
}

/// Made by position, so that two fillings of one size differ in their times only.
///
/// What tests rely on: customer N has the owner `org_N` or `user_N`, the address `userN@…`, and at the provider the id
/// `cus_N`; every hundredth has no owner; every 97th is in the live environment alone; every tenth is Polar's.
pub(crate) const SQL: &str = r"
create function bulk_time(place double precision, days integer) returns timestamptz language sql stable as $$
    select now() - make_interval(days => days) * (1 - place)
$$;

create function bulk_id(at timestamptz, n bigint) returns uuid language sql immutable as $$
    select (
        lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0')
        || '7' || lpad(to_hex(n >> 40 & 4095), 3, '0') || '8' || lpad(to_hex(n), 15, '0')
    )::uuid
$$;

create procedure bulk_fill(customers integer, events integer) language plpgsql as $$
begin
    insert into customer (id, scope, external_id, email, name, country, created_at)
    select
        bulk_id(at, n),
        scope,
        case scope when 'organization' then 'org_' || n when 'user' then 'user_' || n end,
        case when n % 50 <> 0 then
            'user' || n || '@' || (array['acme', 'globex', 'initech', 'tindahan', 'umbrella'])[1 + n % 5]
            || n % 1000 || '.example'
        end,
        (array['Ana', 'Juan', 'Mika', 'Ola', 'Ines', 'Teo', 'Ruth'])[1 + n % 7] || ' '
            || (array['Reyes', 'Lopez', 'Santos', 'Kowalski', 'Meyer'])[1 + n % 5],
        (array['MX', 'PH', 'US', 'DE'])[1 + n % 4],
        at
    from generate_series(1, customers) as n
    cross join lateral (
        select
            bulk_time(n::float8 / customers, 700) as at,
            case when n % 100 = 0 then null when n % 3 = 0 then 'user' else 'organization' end as scope
    ) as made;

    insert into customer_link (id, customer_id, provider, livemode, provider_customer_id, email, is_default, created_at)
    select
        bulk_id(c.created_at, 1000000000 + n),
        c.id,
        case when n % 10 = 0 then 'polar' else 'stripe' end,
        n % 97 = 0,
        'cus_' || n,
        c.email,
        true,
        c.created_at
    from generate_series(1, customers) as n
    join customer c on c.id = bulk_id(bulk_time(n::float8 / customers, 700), n);

    insert into subscription (
        id, link_id, provider, livemode, provider_subscription_id, plan, status, provider_status, period_start,
        period_end, seats, verification, verified_at, created_at, updated_at)
    select
        bulk_id(k.created_at, 2000000000 + n),
        k.id,
        k.provider,
        k.livemode,
        'sub_' || n,
        case when n % 1009 = 0 then 'legacy' else (array['free', 'pro', 'team'])[1 + n % 3] end,
        status,
        status,
        case when status <> 'incomplete' then now() - make_interval(days => 30 + n % 400) end,
        case
            when status in ('canceled', 'expired') then now() - make_interval(days => n % 400)
            when status <> 'incomplete' then now() + make_interval(hours => n % 700)
        end,
        1 + n % 9,
        case when n % 3001 = 0 then 'mismatch' when n % 1501 = 0 then 'pending' else 'verified' end,
        now(),
        k.created_at,
        k.created_at
    from customer_link k
    cross join lateral (select substr(k.provider_customer_id, 5)::integer as n) as place
    cross join lateral (
        select case
            when n % 20 < 11 then 'active'
            when n % 20 < 16 then 'canceled'
            when n % 20 = 16 then 'trialing'
            when n % 200 = 17 then 'past_due'
            when n % 200 = 37 then 'unpaid'
            when n % 200 = 57 then 'paused'
            when n % 200 = 77 then 'incomplete'
            else 'active'
        end as status
    ) as made
    where n % 10 < 8;

    insert into subscription_item (
        subscription_id, position, provider_item_id, price_id, quantity, unit_amount, currency, interval_unit,
        interval_count)
    select
        s.id, 0, 'si_' || substr(s.provider_subscription_id, 5), 'price_' || s.plan, s.seats, 1500, 'USD', 'month', 1
    from subscription s;

    insert into orders (
        id, link_id, provider, livemode, kind, provider_order_id, number, amount, currency, collection, status,
        purchased_at, created_at)
    select
        bulk_id(k.created_at, 3000000000 + n),
        k.id,
        k.provider,
        k.livemode,
        'invoice',
        'in_' || n,
        'A-' || n,
        1500,
        'USD',
        case status when 'failed' then 'failed' when 'pending' then 'pending' else 'paid' end,
        status,
        case when status not in ('failed', 'pending') then k.created_at end,
        k.created_at
    from customer_link k
    cross join lateral (select substr(k.provider_customer_id, 5)::integer as n) as place
    cross join lateral (
        select case
            when n % 40 = 1 then 'failed'
            when n % 40 = 2 then 'pending'
            when n % 400 = 3 then 'refunded'
            when n % 4000 = 4 then 'disputed'
            else 'paid'
        end as status
    ) as made;

    insert into payment (
        id, provider, livemode, provider_payment_id, link_id, order_id, amount, currency, status, method_kind,
        created_at, updated_at)
    select
        bulk_id(o.created_at, 4000000000 + row_number() over (order by o.id)),
        o.provider,
        o.livemode,
        'pi_' || substr(o.provider_order_id, 4),
        o.link_id,
        o.id,
        o.amount,
        o.currency,
        case o.status when 'failed' then 'failed' when 'pending' then 'pending' else 'succeeded' end,
        'card',
        o.created_at,
        o.created_at
    from orders o;

    insert into event (
        id, provider, livemode, provider_event_id, type, object_kind, object_id, customer_ref, lane,
        provider_created_at, received_at, body_sha256, source, attempts, end_state, end_code, end_reason, ended_at)
    select
        bulk_id(at, 5000000000 + n),
        made.provider,
        made.livemode,
        'evt_' || n,
        made.type,
        case when made.type like 'invoice.%' then 'order' else 'subscription' end,
        case when made.type like 'invoice.%' then 'in_' else 'sub_' end || about,
        'cus_' || about,
        made.provider || ':' || case when made.livemode then 'live' else 'test' end || ':cus_' || about,
        at,
        at,
        '\x00',
        'webhook',
        1,
        ended.state,
        case ended.state when 'ignored' then 'not_handled' when 'dead' then 'refund_without_payment'
            when 'quarantined' then 'bad_signature' end,
        case when ended.state in ('ignored', 'dead', 'quarantined') then 'A made-up reason.' end,
        case when ended.state is not null then at end
    from generate_series(1, events) as n
    cross join lateral (
        select
            bulk_time(n::float8 / events, 60) as at,
            1 + (n::bigint * 7919 % customers)::integer as about
    ) as place
    cross join lateral (
        select
            case when about % 10 = 0 then 'polar' else 'stripe' end as provider,
            about % 97 = 0 as livemode,
            case
                when n % 5003 = 0 then 'radar.early_fraud_warning.created'
                else (array[
                    'invoice.paid', 'invoice.updated', 'customer.subscription.updated', 'invoice.paid',
                    'customer.updated', 'charge.updated', 'invoice.created', 'payment_intent.succeeded'
                ])[1 + n % 8]
            end as type
    ) as made
    cross join lateral (
        select case
            when n > events - 300 then null
            when n % 3001 = 0 then 'dead'
            when n % 4001 = 0 then 'quarantined'
            when n % 5009 = 0 then 'discarded'
            when made.type in ('charge.updated', 'customer.updated') then 'ignored'
            else 'processed'
        end as state
    ) as ended;

    insert into work (event_id, lane, run_at, attempts, error_code, error_message, wait_kind, wait_key)
    select
        e.id,
        e.lane,
        case when n % 3 = 0 then now() else now() + interval '5 minutes' end,
        n % 3,
        case n % 3 when 1 then 'provider_unavailable' when 2 then 'unknown_price' end,
        case n % 3 when 1 then 'The provider answered 503 to a read.' when 2 then 'The price is in no plan.' end,
        case n % 3 when 2 then 'unknown_price' end,
        case n % 3 when 2 then 'price_new' end
    from event e
    cross join lateral (select substr(e.provider_event_id, 5)::integer as n) as place
    where e.end_state is null;

    insert into ledger (provider, livemode, object_kind, object_id, kind, amount, currency, at)
    select p.provider, p.livemode, 'payment', p.provider_payment_id, 'paid', p.amount, p.currency, p.created_at
    from payment p
    where p.status = 'succeeded';

    insert into audit (id, at, actor, face, action, target, customer_id, outcome)
    select
        bulk_id(at, 6000000000 + n), at, 'ops-' || n % 7, 'cli', 'customer.link', c.id::text, c.id, 'done'
    from generate_series(1, customers / 3) as n
    cross join lateral (select bulk_time(n::float8 / customers * 3, 60) as at) as made
    join customer_link k on k.provider_customer_id = 'cus_' || n
    join customer c on c.id = k.customer_id;

    insert into change (at, event_id, table_name, row_id, row_key, field, before, after, source_kind, source_ref)
    select
        e.received_at, e.id, 'subscription', s.id, s.provider_subscription_id, field.word, 'null', '5', 'event',
        e.id::text
    from event e
    join subscription s on s.provider_subscription_id = e.object_id
    cross join unnest(array['status', 'seats']) as field (word)
    where e.end_state = 'processed';

    insert into attempt (id, started_at, event_id, number, kind, ended_at, worker, outcome)
    select gen_random_uuid(), e.ended_at, e.id, 1, 'auto', e.ended_at, 'worker@bulk/1', e.end_state
    from event e
    where e.end_state in ('processed', 'ignored', 'dead');

    insert into event_body (event_id, received_at, body, content_type)
    select
        e.id,
        e.received_at,
        convert_to(json_build_object(
            'id', e.provider_event_id, 'type', e.type, 'data', json_build_object('object', json_build_object(
                'id', e.object_id, 'customer', e.customer_ref)))::text, 'UTF8'),
        'application/json'
    from event e
    order by e.id desc
    limit 1000;
end
$$;
";
