//! The walk through `catalog.toml`: plans, and the lists of their prices.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    PlanLines,
    price::{self, FoundPrice},
};
use crate::{
    config::{
        document::Source,
        problems::{ConfigProblem, nearest},
        schema::Kind,
    },
    domain::{
        catalog::{Plan, PlanPrice},
        ids::ObjectId,
        provider::{Environment, ProviderName},
    },
};

const PLAN_KEYS: &[&str] = &["name", "prices"];

/// The longest plan key, in bytes.
const PLAN_KEY_MAX: usize = 64;

type Key<'t> = Spanned<std::borrow::Cow<'t, str>>;

/// Reads plans, noting problems and going on.
pub(super) struct Reader<'a> {
    source: &'a Source,
    /// The plans, in the file's order.
    pub(super) plans: Vec<Plan>,
    /// Where they stand.
    pub(super) lines: BTreeMap<String, PlanLines>,
    /// Prices so far: the plan and the line of each.
    seen: BTreeMap<(ProviderName, Environment, ObjectId), (String, u32)>,
    /// What is wrong.
    pub(super) problems: Vec<ConfigProblem>,
}

impl<'a> Reader<'a> {
    /// A reader of this file.
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            plans: Vec::new(),
            lines: BTreeMap::new(),
            seen: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    /// Reads the whole file.
    pub(super) fn root(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("plans", DeValue::Table(plans)) => self.plans(plans),
                ("plans", _) => self.problem(key, "plans", "expected a section, found a value"),
                (other, _) => self.unknown(key, other.to_owned(), nearest(other, ["plans"])),
            }
        }
    }

    fn plans(&mut self, table: &DeTable<'_>) {
        // The parser sorts by name; people expect the file's own order, as on a pricing page.
        let mut plans: Vec<_> = table.iter().collect();
        plans.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in plans {
            let place = format!("plans.{}", key.get_ref());
            if !is_plan_key(key.get_ref()) {
                let message = format!("a plan's key is 1 to {PLAN_KEY_MAX} of `a-z0-9_-`");
                self.problem(key, &place, message);
            }
            match value.get_ref() {
                DeValue::Table(plan) => self.plan(key, &place, plan),
                _ => self.problem(key, &place, "expected a section, found a value"),
            }
        }
    }

    fn plan(&mut self, key: &Key<'_>, place: &str, table: &DeTable<'_>) {
        let mut lines = PlanLines {
            plan: self.source.line(key.span().start),
            ..PlanLines::default()
        };
        let mut name = None;
        let mut prices = Vec::new();
        for (field, value) in table {
            let field_place = format!("{place}.{}", field.get_ref());
            match (field.get_ref().as_ref(), value.get_ref()) {
                ("name", value) => match Kind::Text.in_file(value) {
                    Ok(_) => name = value.as_str().map(str::to_owned),
                    Err(message) => {
                        name = Some(String::new());
                        self.problem(field, &field_place, message);
                    }
                },
                ("prices", DeValue::Table(providers)) => {
                    prices = self.prices(key.get_ref(), &field_place, providers, &mut lines);
                }
                ("prices", _) => self.problem(field, &field_place, "expected a section, found a value"),
                (other, _) => {
                    let nearest = nearest(other, PLAN_KEYS.iter().copied());
                    self.unknown(field, field_place, nearest);
                }
            }
        }
        match name {
            Some(name) => self.plans.push(Plan {
                key: key.get_ref().to_string(),
                name,
                prices,
            }),
            None => self.problem(key, place, "the plan has no `name`"),
        }
        self.lines.insert(key.get_ref().to_string(), lines);
    }

    fn prices(
        &mut self,
        plan: &str,
        place: &str,
        table: &DeTable<'_>,
        lines: &mut PlanLines,
    ) -> Vec<PlanPrice> {
        let sold_by: Vec<ProviderName> = ProviderName::ALL
            .iter()
            .copied()
            .filter(|provider| *provider != ProviderName::Legacy)
            .collect();
        let mut prices = Vec::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let place = format!("{place}.{name}");
            let Some(provider) = sold_by.iter().copied().find(|known| known.as_str() == name) else {
                let nearest = nearest(name, sold_by.iter().map(|provider| provider.as_str()));
                let problem =
                    ConfigProblem::at(self.source.origin(key.span().start), place, "no such provider");
                self.problems.push(problem.nearest(nearest));
                continue;
            };
            let DeValue::Array(items) = value.get_ref() else {
                let message = format!("expected a list: write `[[{place}]]`, with two brackets");
                self.problem(key, &place, message);
                continue;
            };
            lines.prices.insert(provider, self.source.line(key.span().start));
            for item in items {
                match item.get_ref() {
                    DeValue::Table(table) => {
                        let at = item.span().start;
                        let found = price::read(self.source, provider, &place, at, table, &mut self.problems);
                        prices.extend(found.and_then(|found| self.note(plan, &place, at, found)));
                    }
                    _ => self.problem(key, &place, "expected prices, found something else in the list"),
                }
            }
        }
        prices
    }

    /// Notes a price; one that stands twice is a problem of the second place.
    fn note(&mut self, plan: &str, place: &str, at: usize, found: FoundPrice) -> Option<PlanPrice> {
        let FoundPrice { price, id_origin } = found;
        let key = (price.provider, price.environment, price.id.clone());
        if let Some((first, line)) = self.seen.get(&key) {
            let message = format!(
                "the price `{}` belongs to plan `{first}` already (line {line})",
                price.id
            );
            self.problems
                .push(ConfigProblem::at(id_origin, format!("{place}.id"), message));
            return None;
        }
        self.seen.insert(key, (plan.to_owned(), self.source.line(at)));
        Some(price)
    }

    fn problem(&mut self, key: &Key<'_>, place: &str, message: impl Into<String>) {
        let origin = self.source.origin(key.span().start);
        self.problems.push(ConfigProblem::at(origin, place, message));
    }

    fn unknown(&mut self, key: &Key<'_>, place: String, nearest: Option<String>) {
        let origin = self.source.origin(key.span().start);
        self.problems
            .push(ConfigProblem::at(origin, place, "unknown key").nearest(nearest));
    }
}

fn is_plan_key(key: &str) -> bool {
    (1..=PLAN_KEY_MAX).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-')
}
