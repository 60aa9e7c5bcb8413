//! The database, its server's clock, and who works on it.

use std::{sync::Arc, time::Instant};

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

use super::Check;
use crate::{
    cli::{error::CliError, text::short},
    config::Config,
    domain::views::overview::ProcessView,
    postgres::{Bar, Cluster, ClusterStatus},
    runtime::{Database, DemoSetting, RuntimeError},
    store::{StoreError, figures::heartbeat_list, migrate, server::server_facts},
};

/// The oldest major version that billdeck works with.
const OLDEST_MAJOR: u32 = 14;
/// A clock that is further away makes times misleading.
const CLOCK_MAY_DIFFER: SignedDuration = SignedDuration::from_secs(5);

/// Looks at the database. What a demo left in it is laid over the settings. Gives back the processes that were seen of
/// late, where the database could tell.
pub(super) async fn look(config: &mut Config, checks: &mut Vec<Check>) -> Option<Vec<ProcessView>> {
    if config.settings.database.url.is_none() && !cluster(config, checks).await {
        return None;
    }
    let database = match Database::open(&config.settings.database, Arc::new(Bar::default())).await {
        Ok(database) => database,
        Err(error) => {
            checks.push(Check::fail("database", error));
            return None;
        }
    };
    let processes = match connect(&database).await {
        Ok((mut conn, took)) => inside(config, &mut conn, took, checks).await,
        Err(error) => {
            checks.push(Check::fail("database", error));
            None
        }
    };
    if let Err(error) = database.leave().await {
        checks.push(Check::fail("private cluster", error));
    }
    processes
}

/// Looks at the private cluster; false where there is none to look into.
async fn cluster(config: &Config, checks: &mut Vec<Check>) -> bool {
    let name = "private cluster";
    let dir = &config.settings.database.data_dir;
    let (check, made) = match Cluster::status(dir).await {
        Ok(ClusterStatus::NotMade) => {
            let message = format!(
                "none yet; the first command that needs it makes it in {}",
                dir.display()
            );
            (Check::ok(name, message), false)
        }
        Ok(ClusterStatus::Stopped { major, bytes }) => {
            let message = format!(
                "PostgreSQL {major}, stopped, {} MB in {}",
                bytes / 1_000_000,
                dir.display()
            );
            (Check::ok(name, message), true)
        }
        Ok(ClusterStatus::Running {
            port, bytes, major, ..
        }) => {
            let size = bytes / 1_000_000;
            let message = format!(
                "PostgreSQL {major} runs on port {port}, {size} MB in {}",
                dir.display()
            );
            (Check::ok(name, message), true)
        }
        Err(error) => (Check::fail(name, RuntimeError::Cluster(error)), false),
    };
    checks.push(check);
    made
}

async fn connect(database: &Database) -> Result<(PgConnection, SignedDuration), RuntimeError> {
    let began = Instant::now();
    let conn = database.connect().await?;
    let took = SignedDuration::try_from(began.elapsed()).unwrap_or(SignedDuration::MAX);
    Ok((conn, took))
}

async fn inside(
    config: &mut Config,
    conn: &mut PgConnection,
    took: SignedDuration,
    checks: &mut Vec<Check>,
) -> Option<Vec<ProcessView>> {
    let found = async {
        let before = Timestamp::now();
        let facts = server_facts(conn).await?;
        let after = Timestamp::now();
        // The server looked at its clock in between.
        Ok((facts, before + after.duration_since(before) / 2))
    };
    let (facts, here): (_, Timestamp) = match found.await {
        Ok(found) => found,
        Err(error) => {
            let error: StoreError = error;
            checks.push(Check::fail("database", error));
            return None;
        }
    };
    if facts.major < OLDEST_MAJOR {
        let hint = format!("use PostgreSQL {OLDEST_MAJOR} or newer");
        let message = format!("PostgreSQL {} is too old", facts.version);
        checks.push(Check::fail("database", CliError::usage(message, hint)));
    } else {
        let message = format!(
            "PostgreSQL {}, connected in {} ms",
            facts.version,
            took.as_millis()
        );
        checks.push(Check::ok("database", message));
    }
    let away = facts.now.duration_since(here);
    checks.push(if away.abs() > CLOCK_MAY_DIFFER {
        Check::warn(
            "clock",
            format!(
                "the database's clock is {} away from this machine's",
                short(away.abs())
            ),
            "let both be kept by NTP: signatures and retries go by them",
        )
    } else {
        Check::ok(
            "clock",
            format!("the database's clock is {} ms away", away.abs().as_millis()),
        )
    });
    match migrate::ensure_current(conn).await {
        Ok(()) => checks.push(Check::ok(
            "schema",
            format!("version {}", migrate::known_version()),
        )),
        Err(error) => {
            checks.push(Check::fail("schema", error));
            return None;
        }
    }
    match DemoSetting::read(conn).await {
        Ok(None) => {}
        Ok(Some(Ok(demo))) => {
            demo.apply(&mut config.settings);
            checks.push(Check::ok(
                "demo",
                "a demo made this database: all goes to its simulators",
            ));
        }
        Ok(Some(Err(error))) => checks.push(Check::fail("demo", error)),
        Err(error) => checks.push(Check::fail("demo", error)),
    }
    match heartbeat_list(conn, config.settings.environment).await {
        Ok(processes) => Some(processes),
        Err(error) => {
            checks.push(Check::fail("processes", error));
            None
        }
    }
}
