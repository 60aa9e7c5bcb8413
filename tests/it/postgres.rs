//! The private cluster, through the real server programs of this machine.
//!
//! Run as root these tests cover the unprivileged server as well; the one that needs root to become somebody else
//! ends early without.

mod processes;

use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use billdeck::postgres::{
    Cluster, ClusterOptions, ClusterStatus, Durability, Leaving, Places, PostgresError, ProgramSearch,
    Progress, Step,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{ConnectOptions, PgConnection};
use tempfile::TempDir;
use tokio::sync::mpsc;

const LIMIT: Duration = Duration::from_secs(30);

/// A data directory that everybody may pass through.
fn open_place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    set_mode(place.path(), 0o755);
    place
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn options(data_dir: &Path) -> ClusterOptions {
    let mut options = ClusterOptions::new(data_dir, None);
    options.programs.downloads = None;
    options
}

fn for_tests(data_dir: &Path) -> ClusterOptions {
    ClusterOptions {
        durability: Durability::Test,
        ..options(data_dir)
    }
}

async fn connect(cluster: &Cluster) -> PgConnection {
    cluster.connect_options("billdeck").connect().await.unwrap()
}

async fn run(cluster: &Cluster, sql: &'static str) {
    sqlx::raw_sql(sql)
        .execute(&mut connect(cluster).await)
        .await
        .unwrap();
}

async fn number(cluster: &Cluster, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(&mut connect(cluster).await)
        .await
        .unwrap()
}

/// The running server's process; fails the test if it does not run.
async fn server_of(data_dir: &Path) -> i32 {
    match Cluster::status(data_dir).await.unwrap() {
        ClusterStatus::Running { pid, .. } => pid,
        status @ (ClusterStatus::NotMade | ClusterStatus::Stopped { .. }) => {
            panic!("not running: {status:?}")
        }
    }
}

async fn is_stopped(data_dir: &Path) -> bool {
    matches!(
        Cluster::status(data_dir).await.unwrap(),
        ClusterStatus::Stopped { .. }
    )
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Dead, or a zombie that its parent has not asked after.
fn is_gone(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

#[tokio::test]
async fn made_started_stopped_and_started_again_it_keeps_its_data_and_its_port() {
    let place = open_place();
    assert_eq!(
        Cluster::status(place.path()).await.unwrap(),
        ClusterStatus::NotMade
    );

    let cluster = Cluster::join(&options(place.path())).await.unwrap();
    run(
        &cluster,
        "create table kept (n bigint); insert into kept values (42)",
    )
    .await;
    let setting = |name: &'static str| {
        let mut connection = cluster.connect_options("billdeck");
        connection = connection.application_name("settings");
        async move {
            let mut connection = connection.connect().await.unwrap();
            let row: (String,) = sqlx::query_as("select current_setting($1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await
                .unwrap();
            row.0
        }
    };
    for name in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(setting(name).await, "on", "{name}");
    }
    assert_eq!(setting("listen_addresses").await, "127.0.0.1");
    let port = cluster.port();
    let version = cluster.version().to_owned();
    let server = match Cluster::status(place.path()).await.unwrap() {
        ClusterStatus::Running {
            version: seen,
            port: seen_port,
            pid,
            bytes,
            ..
        } => {
            assert_eq!((seen, seen_port), (Some(version), port));
            assert!(bytes > 10_000_000, "{bytes}");
            pid
        }
        status @ (ClusterStatus::NotMade | ClusterStatus::Stopped { .. }) => panic!("{status:?}"),
    };

    assert_eq!(cluster.leave().await.unwrap(), Leaving::Stopped);
    assert!(is_gone(server));
    assert!(is_stopped(place.path()).await);

    let again = Cluster::join(&options(place.path())).await.unwrap();
    assert_eq!(number(&again, "select n from kept").await, 42);
    assert_eq!(again.port(), port);
    drop(again);
    assert!(is_stopped(place.path()).await);
}

#[tokio::test]
async fn only_the_last_to_leave_stops_the_server() {
    let place = open_place();
    let first = Cluster::join(&for_tests(place.path())).await.unwrap();
    let second = Cluster::join(&for_tests(place.path())).await.unwrap();
    assert_eq!(first.port(), second.port());
    assert_eq!(first.leave().await.unwrap(), Leaving::StillUsed);
    assert_eq!(number(&second, "select 1::bigint").await, 1);
    assert_eq!(second.leave().await.unwrap(), Leaving::Stopped);
    assert!(is_stopped(place.path()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_come_at_once_share_one_server() {
    let place = open_place();
    let joins: Vec<_> = (0..8)
        .map(|_| {
            let options = for_tests(place.path());
            tokio::spawn(async move { Cluster::join(&options).await.unwrap() })
        })
        .collect();
    let mut clusters = Vec::new();
    for join in joins {
        clusters.push(join.await.unwrap());
    }
    let ports: BTreeSet<_> = clusters.iter().map(Cluster::port).collect();
    assert_eq!(ports.len(), 1, "{ports:?}");
    let mut leavings = Vec::new();
    for leave in clusters
        .into_iter()
        .map(|cluster| tokio::spawn(cluster.leave()))
        .collect::<Vec<_>>()
    {
        leavings.push(leave.await.unwrap().unwrap());
    }
    assert_eq!(
        leavings
            .iter()
            .filter(|leaving| **leaving == Leaving::Stopped)
            .count(),
        1,
        "{leavings:?}"
    );
    assert!(is_stopped(place.path()).await);
}

#[tokio::test]
async fn a_shared_place_is_given_up_with_its_last_holder() {
    let place = open_place();
    let first = Cluster::join_shared(&for_tests(place.path())).await.unwrap();
    let second = Cluster::join_shared(&for_tests(place.path())).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    drop(first);
    assert_eq!(number(&second, "select 1::bigint").await, 1);
    drop(second);
    assert!(is_stopped(place.path()).await);
    let third = Cluster::join_shared(&for_tests(place.path())).await.unwrap();
    assert_eq!(number(&third, "select 1::bigint").await, 1);
}

#[tokio::test]
async fn the_directories_above_may_be_closed_to_the_server_user() {
    let place = tempfile::tempdir().unwrap();
    set_mode(place.path(), 0o700);
    let data_dir = place.path().join("closed/data dir");
    std::fs::create_dir_all(&data_dir).unwrap();
    set_mode(&data_dir, 0o700);

    let cluster = Cluster::join(&options(&data_dir)).await.unwrap();
    run(
        &cluster,
        "create table kept (n bigint); insert into kept values (7)",
    )
    .await;
    assert_eq!(
        Cluster::join(&options(&data_dir))
            .await
            .unwrap()
            .leave()
            .await
            .unwrap(),
        Leaving::StillUsed
    );
    let server = server_of(&data_dir).await;
    assert_ne!(std::fs::metadata(format!("/proc/{server}")).unwrap().uid(), 0);
    kill(Pid::from_raw(server), Signal::SIGKILL).unwrap();
    drop(cluster);

    let again = Cluster::join(&options(&data_dir)).await.unwrap();
    assert_eq!(number(&again, "select n from kept").await, 7);
    assert_eq!(again.leave().await.unwrap(), Leaving::Stopped);
    assert_eq!(std::fs::metadata(&data_dir).unwrap().mode() & 0o777, 0o700);
    Cluster::remove(&data_dir).await.unwrap();
    assert_eq!(std::fs::read_dir(&data_dir).unwrap().count(), 0);
}

#[tokio::test]
async fn after_the_server_is_killed_the_next_start_recovers_what_was_committed() {
    let place = open_place();
    let cluster = Cluster::join(&options(place.path())).await.unwrap();
    run(&cluster, "create table kept (n bigint)").await;
    let mut connection = connect(&cluster).await;
    for n in 0..100_i64 {
        sqlx::query("insert into kept values ($1)")
            .bind(n)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    kill(Pid::from_raw(server_of(place.path()).await), Signal::SIGKILL).unwrap();

    // the first user is still there; its server is not
    let next = Cluster::join(&options(place.path())).await.unwrap();
    assert_eq!(number(&next, "select count(*) from kept").await, 100);
    assert_eq!(next.port(), cluster.port());
    assert_eq!(next.leave().await.unwrap(), Leaving::StillUsed);
    assert_eq!(cluster.leave().await.unwrap(), Leaving::Stopped);
}

#[tokio::test]
async fn the_files_of_a_dead_server_name_a_living_stranger() {
    let place = open_place();
    Cluster::join(&for_tests(place.path()))
        .await
        .unwrap()
        .leave()
        .await
        .unwrap();
    let data = place.path().join("postgres/data");
    let owner = std::fs::metadata(&data).unwrap();
    // PostgreSQL believes every living process of its own user
    let mut stranger = Command::new("sleep")
        .arg("1000")
        .uid(owner.uid())
        .gid(owner.gid())
        .spawn()
        .unwrap();
    let pid_file = data.join("postmaster.pid");
    let text = format!(
        "{}\n{}\n1700000000\n5432\n\n127.0.0.1\n",
        stranger.id(),
        data.display()
    );
    std::fs::write(&pid_file, text).unwrap();
    assert!(is_stopped(place.path()).await);

    let cluster = Cluster::join(&for_tests(place.path())).await.unwrap();
    assert_eq!(number(&cluster, "select 1::bigint").await, 1);
    assert_eq!(cluster.leave().await.unwrap(), Leaving::Stopped);
    assert!(stranger.try_wait().unwrap().is_none());
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn a_copy_of_a_running_cluster_gets_a_server_of_its_own() {
    let place = open_place();
    let (original_dir, copy_dir) = (place.path().join("original"), place.path().join("copy"));
    let original = Cluster::join(&for_tests(&original_dir)).await.unwrap();
    run(&original, "checkpoint").await;
    let copied = Command::new("cp")
        .arg("-a")
        .args([&original_dir, &copy_dir])
        .status()
        .unwrap();
    assert!(copied.success());

    let copy = Cluster::join(&for_tests(&copy_dir)).await.unwrap();
    assert_ne!(copy.port(), original.port());
    run(&copy, "create table only_here ()").await;
    assert_eq!(
        number(
            &original,
            "select count(*) from pg_class where relname = 'only_here'"
        )
        .await,
        0
    );
    assert_eq!(copy.leave().await.unwrap(), Leaving::Stopped);
    assert_eq!(original.leave().await.unwrap(), Leaving::Stopped);
}

#[tokio::test]
async fn another_major_version_is_refused() {
    let place = open_place();
    Cluster::join(&for_tests(place.path()))
        .await
        .unwrap()
        .leave()
        .await
        .unwrap();
    std::fs::write(place.path().join("postgres/data/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::join(&for_tests(place.path())).await.unwrap_err();
    let PostgresError::NoServer {
        wanted: Some(9),
        download: None,
        ..
    } = &error
    else {
        panic!("{error:?}")
    };
    let text = error.to_string();
    assert!(
        text.starts_with("this cluster was made by PostgreSQL 9, and no PostgreSQL 9 server was found"),
        "{text}"
    );
    assert!(error.hint().unwrap().contains("`apt install postgresql-9`"));
}

#[tokio::test]
async fn without_server_programs_nothing_is_made() {
    let place = open_place();
    let programs = ProgramSearch {
        setting: None,
        places: Places::Only(Vec::new()),
        downloads: None,
    };
    let error = Cluster::join(&ClusterOptions {
        programs,
        ..options(place.path())
    })
    .await
    .unwrap_err();
    insta::assert_snapshot!(
        format!("{error}\n{}", error.hint().unwrap()),
        @r"
    no PostgreSQL server (14 or newer) was found on this machine
    install PostgreSQL (Debian and Ubuntu: `apt install postgresql`), name the folder of its programs in `BILLDECK_PG_BIN`, or point `DATABASE_URL` (in the configuration `database.url`) at a database
    "
    );
    assert_eq!(
        Cluster::status(place.path()).await.unwrap(),
        ClusterStatus::NotMade
    );
}

#[tokio::test]
async fn a_joiner_needs_no_programs() {
    let place = open_place();
    let cluster = Cluster::join(&for_tests(place.path())).await.unwrap();
    let programs = ProgramSearch {
        setting: None,
        places: Places::Only(Vec::new()),
        downloads: None,
    };
    let joined = Cluster::join(&ClusterOptions {
        programs,
        ..for_tests(place.path())
    })
    .await
    .unwrap();
    assert_eq!(joined.port(), cluster.port());
}

#[tokio::test]
async fn real_data_is_not_put_into_a_cluster_made_for_tests() {
    let place = open_place();
    let cluster = Cluster::join(&for_tests(place.path())).await.unwrap();
    let error = Cluster::join(&options(place.path())).await.unwrap_err();
    assert!(matches!(error, PostgresError::MadeForTests { .. }), "{error:?}");
    assert_eq!(cluster.leave().await.unwrap(), Leaving::Stopped);
}

#[tokio::test]
async fn what_is_kept_beside_the_cluster_is_for_its_owner_alone() {
    let place = open_place();
    let cluster = Cluster::join(&for_tests(place.path())).await.unwrap();
    for name in ["cluster.json", "server.log", "users.lock", "start.lock"] {
        let mode = std::fs::metadata(place.path().join("postgres").join(name))
            .unwrap()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let names: BTreeSet<_> = std::fs::read_dir(place.path().join("postgres"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let wanted = ["cluster.json", "data", "server.log", "start.lock", "users.lock"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(wanted));
    let mut stranger = cluster
        .connect_options("billdeck")
        .password("guessed")
        .connect()
        .await;
    assert!(
        stranger
            .as_mut()
            .is_err_and(|error| error.to_string().contains("password authentication failed"))
    );
}

#[tokio::test]
async fn removal_waits_for_nobody_and_takes_everything() {
    let place = open_place();
    std::fs::write(place.path().join("other"), "stays").unwrap();
    Cluster::remove(place.path()).await.unwrap();
    let cluster = Cluster::join(&for_tests(place.path())).await.unwrap();
    let error = Cluster::remove(place.path()).await.unwrap_err();
    assert!(matches!(error, PostgresError::InUse { .. }), "{error:?}");
    assert_eq!(number(&cluster, "select 1::bigint").await, 1);
    drop(cluster);
    Cluster::remove(place.path()).await.unwrap();
    let left: Vec<_> = std::fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["other"]);
}

/// Passes the steps on.
struct Steps(mpsc::UnboundedSender<Step>);

impl Progress for Steps {
    fn step(&self, step: &Step) {
        self.0.send(step.clone()).unwrap();
    }
}

/// Joins, but gives up some time after a step was told.
async fn give_up_after(data_dir: &Path, step: Step, then: Duration) {
    let (sender, mut steps) = mpsc::unbounded_channel();
    let options = ClusterOptions {
        progress: Arc::new(Steps(sender)),
        ..for_tests(data_dir)
    };
    let moment = async {
        while steps.recv().await.unwrap() != step {}
        tokio::time::sleep(then).await;
    };
    tokio::select! {
        joined = Cluster::join(&options) => drop(joined.unwrap()),
        () = moment => {}
    }
}

#[tokio::test]
async fn a_join_given_up_at_any_moment_leaves_no_server_and_no_obstacle() {
    let place = open_place();
    give_up_after(place.path(), Step::Making, Duration::from_millis(10)).await;
    assert!(!matches!(
        Cluster::status(place.path()).await.unwrap(),
        ClusterStatus::Running { .. }
    ));
    for milliseconds in [0, 5, 10, 20, 40, 80, 160] {
        give_up_after(place.path(), Step::Starting, Duration::from_millis(milliseconds)).await;
        assert!(is_stopped(place.path()).await, "{milliseconds}");
    }
    let cluster = Cluster::join(&for_tests(place.path())).await.unwrap();
    assert_eq!(cluster.leave().await.unwrap(), Leaving::Stopped);
}
