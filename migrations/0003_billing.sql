-- What is sold and what was paid: checkouts, subscriptions, orders, payments, refunds, disputes, and the facts and
-- effects that follow from them.

-- How new each provider object's stored state is, and the object as last seen.
create table provider_object (
    provider text not null,
    livemode boolean not null,
    object_kind text not null,
    object_id text not null,
    body_at timestamptz,
    body_event text,
    read_at timestamptz,
    ticket bigint,
    terminal boolean not null default false,
    -- As the provider wrote it; text, since jsonb would reorder it.
    raw text,
    updated_at timestamptz not null default now(),
    primary key (provider, livemode, object_kind, object_id)
);

create table checkout (
    id uuid primary key,
    customer_id uuid not null references customer (id),
    provider text not null,
    livemode boolean not null,
    plan text not null,
    seats integer not null default 1,
    provider_checkout_id text,
    url text,
    state text not null
        constraint checkout_state_known check (state in ('creating', 'open', 'complete', 'expired', 'unknown')),
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create unique index checkout_key on checkout (provider, livemode, provider_checkout_id)
    where provider_checkout_id is not null;
create index checkout_by_customer on checkout (customer_id, id desc);

create table subscription (
    id uuid primary key,
    link_id uuid not null references customer_link (id),
    provider text not null,
    livemode boolean not null,
    provider_subscription_id text,
    checkout_id uuid,
    plan text,
    status text not null
        constraint subscription_status_known check (status in (
            'incomplete', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled', 'expired')),
    provider_status text not null,
    cancel_at_period_end boolean not null default false,
    cancel_at timestamptz,
    canceled_at timestamptz,
    ended_at timestamptz,
    period_start timestamptz,
    period_end timestamptz,
    trial_start timestamptz,
    trial_end timestamptz,
    seats bigint,
    verification text not null
        constraint subscription_verification_known check (verification in ('pending', 'verified', 'mismatch')),
    verified_at timestamptz,
    -- The event's id; null with verification 'verified' means a read.
    verified_by_event uuid,
    mismatch jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create unique index subscription_key on subscription (provider, livemode, provider_subscription_id)
    where provider_subscription_id is not null;
create index subscription_by_link on subscription (link_id, id desc);
create index subscription_by_provider_id on subscription (provider_subscription_id);
create index subscription_by_status on subscription (livemode, status, id desc);
create index subscription_by_plan on subscription (livemode, plan, id desc);
create index subscription_by_created on subscription (livemode, id desc);
create index subscription_by_provider on subscription (livemode, provider, id desc);
create index subscription_by_period_end on subscription (livemode, period_end, id);
create index subscription_by_status_and_period_end on subscription (livemode, status, period_end, id);
create index subscription_unverified on subscription (livemode, verification, id desc)
    where verification <> 'verified';

create table subscription_item (
    subscription_id uuid not null references subscription (id) on delete cascade,
    position integer not null,
    provider_item_id text not null,
    price_id text not null,
    quantity bigint,
    unit_amount bigint,
    currency text,
    interval_unit text,
    interval_count smallint,
    primary key (subscription_id, provider_item_id)
);

-- `order` is a reserved word, so the table is called by its plural.
create table orders (
    id uuid primary key,
    link_id uuid references customer_link (id),
    provider text not null,
    livemode boolean not null,
    kind text not null constraint orders_kind_known check (kind in ('invoice', 'session', 'bare')),
    provider_order_id text not null,
    provider_subscription_id text,
    offer_id text,
    number text,
    amount bigint,
    currency text,
    collection text not null
        constraint orders_collection_known check (collection in ('pending', 'failed', 'paid', 'expired')),
    status text not null
        constraint orders_status_known check (status in (
            'pending', 'paid', 'failed', 'refunded', 'partially_refunded', 'disputed', 'expired')),
    refunded bigint not null default 0,
    purchased_at timestamptz,
    period_start timestamptz,
    period_end timestamptz,
    attempts integer,
    next_attempt_at timestamptz,
    hosted_url text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint orders_amount_has_currency check ((amount is null) = (currency is null))
);

create unique index orders_key on orders (provider, livemode, provider_order_id);
create index orders_by_link on orders (link_id, id desc) where link_id is not null;
create index orders_by_status on orders (livemode, status, id desc);
create index orders_by_created on orders (livemode, id desc);
create index orders_by_provider on orders (livemode, provider, id desc);

create table payment (
    id uuid primary key,
    provider text not null,
    livemode boolean not null,
    provider_payment_id text not null,
    link_id uuid references customer_link (id),
    order_id uuid references orders (id),
    amount bigint,
    currency text,
    status text not null
        constraint payment_status_known check (status in ('pending', 'succeeded', 'failed', 'canceled')),
    paid_at timestamptz,
    failure_code text,
    decline_code text,
    failure_message text,
    charge_id text,
    method_kind text,
    method_brand text,
    method_last4 text,
    method_country text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create unique index payment_key on payment (provider, livemode, provider_payment_id);
create index payment_by_order on payment (order_id) where order_id is not null;
create index payment_by_charge on payment (charge_id) where charge_id is not null;
create index payment_failed on payment (updated_at) where status = 'failed';

create table refund (
    id uuid primary key,
    provider text not null,
    livemode boolean not null,
    provider_refund_id text not null,
    payment_id uuid not null references payment (id),
    amount bigint not null,
    currency text not null,
    status text not null
        constraint refund_status_known check (status in ('pending', 'succeeded', 'failed', 'canceled')),
    reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create unique index refund_key on refund (provider, livemode, provider_refund_id);
create index refund_by_payment on refund (payment_id);

create table dispute (
    id uuid primary key,
    provider text not null,
    livemode boolean not null,
    provider_dispute_id text not null,
    payment_id uuid not null references payment (id),
    amount bigint not null,
    currency text not null,
    status text not null
        constraint dispute_status_known check (status in ('needs_response', 'under_review', 'won', 'lost')),
    provider_status text not null,
    reason text,
    due_by timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create unique index dispute_key on dispute (provider, livemode, provider_dispute_id);
create index dispute_by_payment on dispute (payment_id);

-- Money facts: each is booked once, whichever events tell it, and nothing undoes it.
create table ledger (
    id bigint generated always as identity primary key,
    provider text not null,
    livemode boolean not null,
    object_kind text not null,
    object_id text not null,
    kind text not null,
    amount bigint not null,
    currency text not null,
    at timestamptz not null,
    event_id uuid,
    booked_at timestamptz not null default now()
);

create unique index ledger_key on ledger (provider, livemode, object_kind, object_id, kind);
create index ledger_by_time on ledger (livemode, at desc);

-- What leaves this database: one outbox. The key is the fact, so that two events that tell one fact make one effect.
create table effect (
    key text primary key,
    kind text not null,
    provider text not null,
    livemode boolean not null,
    target text not null,
    payload jsonb not null,
    event_id uuid,
    state text not null default 'recorded',
    tries integer not null default 0,
    next_try_at timestamptz,
    created_at timestamptz not null default now()
);

create index effect_by_created on effect (created_at desc);
