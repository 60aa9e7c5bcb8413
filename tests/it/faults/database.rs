//! The database stopped and started under load, in a cluster of the test's own.

use std::os::unix::fs::PermissionsExt;

use billdeck::{
    postgres::{Cluster, ClusterOptions, ClusterStatus},
    store::migrate,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection, postgres::PgPoolOptions};
use tempfile::TempDir;

use super::{
    assert_done_once, leases_run_out, load, place,
    senders::{Senders, assert_stored},
    undisturbed, worked_off,
};
use crate::support::{
    place::Service,
    portrait::{assert_same, portrait},
    wait_until,
};

const ACCOUNTS: i64 = 6;

/// A server that can be stopped and started.
struct Server {
    place: TempDir,
    cluster: Option<Cluster>,
    url: String,
}

impl Server {
    async fn start() -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let cluster = Cluster::join(&Self::options(&place)).await.unwrap();
        let url = cluster.url().expose_secret().to_owned();
        let mut conn = PgConnection::connect(&url).await.unwrap();
        migrate::migrate(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        Self {
            place,
            cluster: Some(cluster),
            url,
        }
    }

    fn options(place: &TempDir) -> ClusterOptions {
        let mut options = ClusterOptions::new(place.path(), None);
        options.programs.downloads = None;
        options
    }

    /// Stops it as an administrator would, or as a crash does, and waits until it is gone.
    async fn stop(&mut self, how: Signal) {
        let ClusterStatus::Running { pid, .. } = Cluster::status(self.place.path()).await.unwrap() else {
            panic!("it does not run");
        };
        kill(Pid::from_raw(pid), how).unwrap();
        wait_until("the server to be gone", async || {
            match Cluster::status(self.place.path()).await.unwrap() {
                ClusterStatus::Stopped { .. } => Ok(String::new()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
        self.cluster.take().unwrap().leave().await.unwrap();
    }

    /// Starts it again, where it was.
    async fn start_again(&mut self) {
        let cluster = Cluster::join(&Self::options(&self.place)).await.unwrap();
        assert_eq!(cluster.url().expose_secret(), self.url);
        self.cluster = Some(cluster);
    }
}

/// Status and `Retry-After`.
async fn ask(url: &str) -> (u16, Option<String>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    let after = answer.headers().get("retry-after");
    let after = after.map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), after)
}

async fn wait_for_status(url: &str, wanted: u16) {
    wait_until(&format!("{url} to answer {wanted}"), async || {
        match ask(url).await.0 {
            status if status == wanted => Ok(status),
            status => Err(status),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_and_started_under_load_everything_recovers_by_itself() {
    let (told, mut server) = tokio::join!(load(ACCOUNTS), Server::start());
    let total = told.deliveries.len();
    let place = place(&server.url, &told);
    let mut service = Service::start(&place, &["serve", "--listen", "127.0.0.1:0"]);
    let here = service.listen().to_owned();
    let ready = format!("{here}/readyz");
    assert_eq!(ask(&ready).await.0, 200);
    let pool = PgPoolOptions::new().connect_lazy(&server.url).unwrap();
    let mut senders = Senders::start(&here, &told.deliveries, 4);

    // Fast, as an administrator stops it; immediate, as it crashes.
    for (round, how) in [(1, Signal::SIGINT), (2, Signal::SIGQUIT)] {
        senders.reach(total * round / 4).await;
        server.stop(how).await;
        let before = senders.turned_away().len();
        wait_until("deliveries to be turned away", async || {
            match senders.turned_away().split_off(before) {
                answers if answers.len() >= 8 => Ok(answers),
                answers => Err(answers),
            }
        })
        .await;
        wait_for_status(&ready, 503).await;
        assert_eq!(ask(&format!("{here}/healthz")).await.0, 200);
        assert!(service.is_running(), "{}", place.log("serve"));

        server.start_again().await;
        wait_for_status(&ready, 200).await;
        // Lanes that were in hand when the server went are free again when their leases have run out.
        leases_run_out(&pool, service.pid()).await;
        assert_stored(&pool, &senders.acknowledged()).await;
    }
    senders.finish().await;
    let refusals = senders.turned_away();
    assert!(
        refusals.iter().all(|after| after.as_deref() == Some("5")),
        "{refusals:?}"
    );
    worked_off(&pool).await;

    assert_eq!(senders.acknowledged().len(), total);
    assert_stored(&pool, &senders.acknowledged()).await;
    assert_done_once(&pool).await;
    assert_same(
        &undisturbed(&told).await,
        &portrait(&pool).await,
        "a stopped database left another state",
    );
    drop(senders);
    assert_eq!(service.stop(Signal::SIGTERM), 0);
    pool.close().await;
}
