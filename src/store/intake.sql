-- One batch of deliveries, whole: one statement, so one round trip and one commit.
-- Rows come in the order of their keys, so that two batches never wait for each other in a circle. Of rows with one
-- key only the first `leads`; it carries how many more there are.
with given as materialized (
    select *
    from unnest(
        $1::uuid[], $2::timestamptz[], $3::text[], $4::bool[], $5::text[], $6::bool[], $7::int4[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::text[],
        $15::bytea[], $16::text[], $17::text[], $18::text[], $19::text[], $20::bytea[], $21::text[],
        $22::uuid[], $23::text[], $24::text[], $25::text[], $26::text[], $27::int4[]
    ) with ordinality as given (
        candidate, received_at, provider, livemode, key, leads, followers,
        type, object_kind, object_id, customer_ref, lane, provider_created_at, api_version,
        body_sha256, source, end_state, end_code, end_reason, body, content_type,
        delivery, endpoint, remote, headers, verdict, body_length,
        position
    )
),
stored as (
    insert into event (
        id, provider, livemode, provider_event_id, type, object_kind, object_id, customer_ref, lane,
        provider_created_at, received_at, api_version, body_sha256, source, duplicates,
        end_state, end_code, end_reason, ended_at
    )
    select
        candidate, provider, livemode, key, type, object_kind, object_id, customer_ref, lane,
        provider_created_at, received_at, api_version, body_sha256, source, followers,
        end_state, end_code, end_reason, case when end_state is not null then now() end
    from given
    where leads
    on conflict (provider, livemode, account, provider_event_id) do update
        set
            duplicates = event.duplicates + excluded.duplicates + 1
    returning id, provider, livemode, provider_event_id, body_sha256, source
),
-- An id that comes back as the one given is a new event.
bodies as (
    insert into event_body (event_id, received_at, body, content_type)
    select given.candidate, given.received_at, given.body, given.content_type
    from given
    join stored on stored.id = given.candidate
),
jobs as (
    insert into work (event_id, lane, run_at)
    select given.candidate, given.lane, now()
    from given
    join stored on stored.id = given.candidate
    where given.end_state is null
),
deliveries as (
    insert into delivery (
        id, received_at, provider, livemode, endpoint, remote, headers, body_sha256, body_length, verdict,
        event_id, other_body
    )
    select
        given.delivery, given.received_at, given.provider, given.livemode, given.endpoint, given.remote,
        given.headers::jsonb, given.body_sha256, given.body_length, given.verdict,
        stored.id, case when stored.body_sha256 <> given.body_sha256 then given.body end
    from given
    left join stored
        on stored.provider_event_id = given.key
        and stored.provider = given.provider
        and stored.livemode = given.livemode
    where given.delivery is not null
)
select
    given.position as "position!",
    stored.id as "id!",
    stored.body_sha256 <> given.body_sha256 as "other_body!",
    stored.source as "source!"
from given
join stored
    on stored.provider_event_id = given.key
    and stored.provider = given.provider
    and stored.livemode = given.livemode
