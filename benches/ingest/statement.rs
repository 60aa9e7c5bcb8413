//! What each row and each index of the road costs: the road's own statement, whole and with one of its parts left out.

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

use billdeck::store::intake;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{Outcome, Place, cpu::Reading, event, say};

const SQL: &str = include_str!("../../src/store/intake.sql");

/// As many rows as one commit shares when 32 deliveries come at once and two batches are in flight.
const BATCH: usize = 16;

/// The tables whose rows can be left out, by the statement's name for the part that writes them.
const ROWS: [(&str, &str); 3] = [
    ("deliveries", "delivery"),
    ("bodies", "event_body"),
    ("jobs", "work"),
];

/// TEMPORARY-EXPERIMENT
pub(super) fn exp(runtime: &tokio::runtime::Runtime, place: &Place, length: Duration) -> Outcome<()> {
    let names: Vec<String> = std::env::var("EXP")
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let rounds: usize = std::env::var("EXP_ROUNDS")
        .ok()
        .and_then(|t| t.parse().ok())
        .unwrap_or(3);
    let mut seen: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for _ in 0..rounds {
        for (i, name) in names.iter().enumerate() {
            let text = std::fs::read_to_string(name)?;
            let (pre, sql) = text
                .split_once("----\n")
                .map_or((vec![], text.clone()), |(a, b)| {
                    (vec![a.to_owned()], b.to_owned())
                });
            let f = runtime.block_on(measure(place, &sql, &pre, length))?;
            seen[i].push(f.micros);
            rates[i].push(f.rate);
        }
    }
    for (i, name) in names.iter().enumerate() {
        seen[i].sort_by(f64::total_cmp);
        say(&format!(
            "{name:<40} {:>8.0}/s  min {:>6.1} med {:>6.1} us",
            super::median(rates[i].clone()),
            seen[i][0],
            seen[i][rounds / 2]
        ))?;
    }
    Ok(())
}

/// Measures and prints.
pub(super) fn costs(runtime: &tokio::runtime::Runtime, place: &Place, length: Duration) -> Outcome<()> {
    say("\nthe statement alone, 2 connections, batches of 16; what leaving a part out saves per event")?;
    say("                                     events/s   Postgres CPU µs/event   saved µs")?;
    let all = runtime.block_on(measure(place, SQL, &[], length))?;
    report("everything", all, None)?;
    for (part, table) in ROWS {
        let sql = without_part(SQL, part)?;
        let seen = runtime.block_on(measure(place, &sql, &[], length))?;
        report(&format!("no {table} row"), seen, Some(all))?;
    }
    for index in runtime.block_on(indexes(place))? {
        let drop = format!("drop index {index}");
        let seen = runtime.block_on(measure(place, SQL, &[drop], length))?;
        report(&format!("no index {index}"), seen, Some(all))?;
    }
    Ok(())
}

fn report(what: &str, seen: Figures, all: Option<Figures>) -> Outcome<()> {
    let saved = all.map_or(String::new(), |all| format!("{:>10.1}", all.micros - seen.micros));
    say(&format!(
        "{what:<36} {:>8.0} {:>23.1} {saved}",
        seen.rate, seen.micros
    ))
}

#[derive(Clone, Copy)]
struct Figures {
    rate: f64,
    /// CPU time of Postgres per event, in microseconds.
    micros: f64,
}

/// The indexes of the road's tables that can be dropped: all but the keys that the statement needs.
async fn indexes(place: &Place) -> Outcome<Vec<String>> {
    let url = place.database("costs").await?;
    let mut conn = PgConnectOptions::from_str(&url)?.connect().await?;
    let names = sqlx::query_scalar(
        "select indexrelid::regclass::text from pg_index
         where indrelid in ('delivery'::regclass, 'event'::regclass, 'work'::regclass)
           and not indisprimary and not indisunique
         order by 1",
    )
    .fetch_all(&mut conn)
    .await?;
    conn.close().await?;
    Ok(names)
}

