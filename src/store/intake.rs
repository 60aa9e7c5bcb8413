//! The write side of the inbound road: deliveries, events, bodies and work, a whole batch in one statement.
//!
//! Run outside a transaction the statement is its own: one round trip and one commit for the batch. [`write_each`]
//! repeats a refused batch row by row, so that one bad row does not fail its neighbours.

use std::{cmp::Ordering, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    event::{EndState, Envelope, EventSource},
    ids::{DeliveryId, EventId, ObjectId},
    provider::{Book, LaneKey, words},
};

/// What was found out about a delivery's signature and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Signed with a secret that is valid now.
    Verified,
    /// The signature is missing, unreadable or wrong.
    BadSignature,
    /// There is no secret to check with.
    NoSecret,
    /// Signed rightly, but too long ago.
    TooOld,
    /// Signed rightly, but for the other environment.
    WrongMode,
    /// Over the size limit; its body was not kept.
    TooLarge,
}

words!(Verdict, "verdict", {
    Verified => "verified", BadSignature => "bad_signature", NoSecret => "no_secret", TooOld => "too_old",
    WrongMode => "wrong_mode", TooLarge => "too_large",
});

/// How a delivery came in, as it is kept.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Its own id.
    pub id: DeliveryId,
    /// The path it came to, without a path secret.
    pub endpoint: Arc<str>,
    /// The address it came from.
    pub remote: Option<String>,
    /// The kept headers, as a JSON object.
    pub headers: String,
    /// What was found out about it.
    pub verdict: Verdict,
}

/// The end that an event has from the start: it is kept, and never becomes work.
#[derive(Clone, Debug)]
pub struct NewEnd {
    /// Which end.
    pub state: EndState,
    /// A stable code in snake case.
    pub code: &'static str,
    /// A sentence for people.
    pub reason: String,
}

/// An event to store, unless one with its key is stored already.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Its id, if it is new. Must never have been given to the database before: see [`Entry::renew_ids`].
    pub id: EventId,
    /// What the body says of itself. Its texts hold no NUL and are at most 255 bytes long.
    pub envelope: Envelope,
    /// Where it came from.
    pub source: EventSource,
    /// Its end, where it has one from the start.
    pub end: Option<NewEnd>,
}

/// One body that came in, with all that is to be kept of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose books it came to.
    pub book: Book,
    /// When it came in.
    pub received_at: Timestamp,
    /// Exactly the bytes that were received; empty where they are not kept.
    pub body: Bytes,
    /// The hash of the bytes that were received; empty where they were not read to the end.
    pub body_sha256: Vec<u8>,
    /// How many bytes were received or announced.
    pub body_length: i32,
    /// The body's content type, as the sender named it.
    pub content_type: Option<String>,
    /// None where nothing was delivered: a backfill or an import.
    pub delivery: Option<NewDelivery>,
    /// None where only the verdict is kept.
    pub event: Option<NewEvent>,
}

impl Entry {
    /// Gives the rows new ids. Needed before an entry is written again after a failure that leaves open whether the
    /// first write took effect: the statement tells new events from known ones by their ids.
    pub fn renew_ids(&mut self) {
        if let Some(delivery) = &mut self.delivery {
            delivery.id = Uuid::now_v7().into();
        }
        if let Some(event) = &mut self.event {
            event.id = Uuid::now_v7().into();
        }
    }

    fn key(&self) -> Option<(Book, &str)> {
        self.event
            .as_ref()
            .map(|event| (event.envelope.book, event.envelope.provider_event_id.as_str()))
    }
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The verdict is kept; there was no event.
    VerdictOnly,
    /// The event is new.
    New(EventId),
    /// The event was known; this one is counted.
    Duplicate {
        /// The event that is stored.
        id: EventId,
        /// Its body is another one than this entry's.
        other_body: bool,
    },
}

