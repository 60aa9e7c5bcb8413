//! Rows for tests: each names only what the test is about.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

/// The first id of a millisecond so far in the past: rows made with growing ages have falling ids.
pub(crate) fn id_aged(age: SignedDuration, place: u64) -> Uuid {
    let at = Timestamp::now() - age;
    let millis = u128::try_from(at.as_millisecond()).unwrap();
    Uuid::from_u128((millis << 80) | 0x7000_8000_0000_0000_0000 | u128::from(place))
}

/// When an id was made.
pub(crate) fn made_at(id: Uuid) -> Timestamp {
    Timestamp::from_millisecond(i64::try_from(id.as_u128() >> 80).unwrap()).unwrap()
}

#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: Uuid,
    pub(crate) owner: Option<(&'static str, String)>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) merged_into: Option<Uuid>,
}

impl Default for Customer {
    fn default() -> Self {
        Self {
            id: Uuid::now_v7(),
            owner: None,
            email: None,
            name: None,
            merged_into: None,
        }
    }
}

impl Customer {
    pub(crate) async fn insert(self, conn: &mut PgConnection) -> Uuid {
        sqlx::query(
            "insert into customer (id, scope, external_id, email, name, merged_into, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(self.id)
        .bind(self.owner.as_ref().map(|owner| owner.0))
        .bind(self.owner.as_ref().map(|owner| owner.1.as_str()))
        .bind(self.email)
        .bind(self.name)
        .bind(self.merged_into)
        .bind(made_at(self.id).to_sqlx())
        .execute(conn)
        .await
        .unwrap();
        self.id
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) customer: Uuid,
    pub(crate) provider: &'static str,
    pub(crate) livemode: bool,
    pub(crate) provider_customer_id: String,
    pub(crate) email: Option<String>,
    pub(crate) is_default: bool,
}

impl Link {
    pub(crate) fn of(customer: Uuid, provider_customer_id: &str) -> Self {
        Self {
            customer,
            provider: "stripe",
            livemode: false,
            provider_customer_id: provider_customer_id.to_owned(),
            email: None,
            is_default: false,
        }
    }

    pub(crate) async fn insert(self, conn: &mut PgConnection) -> Uuid {
        let id = Uuid::now_v7();
        sqlx::query(
            "insert into customer_link
                 (id, customer_id, provider, livemode, provider_customer_id, email, is_default)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(self.customer)
        .bind(self.provider)
        .bind(self.livemode)
        .bind(self.provider_customer_id)
        .bind(self.email)
        .bind(self.is_default)
        .execute(conn)
        .await
        .unwrap();
        id
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: Uuid,
    pub(crate) link: Uuid,
    pub(crate) provider: &'static str,
    pub(crate) livemode: bool,
    pub(crate) provider_subscription_id: Option<String>,
    pub(crate) plan: Option<&'static str>,
    pub(crate) status: &'static str,
    pub(crate) period_end: Option<Timestamp>,
    pub(crate) verification: &'static str,
    pub(crate) verified_by_event: Option<Uuid>,
    pub(crate) mismatch: Option<serde_json::Value>,
}

impl Subscription {
    pub(crate) fn of(link: Uuid) -> Self {
        Self {
            id: Uuid::now_v7(),
            link,
            provider: "stripe",
            livemode: false,
            provider_subscription_id: None,
            plan: None,
            status: "active",
            period_end: None,
            verification: "verified",
            verified_by_event: None,
            mismatch: None,
        }
    }

    pub(crate) async fn insert(self, conn: &mut PgConnection) -> Uuid {
        sqlx::query(
            "insert into subscription
                 (id, link_id, provider, livemode, provider_subscription_id, plan, status, provider_status, period_end,
                  verification, verified_by_event, mismatch, verified_at)
             values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, now())",
        )
        .bind(self.id)
        .bind(self.link)
        .bind(self.provider)
        .bind(self.livemode)
        .bind(self.provider_subscription_id)
        .bind(self.plan)
        .bind(self.status)
        .bind(self.period_end.map(ToSqlx::to_sqlx))
        .bind(self.verification)
        .bind(self.verified_by_event)
        .bind(self.mismatch)
        .execute(conn)
        .await
        .unwrap();
        self.id
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    pub(crate) link: Option<Uuid>,
    pub(crate) provider: &'static str,
    pub(crate) livemode: bool,
    pub(crate) status: &'static str,
}

impl Order {
    pub(crate) fn of(link: Option<Uuid>) -> Self {
        Self {
            id: Uuid::now_v7(),
            link,
            provider: "stripe",
            livemode: false,
            status: "paid",
        }
    }

    pub(crate) async fn insert(self, conn: &mut PgConnection) -> Uuid {
        sqlx::query(
            "insert into orders
                 (id, link_id, provider, livemode, kind, provider_order_id, amount, currency, collection, status)
             values ($1, $2, $3, $4, 'invoice', $5, 1500, 'USD', 'paid', $6)",
        )
        .bind(self.id)
        .bind(self.link)
        .bind(self.provider)
        .bind(self.livemode)
        .bind(format!("in_{}", self.id.simple()))
        .bind(self.status)
        .execute(conn)
        .await
        .unwrap();
        self.id
    }
}

/// How far an event has come.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Pending,
    Processing,
    Failed {
        code: &'static str,
    },
    Waiting {
        price: &'static str,
    },
    Ended {
        state: &'static str,
        code: Option<&'static str>,
    },
}

impl Stage {
    pub(crate) const fn ended(state: &'static str) -> Self {
        Self::Ended { state, code: None }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) provider: &'static str,
    pub(crate) livemode: bool,
    pub(crate) kind: String,
    pub(crate) object: Option<(&'static str, String)>,
    pub(crate) customer_ref: Option<String>,
    pub(crate) stage: Stage,
}

impl Default for Event {
    fn default() -> Self {
        Self {
            id: Uuid::now_v7(),
            provider: "stripe",
            livemode: false,
            kind: "invoice.paid".to_owned(),
            object: None,
            customer_ref: None,
            stage: Stage::ended("processed"),
        }
    }
}

impl Event {
    /// The provider's id that an event of this id gets.
    pub(crate) fn provider_id(id: Uuid) -> String {
        format!("evt_{}", id.simple())
    }

