//! The limit: as many connections, each committing one event-sized row after the other, through the same driver.

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{Outcome, event};

pub(super) async fn rows_per_second(url: &str, connections: usize, length: Duration) -> Outcome<f64> {
    let options = PgConnectOptions::from_str(url)?;
    let body = event::body("evt_limit", 7);
    let mut waiting = Vec::new();
    for _ in 0..connections {
        waiting.push(options.connect().await?);
    }
    let start = Instant::now();
    let writers: Vec<_> = waiting
        .into_iter()
        .map(|mut conn| {
            let body = body.clone();
            tokio::spawn(async move {
                let mut rows = 0_u32;
                while start.elapsed() < length {
                    sqlx::query("insert into one_row (id, received_at, body) values ($1, $2, $3)")
                        .bind(Uuid::now_v7())
                        .bind(Timestamp::now().to_sqlx())
                        .bind(body.as_slice())
                        .execute(&mut conn)
                        .await?;
                    rows += 1;
                }
                conn.close().await?;
                Ok::<_, sqlx::Error>(rows)
            })
        })
        .collect();
    let mut rows = 0.0;
    for writer in writers {
        rows += f64::from(writer.await??);
    }
    Ok(rows / start.elapsed().as_secs_f64())
}