/// The statement's columns, one value per entry.
#[derive(Default)]
struct Columns<'a> {
    candidate: Vec<Uuid>,
    received_at: Vec<jiff_sqlx::Timestamp>,
    provider: Vec<&'static str>,
    livemode: Vec<bool>,
    key: Vec<Option<&'a str>>,
    leads: Vec<bool>,
    followers: Vec<i32>,
    event_type: Vec<Option<&'a str>>,
    object_kind: Vec<Option<&'static str>>,
    object_id: Vec<Option<&'a str>>,
    customer: Vec<Option<&'a str>>,
    lane: Vec<Option<LaneKey>>,
    created: Vec<Option<jiff_sqlx::Timestamp>>,
    api_version: Vec<Option<&'a str>>,
    body_sha256: Vec<&'a [u8]>,
    source: Vec<Option<&'static str>>,
    end_state: Vec<Option<&'static str>>,
    end_code: Vec<Option<&'static str>>,
    end_reason: Vec<Option<&'a str>>,
    body: Vec<&'a [u8]>,
    content_type: Vec<Option<&'a str>>,
    delivery: Vec<Option<Uuid>>,
    endpoint: Vec<Option<&'a str>>,
    remote: Vec<Option<&'a str>>,
    headers: Vec<Option<&'a str>>,
    verdict: Vec<Option<&'static str>>,
    body_length: Vec<i32>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, entry: &'a Entry, leads: bool) {
        let event = entry.event.as_ref();
        let envelope = event.map(|event| &event.envelope);
        let object = envelope.and_then(|envelope| envelope.object.as_ref());
        let end = event.and_then(|event| event.end.as_ref());
        let delivery = entry.delivery.as_ref();
        let book = envelope.map_or(entry.book, |envelope| envelope.book);

        self.candidate
            .push(event.map_or_else(Uuid::nil, |event| event.id.as_uuid()));
        self.received_at.push(entry.received_at.to_sqlx());
        self.provider.push(book.provider.as_str());
        self.livemode.push(book.environment.livemode());
        self.key
            .push(envelope.map(|envelope| envelope.provider_event_id.as_str()));
        self.leads.push(leads);
        self.followers.push(0);
        self.event_type
            .push(envelope.map(|envelope| envelope.event_type.as_str()));
        self.object_kind.push(object.map(|object| object.kind.as_str()));
        self.object_id.push(object.map(|object| object.id.as_str()));
        self.customer.push(
            envelope
                .and_then(|envelope| envelope.customer.as_ref())
                .map(ObjectId::as_str),
        );
        self.lane.push(envelope.map(Envelope::lane));
        self.created.push(
            envelope
                .and_then(|envelope| envelope.created)
                .map(ToSqlx::to_sqlx),
        );
        self.api_version
            .push(envelope.and_then(|envelope| envelope.api_version.as_deref()));
        self.body_sha256.push(&entry.body_sha256);
        self.source.push(event.map(|event| event.source.as_str()));
        self.end_state.push(end.map(|end| end.state.as_str()));
        self.end_code.push(end.map(|end| end.code));
        self.end_reason.push(end.map(|end| end.reason.as_str()));
        self.body.push(&entry.body);
        self.content_type.push(entry.content_type.as_deref());
        self.delivery.push(delivery.map(|delivery| delivery.id.as_uuid()));
        self.endpoint.push(delivery.map(|delivery| &*delivery.endpoint));
        self.remote
            .push(delivery.and_then(|delivery| delivery.remote.as_deref()));
        self.headers
            .push(delivery.map(|delivery| delivery.headers.as_str()));
        self.verdict
            .push(delivery.map(|delivery| delivery.verdict.as_str()));
        self.body_length.push(entry.body_length);
    }
}

