//! The real binary in a real terminal: what a person sees after each key, and what is left when he has gone.

mod pty;

use std::path::Path;

use billdeck::postgres::{Cluster, ClusterOptions, ClusterStatus, Leaving};
use sqlx::{ConnectOptions, Connection};

use crate::support::{place::Place, wait_until};
use pty::Terminal;

/// What a person adds to the demo's catalogue.
const PRICE: &str = r#"
[[plans.pro.prices.stripe]]
environment = "test"
interval = "month"
currency = "MXN"
amount = 89900
id = "price_pro_month_mxn"
"#;

/// README's walk: find what failed, read why, mend the cause, replay, see the subscription change, leave.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_through_the_demo() {
    let place = Place::new();
    let data = place.path().join("demo");
    let data_dir = data.to_str().unwrap();
    // A second terminal, for commands.
    let beside = Place::new().variable("BILLDECK_DATABASE__DATA_DIR", data_dir);
    let mut terminal = Terminal::open(
        &place,
        &[
            "demo",
            "--customers",
            "12",
            "--events",
            "150",
            "--data-dir",
            data_dir,
        ],
    );
    terminal.wait_for("the first screen", &["DEMO", "NEEDS ATTENTION", "stripe ●"]);
    assert!(terminal.is_taken(), "the screen is the console's own");

    // A refund that fits no payment: found, understood, mended from beside, replayed by keys.
    terminal.keys("3");
    terminal.wait_for("the events", &["Events", "RECEIVED"]);
    terminal.keys("/error:unknown_payment\r");
    terminal.wait_for(
        "the failed event",
        &["filter: error:unknown_payment", "▲ failed", "refund.created"],
    );
    terminal.keys("\r");
    terminal.wait_for(
        "the reason",
        &[
            "Events ›",
            "re_3DemoLost0000000001",
            "unknown_payment",
            "belongs to payment pi_3DemoLost0000000001",
            "Headers",
        ],
    );
    put_off(&data).await;
    let lost = data.join("lost-payment.json");
    let run = beside.run(&["events", "ingest", lost.to_str().unwrap(), "--provider", "stripe"]);
    assert_eq!(run.code, 0, "{}", run.err);
    wait_until("the payment to be applied", async || {
        let event = beside.json(&["events", "show", "evt_3DemoLost0000000001"]);
        if event["state"] == "processed" {
            Ok(event)
        } else {
            Err(event)
        }
    })
    .await;
    terminal.keys("R");
    terminal.wait_for(
        "the plan",
        &["Replay 1 event", "partially_refunded", "new refund", "Replay it"],
    );
    terminal.keys("\t\t");
    terminal.wait_for("the button", &["▌ Replay it"]);
    terminal.keys("\r");
    terminal.wait_for("the result", &["1 applied", "▌ Close"]);
    terminal.keys("\r");
    terminal.wait_for(
        "the event to be applied",
        &["● processed", "replay", "partially_refunded"],
    );

    // A price in no plan: the reason names file and line, and saving the file is enough.
    terminal.keys("3/\u{15}error:unknown_price\r");
    terminal.wait_for(
        "the waiting events",
        &["filter: error:unknown_price", "▲ waiting", "Try 1"],
    );
    terminal.keys("\r");
    terminal.wait_for(
        "the reason",
        &[
            "Events ›",
            "price_pro_month_mxn is in no plan",
            "catalog.toml:",
            "Headers",
        ],
    );
    let catalog = data.join("catalog.toml");
    let text = std::fs::read_to_string(&catalog).unwrap();
    std::fs::write(&catalog, text + PRICE).unwrap();
    terminal.wait_for("the event to be applied", &["● processed", "Changes", "items"]);
    terminal.keys("gs");
    terminal.wait_for(
        "the subscription",
        &[
            "Subscriptions",
            "899.00 MXN a month",
            "pro",
            "● active",
            "Who set what",
        ],
    );

    terminal.keys(":quit\r");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(terminal.left_over(), None, "the terminal is as it was");
    assert!(matches!(
        Cluster::status(&data).await.unwrap(),
        ClusterStatus::Stopped { .. }
    ));
    assert_eq!(processes_about(&data), Vec::<String>::new());
    // Nobody holds a lock: the next command gets in, and leaves it stopped.
    let stats = beside.json(&["events", "stats"]);
    assert!(stats["by_state"]["processed"].as_i64().unwrap() > 50, "{stats}");
    assert_eq!(processes_about(&data), Vec::<String>::new());
}

/// Keeps the worker from trying by itself before the person has pressed the keys, however slow the machine is.
async fn put_off(data: &Path) {
    let cluster = Cluster::join(&ClusterOptions::new(data, None)).await.unwrap();
    let mut conn = cluster.connect_options("billdeck").connect().await.unwrap();
    sqlx::query("update work set run_at = now() + interval '1 hour' where error_code = 'unknown_payment'")
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
    assert_eq!(cluster.leave().await.unwrap(), Leaving::StillUsed);
}

/// Command lines of processes that name this folder.
fn processes_about(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let text = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).replace('\0', " ");
        if text.contains(folder.to_str().unwrap()) {
            found.push(text);
        }
    }
    found
}
