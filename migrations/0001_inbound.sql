-- The inbound road: deliveries, events, their bodies, and the work that is left.
--
-- Finished events number millions while unfinished ones are few; claims, leases and retries rewrite rows. So `work` is a
-- small table of its own, with one row per unfinished event, and `event` stays narrow and is updated once, at its end.
-- The hot tables carry no foreign keys: each insert would have to lock and read the parent.
--
-- `livemode` is the environment everywhere: false for test, true for live.

create table delivery (
    id uuid not null,
    received_at timestamptz not null,
    provider text not null,
    livemode boolean,
    endpoint text not null,
    remote text,
    headers jsonb not null,
    body_sha256 bytea not null,
    body_length integer not null,
    verdict text not null
        constraint delivery_verdict_known
        check (verdict in ('verified', 'bad_signature', 'no_secret', 'too_old', 'wrong_mode', 'too_large')),
    event_id uuid,
    -- Only where it differs from the event's own body (the same id with another body).
    other_body bytea,
    primary key (id, received_at)
) partition by range (received_at);

create index delivery_by_event on delivery (event_id) where event_id is not null;

create table event (
    -- UUIDv7 made at receipt: the order of ids is the order of receipt, and lists page by it.
    id uuid primary key,
    provider text not null,
    livemode boolean not null,
    account text not null default 'default',
    provider_event_id text not null,
    -- By bytes, so that the types under a prefix are one stretch of an index whatever the database's own collation is.
    type text collate "C" not null,
    object_kind text,
    object_id text,
    customer_ref text,
    lane text not null,
    provider_created_at timestamptz,
    received_at timestamptz not null,
    api_version text,
    body_sha256 bytea not null,
    source text not null
        constraint event_source_known check (source in ('webhook', 'backfill', 'import')),
    duplicates integer not null default 0,
    attempts integer not null default 0,
    end_state text
        constraint event_end_state_known
        check (end_state in ('processed', 'ignored', 'dead', 'discarded', 'quarantined')),
    end_code text,
    end_reason text,
    ended_at timestamptz,
    constraint event_ends_at_a_time check ((end_state is null) = (ended_at is null))
);

create unique index event_key on event (provider, livemode, account, provider_event_id);
create index event_by_object on event (object_id, id desc) where object_id is not null;
create index event_by_customer on event (customer_ref, id desc) where customer_ref is not null;
-- Finished events by provider and by type, in the order of receipt within each end. Unfinished ones are found through
-- `work`, so intake writes neither index.
create index event_by_provider on event (livemode, provider, end_state, id desc) where end_state is not null;
create index event_by_type on event (livemode, type, end_state, id desc) where end_state is not null;
create index event_by_end_code on event (end_code, id desc) where end_code is not null;
-- What the rollup has not counted yet, and what ended in the last minute.
create index event_by_ended_at on event (ended_at) where ended_at is not null;

create table event_body (
    event_id uuid not null,
    received_at timestamptz not null,
    -- Exactly as received: jsonb would reorder keys and rewrite numbers, and a signature could not be checked again.
    body bytea not null,
    content_type text,
    primary key (event_id, received_at)
) partition by range (received_at);

