//! The plans that PostgreSQL really used, as it tells them itself: any function can be looked at, whatever it asks.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use sqlx::PgConnection;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Tables that grow for ever: none of them may be read as a whole.
const GROWING: [&str; 11] = [
    "event",
    "customer",
    "customer_link",
    "subscription",
    "subscription_item",
    "orders",
    "payment",
    "ledger",
    "audit",
    "change",
    "attempt",
];

/// How the database is to decide on its plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planning {
    /// With the values at hand, as in the first executions.
    Custom,
    /// Once for all values, as a prepared statement may come to be.
    Generic,
}

/// The plans of everything that was asked.
#[derive(Debug)]
pub(crate) struct Plans(Vec<Value>);

/// Makes the session tell its plans, with what each step really did.
pub(crate) async fn tell_plans(conn: &mut PgConnection, planning: Planning) {
    let mode = match planning {
        Planning::Custom => "set plan_cache_mode = force_custom_plan",
        Planning::Generic => "set plan_cache_mode = force_generic_plan",
    };
    for statement in [
        "load 'auto_explain'",
        "set auto_explain.log_min_duration = 0",
        "set auto_explain.log_analyze = on",
        "set auto_explain.log_timing = off",
        "set auto_explain.log_format = json",
        "set auto_explain.log_level = notice",
        "set client_min_messages = notice",
        // What the private cluster has set, too.
        "set random_page_cost = 1.1",
        "set jit = off",
        mode,
    ] {
        sqlx::query(statement).execute(&mut *conn).await.unwrap();
    }
}

/// Runs the question and gives back its answer with the plans of all it asked. The session has to [`tell_plans`], and
/// the test has to run on one thread.
pub(crate) async fn explained<T>(question: impl Future<Output = T>) -> (T, Plans) {
    let told = Told::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(told.clone()));
    let answer = question.await;
    drop(guard);
    let plans = told
        .0
        .lock()
        .unwrap()
        .iter()
        .filter_map(|notice| notice.split_once("plan:"))
        .map(|(_, plan)| serde_json::from_str(plan).unwrap())
        .collect::<Vec<_>>();
    assert!(!plans.is_empty(), "the session told no plan");
    (answer, Plans(plans))
}

impl Plans {
    /// Fails if a growing table was read from end to end, if more than so many rows were touched in all, or if more than
    /// so many were sorted at once.
    pub(crate) fn assert_bounded(&self, what: &str, most_rows: f64) {
        for plan in &self.0 {
            let mut nodes = Vec::new();
            collect(&plan["Plan"], &mut nodes);
            let mut touched = 0.0;
            for node in nodes {
                let kind = node["Node Type"].as_str().unwrap_or_default();
                let table = node["Relation Name"].as_str().unwrap_or_default();
                assert!(
                    kind != "Seq Scan" || !GROWING.contains(&table),
                    "{what}: all of {table} is read\n{plan:#}"
                );
                let loops = number(node, "Actual Loops");
                let rows = number(node, "Actual Rows") * loops;
                if kind.ends_with("Scan") && GROWING.contains(&table) {
                    let dropped = number(node, "Rows Removed by Filter")
                        + number(node, "Rows Removed by Index Recheck");
                    touched += rows + dropped * loops;
                }
                if kind.contains("Sort") {
                    let sorted: f64 = children(node)
                        .map(|child| number(child, "Actual Rows") * number(child, "Actual Loops"))
                        .sum();
                    assert!(sorted <= most_rows, "{what}: {sorted} rows are sorted\n{plan:#}");
                }
            }
            assert!(touched <= most_rows, "{what}: {touched} rows are read\n{plan:#}");
        }
    }
}

fn collect<'p>(node: &'p Value, nodes: &mut Vec<&'p Value>) {
    nodes.push(node);
    for child in children(node) {
        collect(child, nodes);
    }
}

fn children(node: &Value) -> impl Iterator<Item = &Value> {
    node["Plans"].as_array().into_iter().flatten()
}

fn number(node: &Value, field: &str) -> f64 {
    node[field].as_f64().unwrap_or(0.0)
}

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Told {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::postgres::notice" {
            event.record(&mut Message(&self.0));
        }
    }
}

struct Message<'t>(&'t Mutex<Vec<String>>);

impl Visit for Message<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
