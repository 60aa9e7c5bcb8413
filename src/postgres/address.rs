//! How a running cluster is reached: loopback, a port and a password.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::error::PostgresError;

/// The one role of a private cluster.
const ROLE: &str = "postgres";
/// The database that billdeck's tables are in.
pub(super) const DATABASE: &str = "billdeck";
/// The database that `initdb` makes.
const FIRST_DATABASE: &str = "postgres";

/// How long a connection may take to be let in or turned away.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// The address of a running cluster.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) port: u16,
    pub(super) password: SecretString,
}

/// What a server says to a connection.
#[derive(Debug)]
pub(super) enum Answer {
    /// It let us in.
    Ready,
    /// Nobody listens there.
    Silence,
    /// It is starting, recovering or stopping.
    NotNow,
    /// It turned us away.
    Refusal(sqlx::Error),
}

impl Address {
    pub(super) fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(ROLE)
            .password(self.password.expose_secret())
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    pub(super) fn url(&self, database: &str) -> SecretString {
        let Self { port, password } = self;
        let (password, database) = (password.expose_secret(), percent_encoded(database));
        format!("postgres://{ROLE}:{password}@127.0.0.1:{port}/{database}?sslmode=disable").into()
    }

    /// Asks once, for [`ANSWER_TIME`] at most.
    pub(super) async fn ask(&self) -> Answer {
        let options = self.options(FIRST_DATABASE);
        match tokio::time::timeout(ANSWER_TIME, options.connect()).await {
            Ok(Ok(connection)) => {
                close(connection).await;
                Answer::Ready
            }
            Ok(Err(sqlx::Error::Io(_))) => Answer::Silence,
            // cannot_connect_now
            Ok(Err(error)) if has_code(&error, "57P03") => Answer::NotNow,
            Ok(Err(error)) => Answer::Refusal(error),
            Err(_) => Answer::NotNow,
        }
    }

    /// Makes [`DATABASE`] if it is missing, and tells the server's version.
    pub(super) async fn ensure_database(&self) -> Result<String, PostgresError> {
        let refused = |action| move |source| PostgresError::Refused { action, source };
        let connection = match self.options(DATABASE).connect().await {
            // invalid_catalog_name
            Err(error) if has_code(&error, "3D000") => {
                let mut first = self
                    .options(FIRST_DATABASE)
                    .connect()
                    .await
                    .map_err(refused("let us connect"))?;
                sqlx::raw_sql("create database billdeck")
                    .execute(&mut first)
                    .await
                    .map_err(refused("create the database `billdeck`"))?;
                close(first).await;
                self.options(DATABASE)
                    .connect()
                    .await
                    .map_err(refused("let us connect"))?
            }
            connected => connected.map_err(refused("let us connect"))?,
        };
        version_of(connection).await.map_err(refused("tell its version"))
    }

    /// The server's version, in its own words.
    pub(super) async fn version(&self) -> Result<String, sqlx::Error> {
        let options = self.options(FIRST_DATABASE);
        let connection = tokio::time::timeout(ANSWER_TIME, options.connect())
            .await
            .map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
        version_of(connection).await
    }
}

async fn version_of(mut connection: PgConnection) -> Result<String, sqlx::Error> {
    let version = sqlx::query_scalar("show server_version")
        .fetch_one(&mut connection)
        .await?;
    close(connection).await;
    Ok(version)
}

/// Says goodbye, so that the server's log does not fill with lost connections; whether it heard does not matter.
async fn close(connection: PgConnection) {
    let _ = connection.close().await;
}

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.code().as_deref() == Some(code))
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_back_to_the_same_address() {
        let address = Address {
            port: 5433,
            password: "a-b_c".into(),
        };
        let options: PgConnectOptions = address.url("odd/name ü?").expose_secret().parse().unwrap();
        assert_eq!(options.get_port(), 5433);
        assert_eq!(options.get_host(), "127.0.0.1");
        assert_eq!(options.get_username(), ROLE);
        assert_eq!(options.get_database(), Some("odd/name ü?"));
        assert!(!format!("{address:?}").contains("a-b_c"));
    }
}
