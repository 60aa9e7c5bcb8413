-- Customers and their counterparts at the providers. Everything of a provider hangs on its link, so that giving a
-- provider's customer to an owner moves link rows only.

create table customer (
    id uuid primary key,
    scope text constraint customer_scope_known check (scope in ('user', 'organization')),
    external_id text,
    email text,
    name text,
    country text,
    preferred_provider text,
    time_zone text,
    -- Set when its links were moved: the emptied customer stays as a pointer, and its id still answers.
    merged_into uuid references customer (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Words for the search line: addresses and names fall apart at their punctuation, so that `acme` finds `ana@acme.mx`.
    search tsvector generated always as (
        to_tsvector('simple', translate(
            lower(coalesce(email, '') || ' ' || coalesce(name, '') || ' ' || coalesce(external_id, '')),
            '@._-+/', '      '))
    ) stored,
    constraint customer_owner_is_whole check ((scope is null) = (external_id is null))
);

create unique index customer_owner on customer (scope, external_id) where scope is not null;
create index customer_by_created on customer (id desc) where merged_into is null;
create index customer_by_email on customer (lower(email), id) where merged_into is null;
create index customer_by_external_id on customer (external_id) where external_id is not null;
create index customer_by_scope on customer (scope, id desc) where merged_into is null;
create index customer_unowned on customer (id desc) where scope is null and merged_into is null;
create index customer_search on customer using gin (search);

create table customer_link (
    id uuid primary key,
    customer_id uuid not null references customer (id),
    provider text not null,
    livemode boolean not null,
    provider_customer_id text not null,
    email text,
    name text,
    is_default boolean not null default false,
    deleted boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create unique index customer_link_key on customer_link (provider, livemode, provider_customer_id);
create unique index customer_link_default on customer_link (customer_id, provider, livemode) where is_default;
create index customer_link_by_customer on customer_link (customer_id);
create index customer_link_by_provider_customer on customer_link (provider_customer_id);
create index customer_link_by_provider on customer_link (provider, livemode, customer_id desc);