/// Prepares a connection that is kept for [`write`].
///
/// Left to itself the server plans the statement anew for every small batch, because it takes the one plan for all sizes
/// for the dearer one; planning costs more than a millisecond, and the plans do not differ.
///
/// A commit counts once it is on disk, whatever the role or the database is set to: it is what an acknowledgement says.
///
/// Bodies are compressed with LZ4 where the server knows it: pglz takes a fifth of all that the server spends on an
/// event. Either can be read by whoever reads the table.
pub async fn make_ready(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::raw_sql(
        "
        set plan_cache_mode = force_generic_plan;
        select set_config('synchronous_commit', 'on', false)
        where current_setting('synchronous_commit') = 'off';
        select set_config('default_toast_compression', 'lz4', false)
        from pg_settings
        where name = 'default_toast_compression' and 'lz4' = any (enumvals)
        ",
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes a batch in one statement: everything of it or nothing.
///
/// Entries with one key are merged: the first is the event, the others count as its duplicates. The same key with
/// another body raises an alarm, in a statement of its own before this returns; that is a delivery which has not been
/// acknowledged yet, so that it comes again if the alarm could not be written.
pub async fn write(conn: &mut PgConnection, entries: &[Entry]) -> Result<Vec<Written>, StoreError> {
    let order = in_key_order(entries);
    let mut columns = Columns::default();
    let mut leader: Option<usize> = None;
    for (position, &index) in order.iter().enumerate() {
        let key = entries[index].key();
        let follows = position > 0 && key.is_some() && key == entries[order[position - 1]].key();
        columns.push(&entries[index], key.is_some() && !follows);
        match leader {
            Some(leader) if follows => columns.followers[leader] += 1,
            Some(_) | None => leader = Some(position),
        }
    }
    let lanes: Vec<Option<&str>> = columns
        .lane
        .iter()
        .map(|lane| lane.as_ref().map(LaneKey::as_str))
        .collect();
    let rows = sqlx::query_file!(
        "src/store/intake.sql",
        &columns.candidate,
        &columns.received_at as _,
        &columns.provider as _,
        &columns.livemode,
        &columns.key as _,
        &columns.leads,
        &columns.followers,
        &columns.event_type as _,
        &columns.object_kind as _,
        &columns.object_id as _,
        &columns.customer as _,
        &lanes as _,
        &columns.created as _,
        &columns.api_version as _,
        &columns.body_sha256 as _,
        &columns.source as _,
        &columns.end_state as _,
        &columns.end_code as _,
        &columns.end_reason as _,
        &columns.body as _,
        &columns.content_type as _,
        &columns.delivery as _,
        &columns.endpoint as _,
        &columns.remote as _,
        &columns.headers as _,
        &columns.verdict as _,
        &columns.body_length,
    )
    .fetch_all(&mut *conn)
    .await?;

    let mut written = vec![Written::VerdictOnly; entries.len()];
    for row in rows {
        let position = usize::try_from(row.position - 1).unwrap_or(usize::MAX);
        let Some(&index) = order.get(position) else {
            continue;
        };
        let Some(event) = &entries[index].event else {
            continue;
        };
        let id = EventId::from(row.id);
        if row.source == EventSource::Import.as_str() && event.source != EventSource::Import {
            import_overrule(&mut *conn, id, event, &entries[index]).await?;
        }
        written[index] = if id == event.id {
            Written::New(id)
        } else {
            Written::Duplicate {
                id,
                other_body: row.other_body,
            }
        };
        // A list of the provider's API and a delivery of it are two renderings of one event.
        let both_delivered =
            event.source == EventSource::Webhook && row.source == EventSource::Webhook.as_str();
        if row.other_body && both_delivered {
            alarm_other_body(&mut *conn, id, entries[index].book).await?;
        }
    }
    Ok(written)
}

/// Writes a batch, and on a refusal each entry on its own, so that each gets its own answer.
///
/// Fails as a whole where the database is not there or not in a state to write, whoever's row it is.
pub async fn write_each(
    conn: &mut PgConnection,
    entries: &[Entry],
) -> Result<Vec<Result<Written, StoreError>>, StoreError> {
    let refused = match write(&mut *conn, entries).await {
        Ok(written) => return Ok(written.into_iter().map(Ok).collect()),
        Err(error) if is_about_a_row(&error) || error.is_collision() => error,
        Err(error) => return Err(error),
    };
    if let [_] = entries
        && !refused.is_collision()
    {
        return Ok(vec![Err(refused)]);
    }
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        match write(&mut *conn, std::slice::from_ref(entry)).await {
            Ok(written) => outcomes.extend(written.into_iter().map(Ok)),
            Err(error) if is_about_a_row(&error) => outcomes.push(Err(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(outcomes)
}

/// Whether the database refused a value, so that other rows may fare better.
fn is_about_a_row(error: &StoreError) -> bool {
    match error {
        StoreError::Constraint { .. } => true,
        // Data exceptions and program limits (a value too long for its index).
        StoreError::Query(source) => source
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| code.starts_with("22") || code.starts_with("54")),
        StoreError::Unavailable(_)
        | StoreError::Behind { .. }
        | StoreError::Ahead { .. }
        | StoreError::Migrate(_)
        | StoreError::ReadOnly(_)
        | StoreError::Collision(_)
        | StoreError::BadRow { .. }
        | StoreError::Cursor(_)
        | StoreError::Gone { .. } => false,
    }
}

/// The entries' places, ordered by key and then by arrival; those without an event last.
fn in_key_order(entries: &[Entry]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(
        |&left, &right| match (entries[left].key(), entries[right].key()) {
            (Some(left), Some(right)) => left.cmp(&right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        },
    );
    order
}

/// What a person gave under this id yields to what the provider says of it: the event becomes the provider's, body and
/// all, and is worked off anew. Else an import, forged or edited, would keep the real event out for good.
///
/// A worker that is busy with the import loses its hold of it, and what it did is taken back.
async fn import_overrule(
    conn: &mut PgConnection,
    id: EventId,
    event: &NewEvent,
    entry: &Entry,
) -> Result<(), StoreError> {
    let NewEvent {
        envelope,
        source,
        end,
        ..
    } = event;
    if end.is_some() {
        return Ok(());
    }
    let lane = envelope.lane();
    sqlx::query!(
        "
        with overruled as (
            update event
            set source = $2, body_sha256 = $3, type = $4, object_kind = $5, object_id = $6, customer_ref = $7,
                lane = $8, provider_created_at = $9, api_version = $10,
                end_state = null, end_code = null, end_reason = null, ended_at = null
            where id = $1 and source = 'import'
            returning id, received_at, lane
        ),
        body as (
            update event_body
            set body = $11, content_type = $12
            from overruled
            where event_body.event_id = overruled.id and event_body.received_at = overruled.received_at
        )
        insert into work (event_id, lane, run_at)
        select id, lane, now() from overruled
        on conflict (event_id) do update
            set lane = excluded.lane, run_at = excluded.run_at, token = null, wait_kind = null, wait_key = null
        ",
        id.as_uuid(),
        source.as_str(),
        entry.body_sha256,
        envelope.event_type,
        envelope.object.as_ref().map(|object| object.kind.as_str()),
        envelope.object.as_ref().map(|object| object.id.as_str()),
        envelope.customer.as_ref().map(ObjectId::as_str),
        lane.as_str(),
        super::row::sql(envelope.created) as _,
        envelope.api_version,
        &entry.body[..],
        entry.content_type,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Raises the alarm that a known event came with another body, unless it stands already.
async fn alarm_other_body(conn: &mut PgConnection, event: EventId, book: Book) -> Result<(), StoreError> {
    sqlx::query!(
        "
        insert into alarm (id, kind, event_id, provider, livemode, detail)
        select $1, 'other_body', $2, $3, $4, $5
        where not exists (
            select from alarm where event_id = $2 and kind = 'other_body' and cleared_at is null
        )
        ",
        Uuid::now_v7(),
        event.as_uuid(),
        book.provider.as_str(),
        book.environment.livemode(),
        "a known event was delivered again with another body; the first is in force, the other is kept with its delivery",
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds to what this process received in the minute that `at` lies in.
pub async fn received_add(
    conn: &mut PgConnection,
    process: &str,
    at: Timestamp,
    book: Book,
    events: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "
        insert into minute_figure (minute, process, provider, livemode, received)
        values (date_trunc('minute', $1::timestamptz), $2, $3, $4, $5)
        on conflict (minute, process, provider, livemode) do update
            set received = minute_figure.received + excluded.received
        ",
        at.to_sqlx() as _,
        process,
        book.provider.as_str(),
        book.environment.livemode(),
        events,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that a webhook secret is configured, and when it last matched a delivery.
pub async fn secret_seen(
    conn: &mut PgConnection,
    book: Book,
    endpoint: &str,
    fingerprint: &str,
    used_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "
        insert into secret (provider, livemode, endpoint, fingerprint, last_used)
        values ($1, $2, $3, $4, $5)
        on conflict (provider, livemode, endpoint, fingerprint) do update
            set last_used = greatest(secret.last_used, excluded.last_used)
        ",
        book.provider.as_str(),
        book.environment.livemode(),
        endpoint,
        fingerprint,
        super::row::sql(used_at) as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the partitions of this month and the next two. One that cannot be made is logged: its rows go to the default
/// partition meanwhile.
pub async fn partitions_ensure(conn: &mut PgConnection) -> Result<(), StoreError> {
    let refused = sqlx::query_scalar!(r#"select partitions_ensure(now()) as "refused!""#)
        .fetch_one(conn)
        .await?;
    for partition in refused {
        tracing::warn!(partition, "a partition could not be made");
    }
    Ok(())
}
