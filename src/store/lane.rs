//! Lanes: one owner at a time, in the whole system. All times are the database's.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;
use crate::domain::provider::{Environment, LaneKey};

/// The right to work on a lane, until it runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The lane.
    pub lane: LaneKey,
    /// Tells this lease from an earlier one by the same owner.
    pub token: Uuid,
    /// How long it lasts from each renewal.
    pub lasts: Duration,
}

impl Lease {
    /// How often it is renewed: five renewals may be missed before another worker takes over.
    pub fn renew_every(&self) -> Duration {
        self.lasts / 6
    }
}

/// What a look for lanes brought.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// The lanes that are held now.
    pub leases: Vec<Lease>,
    /// Somebody else took a lane in the same moment: there may be more to take, so look again soon.
    pub outrun: bool,
}

/// Takes up to `limit` free lanes that have due work, the most urgent first.
///
/// A paused gate keeps the work of its provider (or of one type) back. Two processes that look at once may pick the same
/// lane: the insert decides, and the one that comes second gets fewer lanes.
pub async fn lanes_claim(
    conn: &mut PgConnection,
    environment: Environment,
    owner: &str,
    limit: i64,
    lasts: Duration,
) -> Result<Claimed, StoreError> {
    let rows = sqlx::query!(
        r#"
        with due as (
            select work.lane, work.priority, work.run_at
            from work
            join event on event.id = work.event_id
            where work.run_at <= now()
              and event.livemode = $1
              and not exists (select from lane where lane.key = work.lane and lane.lease_until > now())
              and not exists (
                  select from gate
                  where gate.provider = event.provider
                    and gate.livemode = event.livemode
                    and gate.type in ('', event.type)
                    and gate.state = 'paused'
                    and (gate.until is null or gate.until > now())
              )
            order by work.priority desc, work.run_at
            limit 20 * $2::bigint
        ), chosen as (
            select lane, max(priority) as priority, min(run_at) as run_at
            from due
            group by lane
            order by max(priority) desc, min(run_at)
            limit $2::bigint
        ), taken as (
            insert into lane (key, owner, token, lease_until)
            select lane, $3, gen_random_uuid(), now() + make_interval(secs => $4)
            from chosen
            order by lane
            on conflict (key) do update
                set owner = excluded.owner, token = excluded.token, lease_until = excluded.lease_until
                where lane.lease_until <= now()
            returning key, token
        )
        select chosen.lane as "key!", taken.token as "token?"
        from chosen
        left join taken on taken.key = chosen.lane
        "#,
        environment.livemode(),
        limit,
        owner,
        lasts.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    let mut claimed = Claimed::default();
    for row in rows {
        match row.token {
            Some(token) => claimed.leases.push(Lease {
                lane: row.key.into(),
                token,
                lasts,
            }),
            None => claimed.outrun = true,
        }
    }
    Ok(claimed)
}

/// Takes one lane, whether it has work or not; none while somebody else holds it.
pub async fn lane_take(
    conn: &mut PgConnection,
    lane: &LaneKey,
    owner: &str,
    lasts: Duration,
) -> Result<Option<Lease>, StoreError> {
    let token = sqlx::query_scalar!(
        r#"
        insert into lane (key, owner, token, lease_until)
        values ($1, $2, gen_random_uuid(), now() + make_interval(secs => $3))
        on conflict (key) do update
            set owner = excluded.owner, token = excluded.token, lease_until = excluded.lease_until
            where lane.lease_until <= now()
        returning token as "token!"
        "#,
        lane.as_str(),
        owner,
        lasts.as_secs_f64(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(token.map(|token| Lease {
        lane: lane.clone(),
        token,
        lasts,
    }))
}

/// Prolongs a lease; false when it was lost.
pub async fn lane_renew(conn: &mut PgConnection, lease: &Lease) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update lane set lease_until = now() + make_interval(secs => $3) where key = $1 and token = $2",
        lease.lane.as_str(),
        lease.token,
        lease.lasts.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lane back. A lease that was lost already is left alone.
pub async fn lane_release(conn: &mut PgConnection, lease: &Lease) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from lane where key = $1 and token = $2",
        lease.lane.as_str(),
        lease.token
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the lane until the transaction ends, and refuses if the lease was lost: a process that was paused and wakes
/// after a takeover cannot commit.
pub async fn lane_fence(conn: &mut PgConnection, lease: &Lease) -> Result<(), StoreError> {
    let held = sqlx::query_scalar!(
        r#"select true as "held!" from lane where key = $1 and token = $2 for update"#,
        lease.lane.as_str(),
        lease.token,
    )
    .fetch_optional(conn)
    .await?;
    held.map(|_| ()).ok_or_else(|| StoreError::Gone {
        what: "lane",
        id: lease.lane.to_string(),
    })
}
