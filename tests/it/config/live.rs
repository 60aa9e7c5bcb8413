//! The catalogue while a process runs.

use std::{path::PathBuf, sync::Arc};

use billdeck::config::{CatalogWatch, DEFAULT_CATALOG, LiveCatalog, LoadedCatalog};
use insta::assert_snapshot;
use tokio_util::sync::CancellationToken;

struct Desk {
    dir: tempfile::TempDir,
    live: LiveCatalog,
    watch: CatalogWatch,
}

const ONE: &str = "[plans.one]\nname = 'One'\n";
const TWO: &str = "[plans.one]\nname = 'One'\n\n[plans.two]\nname = 'Two'\n";
const BROKEN: &str = "[plans.one]\nnmae = 'One'\n";

impl Desk {
    fn new(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.toml");
        std::fs::write(&path, text).unwrap();
        let loaded = LoadedCatalog::read(&path, "catalog.toml".as_ref()).unwrap();
        let live = LiveCatalog::new(Arc::new(loaded));
        let watch = live.watch(path, "catalog.toml".into());
        Self { dir, live, watch }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("catalog.toml")
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }

    /// A change takes two looks: one that sees it, one that sees that it stays.
    async fn settle(&mut self) -> bool {
        let early = self.watch.look().await;
        assert!(!early, "a change was taken at first sight");
        self.watch.look().await
    }

    fn plans(&self) -> usize {
        self.live.current().catalog.plans().len()
    }
}

#[tokio::test]
async fn a_new_version_is_taken_and_told() {
    let mut desk = Desk::new(ONE);
    let mut news = desk.live.subscribe();
    assert!(!desk.settle().await, "nothing has changed");
    assert_eq!(desk.plans(), 1);

    desk.write(TWO);
    assert!(desk.settle().await);
    assert_eq!(desk.plans(), 2);
    assert!(news.has_changed().unwrap());
    assert_eq!(news.borrow_and_update().in_force.catalog.plans().len(), 2);
    assert_eq!(
        desk.live
            .current()
            .file
            .line("two", billdeck::domain::provider::ProviderName::Stripe),
        Some(4)
    );
    assert!(!desk.settle().await, "told once");
}

#[tokio::test]
async fn a_broken_version_is_told_once_and_the_one_in_force_stays() {
    let mut desk = Desk::new(TWO);
    desk.write(BROKEN);
    assert!(desk.settle().await);
    assert_eq!(desk.plans(), 2);
    assert_snapshot!(desk.live.broken().unwrap(), @r"
    the configuration has 2 problems
      catalog.toml:1: plans.one: the plan has no `name`
      catalog.toml:2: plans.one.nmae: unknown key; did you mean `name`?
    ");
    assert!(!desk.settle().await, "told once");

    desk.write(TWO);
    assert!(desk.settle().await, "the mistake was taken back");
    assert!(desk.live.broken().is_none());

    desk.write(BROKEN);
    desk.settle().await;
    desk.write(ONE);
    assert!(desk.settle().await, "the mistake was mended");
    assert!(desk.live.broken().is_none());
    assert_eq!(desk.plans(), 1);
}

#[tokio::test]
async fn a_file_that_is_gone_leaves_the_plans_in_force() {
    let mut desk = Desk::new(TWO);
    std::fs::remove_file(desk.path()).unwrap();
    assert!(desk.settle().await);
    assert_eq!(desk.plans(), 2);
    assert_snapshot!(desk.live.broken().unwrap(), @r"
    the configuration has a problem
      catalog.toml: is gone
    ");
}

#[tokio::test]
async fn a_moment_without_the_file_is_not_noticed() {
    let mut desk = Desk::new(TWO);
    std::fs::remove_file(desk.path()).unwrap();
    assert!(!desk.watch.look().await);
    desk.write(TWO);
    assert!(!desk.settle().await);
    assert!(desk.live.broken().is_none());
}

#[tokio::test]
async fn half_a_file_is_not_taken() {
    let mut desk = Desk::new(TWO);
    desk.write("");
    assert!(!desk.watch.look().await);
    desk.write(ONE);
    assert!(desk.settle().await);
    assert_eq!(desk.plans(), 1);
}

#[tokio::test]
async fn a_file_that_appears_replaces_the_built_in_plans() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("catalog.toml");
    let live = LiveCatalog::new(Arc::new(LoadedCatalog::built_in().unwrap()));
    let mut watch = live.watch(path.clone(), "catalog.toml".into());
    assert!(!watch.look().await);
    assert!(!watch.look().await, "no file is no news");
    std::fs::write(path, ONE).unwrap();
    assert!(!watch.look().await);
    assert!(watch.look().await);
    assert_eq!(live.current().catalog.plans().len(), 1);
}

#[tokio::test]
async fn the_watch_runs_until_it_is_stopped() {
    let desk = Desk::new(DEFAULT_CATALOG);
    let stop = CancellationToken::new();
    let mut news = desk.live.subscribe();
    let (path, live) = (desk.path(), desk.live.clone());
    let running = tokio::spawn(desk.watch.run(stop.clone()));
    std::fs::write(path, ONE).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(20), news.changed())
        .await
        .expect("the change is seen within 20 s")
        .unwrap();
    assert_eq!(live.current().catalog.plans().len(), 1);
    stop.cancel();
    running.await.unwrap();
}