    pub(crate) async fn insert(self, conn: &mut PgConnection) -> Uuid {
        let (state, code) = match self.stage {
            Stage::Ended { state, code } => (Some(state), code),
            Stage::Pending | Stage::Processing | Stage::Failed { .. } | Stage::Waiting { .. } => (None, None),
        };
        let environment = if self.livemode { "live" } else { "test" };
        let lane = format!("{}:{environment}:{}", self.provider, self.id.simple());
        sqlx::query(
            "insert into event
                 (id, provider, livemode, provider_event_id, type, object_kind, object_id, customer_ref, lane,
                  received_at, body_sha256, source, end_state, end_code, end_reason, ended_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '\\x00', 'webhook', $11, $12,
                  case when $12 is not null then 'a reason' end, case when $11 is not null then now() end)",
        )
        .bind(self.id)
        .bind(self.provider)
        .bind(self.livemode)
        .bind(Self::provider_id(self.id))
        .bind(self.kind)
        .bind(self.object.as_ref().map(|object| object.0))
        .bind(self.object.as_ref().map(|object| object.1.as_str()))
        .bind(self.customer_ref)
        .bind(&lane)
        .bind(made_at(self.id).to_sqlx())
        .bind(state)
        .bind(code)
        .execute(&mut *conn)
        .await
        .unwrap();
        self.stage.insert_work(conn, self.id, &lane).await;
        self.id
    }
}

impl Stage {
    async fn insert_work(&self, conn: &mut PgConnection, id: Uuid, lane: &str) {
        let (due_in, attempts, code, price, token) = match self {
            Self::Ended { .. } => return,
            Self::Pending => (0, 0, None, None, None),
            Self::Processing => (0, 1, None, None, Some(Uuid::now_v7())),
            Self::Failed { code } => (300, 2, Some(*code), None, None),
            Self::Waiting { price } => (3_600, 0, Some("unknown_price"), Some(*price), None),
        };
        sqlx::query(
            "insert into work (event_id, lane, run_at, attempts, error_code, error_message, wait_kind, wait_key, token)
             values ($1, $2, now() + make_interval(secs => $3), $4, $5, case when $5 is not null then 'a message' end,
                 case when $6 is not null then 'unknown_price' end, $6, $7)",
        )
        .bind(id)
        .bind(lane)
        .bind(f64::from(due_in))
        .bind(attempts)
        .bind(code)
        .bind(price)
        .bind(token)
        .execute(&mut *conn)
        .await
        .unwrap();
        if token.is_some() {
            sqlx::query(
                "insert into lane (key, owner, token, lease_until) values ($1, 'a worker', $2, now() + interval '1 minute')",
            )
            .bind(lane)
            .bind(token)
            .execute(&mut *conn)
            .await
            .unwrap();
        }
    }
}