create table work (
    event_id uuid primary key,
    lane text not null,
    run_at timestamptz not null,
    attempts integer not null default 0,
    priority smallint not null default 0,
    -- Why the last try failed.
    error_code text,
    error_message text,
    -- What it waits for; its tries are not counted.
    wait_kind text,
    wait_key text,
    -- The lease under which a worker holds it now.
    token uuid,
    constraint work_wait_is_whole check ((wait_kind is null) = (wait_key is null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create index work_due on work (priority desc, run_at);
create index work_by_lane on work (lane, run_at);
create index work_by_wait on work (wait_kind, wait_key) where wait_key is not null;
create index work_by_error on work (error_code, event_id desc) where error_code is not null;

create table lane (
    key text primary key,
    owner text,
    token uuid,
    lease_until timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create index lane_by_lease on lane (lease_until);

-- Taken just before every provider read and every local change: a higher ticket means a read begun later.
create sequence read_ticket;

create table attempt (
    id uuid not null,
    started_at timestamptz not null,
    event_id uuid,
    -- What a verification was about, where no event is.
    subject text,
    number integer not null,
    kind text not null constraint attempt_kind_known check (kind in ('auto', 'manual', 'replay', 'verify')),
    ended_at timestamptz,
    worker text not null,
    ticket bigint,
    outcome text not null,
    error_code text,
    error_message text,
    primary key (id, started_at)
) partition by range (started_at);

create index attempt_by_event on attempt (event_id, started_at) where event_id is not null;

create table change (
    id bigint generated always as identity,
    at timestamptz not null,
    attempt_id uuid,
    event_id uuid,
    table_name text not null,
    row_id uuid not null,
    row_key text not null,
    field text not null,
    before jsonb,
    after jsonb,
    source_kind text not null constraint change_source_known check (source_kind in ('event', 'read', 'person')),
    -- The event's id, the attempt's id, or the person's name.
    source_ref text not null,
    primary key (id, at)
) partition by range (at);

create index change_by_row on change (row_id, at desc);
create index change_by_event on change (event_id, id) where event_id is not null;

create table alarm (
    id uuid primary key,
    raised_at timestamptz not null default now(),
    kind text not null,
    event_id uuid,
    provider text,
    livemode boolean,
    detail text not null,
    cleared_at timestamptz,
    cleared_by text
);

create index alarm_open on alarm (raised_at desc) where cleared_at is null;
create index alarm_by_event on alarm (event_id) where event_id is not null;

-- Claims are stopped or slowed for a provider, or for one type of event ('' means all types).
create table gate (
    provider text not null,
    livemode boolean not null,
    type text not null default '',
    state text not null constraint gate_state_known check (state in ('open', 'paused', 'ramping')),
    reason text,
    by_whom text,
    until timestamptz,
    updated_at timestamptz not null default now(),
    primary key (provider, livemode, type)
);

-- Counts of events per day of receipt, by end; the end '' counts all of them, finished or not. Written by a periodic
-- job, never in the apply transaction, so that no counter row serialises the workers.
create table event_rollup (
    day date not null,
    provider text not null,
    livemode boolean not null,
    end_state text not null,
    events bigint not null,
    primary key (day, provider, livemode, end_state)
);

-- What each process did in each minute; summed for the overview.
create table minute_figure (
    minute timestamptz not null,
    process text not null,
    provider text not null,
    livemode boolean not null,
    received integer not null default 0,
    processed integer not null default 0,
    failed integer not null default 0,
    primary key (minute, process, provider, livemode)
);

create table heartbeat (
    process text primary key,
    kind text not null,
    version text not null,
    workers integer not null,
    started_at timestamptz not null,
    last_seen timestamptz not null,
    detail jsonb not null default '{}'
);

-- Webhook secrets by fingerprint (never the value): which are in use, and since when.
create table secret (
    provider text not null,
    livemode boolean not null,
    endpoint text not null,
    fingerprint text not null,
    first_seen timestamptz not null default now(),
    last_used timestamptz,
    primary key (provider, livemode, endpoint, fingerprint)
);

-- How far a backfill has come.
create table cursor_mark (
    provider text not null,
    livemode boolean not null,
    stream text not null,
    last_id text,
    last_time timestamptz,
    page_mark text,
    updated_at timestamptz not null default now(),
    primary key (provider, livemode, stream)
);

-- Makes this month's and the next two months' partitions; a default one catches the rest, so that intake never stops
-- at midnight because nobody was there to make a table.
create function partitions_ensure(around timestamptz) returns void language plpgsql as $$
declare
    parent text;
    month timestamptz;
    part text;
begin
    foreach parent in array array['delivery', 'event_body', 'attempt', 'change'] loop
        for offset_months in 0..2 loop
            month := date_trunc('month', around at time zone 'UTC') at time zone 'UTC'
                + make_interval(months => offset_months);
            part := format('%s_%s', parent, to_char(month at time zone 'UTC', 'YYYYMM'));
            if to_regclass(part) is null then
                execute format(
                    'create table %I partition of %I for values from (%L) to (%L)',
                    part, parent, month, month + interval '1 month');
            end if;
        end loop;
    end loop;
end
$$;

create table delivery_rest partition of delivery default;
create table event_body_rest partition of event_body default;
create table attempt_rest partition of attempt default;
create table change_rest partition of change default;

select partitions_ensure(now());
