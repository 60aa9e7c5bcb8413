-- What people do, and settings that live with the data.

create table audit (
    id uuid primary key,
    at timestamptz not null default now(),
    actor text not null,
    face text not null constraint audit_face_known check (face in ('console', 'cli', 'api')),
    action text not null,
    target text not null,
    customer_id uuid,
    differences jsonb not null default '[]',
    reason text,
    outcome text not null
);

create index audit_by_target on audit (target, id desc);
create index audit_by_customer on audit (customer_id, id desc) where customer_id is not null;
create index audit_by_actor on audit (actor, id desc);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'audit rows are append-only' using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_is_append_only before update or delete or truncate on audit
    for each statement execute function audit_is_append_only();

-- A replay of many events: the selection is frozen to ids when the run is made.
create table replay_run (
    id uuid primary key,
    made_at timestamptz not null default now(),
    requester text not null,
    reason text,
    mode text not null constraint replay_run_mode_known check (mode in ('converge', 'as_recorded')),
    cancelled_at timestamptz,
    finished_at timestamptz
);

create table replay_item (
    run_id uuid not null references replay_run (id),
    position integer not null,
    event_id uuid not null,
    outcome text,
    detail jsonb,
    primary key (run_id, position)
);

-- Settings that belong to the database rather than to a machine: the demo's made-up credentials and simulator addresses,
-- a signing key made once.
create table setting (
    key text primary key,
    value jsonb not null,
    updated_at timestamptz not null default now()
);