async fn measure(place: &Place, sql: &str, before: &[String], length: Duration) -> Outcome<Figures> {
    let url = place.database("costs").await?;
    let options = PgConnectOptions::from_str(&url)?;
    let mut conn = options.connect().await?;
    for statement in before {
        sqlx::raw_sql(AssertSqlSafe(statement.clone()))
            .execute(&mut conn)
            .await?;
    }
    conn.close().await?;
    let bodies: Vec<Vec<u8>> = (0..BATCH as u64)
        .map(|number| event::body("evt_1Q000000000000000000", number))
        .collect();
    let mut conns = Vec::new();
    for writer in 0..2_u64 {
        let mut conn = options.connect().await?;
        intake::make_ready(&mut conn).await?;
        write(&mut conn, sql, &bodies, writer, 0).await?;
        conns.push((writer, conn));
    }
    let own = std::process::id();
    let cpu = Reading::of(own, place.postmaster())?;
    let start = Instant::now();
    let mut writers = Vec::new();
    for (writer, mut conn) in conns {
        let (sql, bodies) = (sql.to_owned(), bodies.clone());
        writers.push(tokio::spawn(async move {
            let mut events = 0_u64;
            while start.elapsed() < length {
                events += BATCH as u64;
                write(&mut conn, &sql, &bodies, writer, events).await?;
            }
            Outcome::Ok((events, conn))
        }));
    }
    let (mut events, mut conns) = (0, Vec::new());
    for writer in writers {
        let (written, conn) = writer.await??;
        events += written;
        conns.push(conn);
    }
    let took = start.elapsed().as_secs_f64();
    let spent = Reading::of(own, place.postmaster())?.since(&cpu);
    for conn in conns {
        conn.close().await?;
    }
    Ok(Figures {
        rate: events as f64 / took,
        micros: spent.postgres * 1_000_000.0 / events as f64,
    })
}

/// One batch of new events, as intake writes it.
async fn write(
    conn: &mut PgConnection,
    sql: &str,
    bodies: &[Vec<u8>],
    writer: u64,
    from: u64,
) -> Outcome<()> {
    let numbers: Vec<u64> = (from..from + BATCH as u64)
        .map(|number| number * 2 + writer)
        .collect();
    let texts = |make: &dyn Fn(u64) -> String| -> Vec<Option<String>> {
        numbers.iter().map(|&number| Some(make(number))).collect()
    };
    let same = |text: &str| -> Vec<Option<String>> { vec![Some(text.to_owned()); BATCH] };
    let none: Vec<Option<String>> = vec![None; BATCH];
    let now = vec![Timestamp::now().to_sqlx(); BATCH];
    let keys = texts(&|number| format!("evt_1Q{number:018}"));
    let ids = || -> Vec<Uuid> { numbers.iter().map(|_| Uuid::now_v7()).collect() };
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .bind(ids())
        .bind(&now)
        .bind(same("stripe"))
        .bind(vec![false; BATCH])
        .bind(&keys)
        .bind(vec![true; BATCH])
        .bind(vec![0_i32; BATCH])
        .bind(same("customer.subscription.updated"))
        .bind(same("subscription"))
        .bind(texts(&|number| format!("sub_1Q{number:018}")))
        .bind(texts(&|number| format!("cus_R{:014}", number % 50_000)))
        .bind(texts(&|number| format!("stripe:test:cus_R{:014}", number % 50_000)))
        .bind(&now)
        .bind(same("2026-10-28.endive"))
        .bind(vec![vec![7_u8; 32]; BATCH])
        .bind(same("webhook"))
        .bind(&none)
        .bind(&none)
        .bind(&none)
        .bind(bodies)
        .bind(same("application/json; charset=utf-8"))
        .bind(ids())
        .bind(same("/webhooks/stripe"))
        .bind(same("192.0.2.7"))
        .bind(texts(&|number| format!(
            "{{\"content-type\":\"application/json; charset=utf-8\",\"stripe-signature\":\"t=1795000000,v1={number:064x}\",\
              \"user-agent\":\"Stripe/1.0 (+https://stripe.com/docs/webhooks)\"}}"
        )))
        .bind(same("verified"))
        .bind(vec![3_700_i32; BATCH])
        .fetch_all(conn)
        .await?;
    Ok(())
}

/// The statement without one of its `name as (…),` parts.
fn without_part(sql: &str, name: &str) -> Outcome<String> {
    let opening = format!("\n{name} as (");
    let start = sql
        .find(&opening)
        .ok_or_else(|| format!("the statement has no part `{name}`"))?;
    let mut depth = 1;
    for (offset, character) in sql.get(start + opening.len()..).ok_or("no text")?.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            let end = start + opening.len() + offset + 1;
            let (before, after) = (
                sql.get(..start).ok_or("no text")?,
                sql.get(end..).ok_or("no text")?,
            );
            // The last part has no comma after it; the one before it then must not have one either.
            return Ok(match after.strip_prefix(',') {
                Some(after) => format!("{before}{after}"),
                None => format!("{}{after}", before.strip_suffix(',').unwrap_or(before)),
            });
        }
    }
    Err(format!("the part `{name}` has no end").into())
}
