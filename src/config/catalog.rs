//! `catalog.toml`: the plans and their prices, with the line of each.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    ConfigErrors, DEFAULT_CATALOG,
    check::no_such_word,
    document::{Leaf, Source, Walk},
    problems::{ConfigProblem, Origin, nearest},
    schema::{Kind, Node, Schema, assemble, raw},
};
use crate::domain::{
    catalog::{Catalog, Plan, PlanPrice},
    ids::ObjectId,
    money::{Currency, Money},
    provider::{Environment, ProviderName},
    subscription::{Interval, IntervalUnit},
};

/// A catalogue and the file it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedCatalog {
    /// The plans.
    pub catalog: Catalog,
    /// Where they stand.
    pub file: CatalogFile,
}

/// Where the catalogue stands, for hints that name the place to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogFile {
    path: Option<PathBuf>,
    shown: PathBuf,
    text: Arc<str>,
    plans: BTreeMap<String, PlanLines>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct PlanLines {
    plan: u32,
    prices: BTreeMap<ProviderName, u32>,
}

impl CatalogFile {
    /// The file; none for the built-in catalogue.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line (from 1) where a plan's prices of a provider begin, else where the plan does.
    pub fn line(&self, plan: &str, provider: ProviderName) -> Option<u32> {
        let lines = self.plans.get(plan)?;
        Some(lines.prices.get(&provider).copied().unwrap_or(lines.plan))
    }

    /// `DIR/catalog.toml:42`: the place where a price of this provider would be added to a plan; the file alone when the
    /// plan is not known.
    pub fn place(&self, plan: Option<&str>, provider: ProviderName) -> String {
        match plan.and_then(|plan| self.line(plan, provider)) {
            Some(line) => format!("{}:{line}", self.shown.display()),
            None => self.shown.display().to_string(),
        }
    }
}

impl LoadedCatalog {
    /// Reads a file. `shown` is its name for people.
    pub fn read(path: &Path, shown: &Path) -> Result<Self, ConfigErrors> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(Some(path), shown, &text),
            Err(error) => {
                let origin = Origin::File {
                    path: shown.to_owned(),
                    line: None,
                };
                Err(ConfigErrors::one(ConfigProblem::whole(
                    origin,
                    format!("cannot be read: {error}"),
                )))
            }
        }
    }

    /// The shipped catalogue.
    pub fn built_in() -> Result<Self, ConfigErrors> {
        Self::parse(None, Path::new("built-in catalog.toml"), DEFAULT_CATALOG)
    }

    /// Checks a text; all problems at once.
    pub fn parse(path: Option<&Path>, shown: &Path, text: &str) -> Result<Self, ConfigErrors> {
        let source = Source::new(shown, text);
        let mut reader = Reader {
            source: &source,
            price_keys: RawPrice::node(),
            plans: Vec::new(),
            lines: BTreeMap::new(),
            seen: BTreeMap::new(),
            problems: Vec::new(),
        };
        match source.parse(text) {
            Ok(table) => reader.root(&table),
            Err(problems) => reader.problems = problems,
        }
        let Reader {
            plans,
            lines,
            mut problems,
            ..
        } = reader;
        let catalog = if problems.is_empty() {
            // The reader names both places of a price that stands twice; this is the domain's own look.
            Catalog::new(plans)
                .map_err(|clash| {
                    let origin = Origin::File {
                        path: shown.to_owned(),
                        line: None,
                    };
                    problems.push(ConfigProblem::whole(origin, clash.to_string()));
                })
                .ok()
        } else {
            None
        };
        let loaded = catalog.map(|catalog| Self {
            catalog,
            file: CatalogFile {
                path: path.map(Path::to_owned),
                shown: shown.to_owned(),
                text: Arc::from(text),
                plans: lines,
            },
        });
        ConfigErrors::unless_empty(loaded, problems)
    }
}

raw! {
    /// `[[plans.KEY.prices.PROVIDER]]`
    struct RawPrice {
        /// `test` or `live`.
        environment: Option<String> = None,
        /// The cycle's unit: `day`, `week`, `month` or `year`.
        interval: Option<String> = None,
        /// Units per cycle. Default: 1.
        interval_count: u64 = 1,
        /// ISO 4217 code.
        currency: Option<String> = None,
        /// Minor units of the currency (cents; whole yen) per cycle, and per seat where the price is per seat.
        amount: Option<u64> = None,
        /// The provider's id of the price.
        id: Option<String> = None,
        /// The quantity is the number of seats. Default: false.
        per_seat: bool = false,
    }
}

const PLAN_KEYS: &[&str] = &["name", "prices"];

/// The longest plan key, in bytes.
const PLAN_KEY_MAX: usize = 64;

type Key<'t> = Spanned<std::borrow::Cow<'t, str>>;

struct Reader<'a> {
    source: &'a Source,
    price_keys: Node,
    plans: Vec<Plan>,
    lines: BTreeMap<String, PlanLines>,
    /// Prices so far: the plan and the line of each.
    seen: BTreeMap<(ProviderName, Environment, ObjectId), (String, u32)>,
    problems: Vec<ConfigProblem>,
}

impl Reader<'_> {
    fn root(&mut self, table: &DeTable<'_>) {
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
                        prices.extend(self.price(plan, provider, &place, item.span().start, table));
                    }
                    _ => self.problem(key, &place, "expected prices, found something else in the list"),
                }
            }
        }
        prices
    }

    fn price(
        &mut self,
        plan: &str,
        provider: ProviderName,
        place: &str,
        at: usize,
        table: &DeTable<'_>,
    ) -> Option<PlanPrice> {
        let mut walk = Walk::new(self.source, &self.price_keys).below(format!("{place}."));
        walk.table(table, &[]);
        let Walk {
            leaves, mut problems, ..
        } = walk;
        let wrong_kind: Vec<String> = problems.iter().filter_map(|one| one.key.clone()).collect();
        self.problems.append(&mut problems);
        let raw: RawPrice = match assemble(leaves.iter().map(|leaf| (leaf.key.as_str(), &leaf.value))) {
            Ok(raw) => raw,
            Err(error) => {
                let origin = self.source.origin(at);
                self.problems
                    .push(ConfigProblem::at(origin, place, error.message()));
                return None;
            }
        };
        let mut fields = Fields {
            place,
            origin: self.source.origin(at),
            leaves: &leaves,
            wrong_kind: &wrong_kind,
            problems: &mut self.problems,
        };
        let environment = fields.word("environment", raw.environment.as_deref(), Environment::ALL);
        let unit = fields.word("interval", raw.interval.as_deref(), IntervalUnit::ALL);
        let count = fields.count(raw.interval_count);
        let currency: Option<Currency> = fields.parse("currency", raw.currency.as_deref());
        let amount = fields.amount(raw.amount);
        let id: Option<ObjectId> = fields.parse("id", raw.id.as_deref());
        let price = PlanPrice {
            provider,
            environment: environment?,
            id: id?,
            amount: Money::new(amount?, currency?),
            interval: Interval {
                unit: unit?,
                count: count?,
            },
            per_seat: raw.per_seat,
        };
        let line = self.source.line(at);
        let key = (provider, price.environment, price.id.clone());
        if let Some((first, first_line)) = self.seen.get(&key) {
            let origin = leaves
                .iter()
                .find(|leaf| leaf.key == "id")
                .map_or_else(|| self.source.origin(at), |leaf| leaf.origin.clone());
            let message = format!(
                "the price `{}` belongs to plan `{first}` already (line {first_line})",
                price.id
            );
            self.problems
                .push(ConfigProblem::at(origin, format!("{place}.id"), message));
            return None;
        }
        self.seen.insert(key, (plan.to_owned(), line));
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

/// The fields of one price, each checked by itself.
struct Fields<'a> {
    place: &'a str,
    origin: Origin,
    leaves: &'a [Leaf],
    wrong_kind: &'a [String],
    problems: &'a mut Vec<ConfigProblem>,
}

impl Fields<'_> {
    fn fail(&mut self, name: &str, message: impl Into<String>, nearest: Option<String>) {
        let origin = self
            .leaves
            .iter()
            .find(|leaf| leaf.key == name)
            .map_or_else(|| self.origin.clone(), |leaf| leaf.origin.clone());
        let key = format!("{}.{name}", self.place);
        self.problems
            .push(ConfigProblem::at(origin, key, message).nearest(nearest));
    }

    /// A field that must be there; one of the wrong kind is there, and has been reported.
    fn given<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        let key = format!("{}.{name}", self.place);
        if value.is_none() && !self.wrong_kind.contains(&key) {
            self.problems.push(ConfigProblem::at(
                self.origin.clone(),
                self.place,
                format!("the price has no `{name}`"),
            ));
        }
        value
    }

    fn word<T: Copy + std::fmt::Display>(&mut self, name: &str, text: Option<&str>, all: &[T]) -> Option<T> {
        let text = self.given(name, text)?;
        let words: Vec<(String, T)> = all.iter().map(|word| (word.to_string(), *word)).collect();
        let found = words
            .iter()
            .find(|(word, _)| word == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let (message, nearest) = no_such_word(text, words.iter().map(|(word, _)| word.as_str()));
            self.fail(name, message, nearest);
        }
        found
    }

    fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &str,
        text: Option<&str>,
    ) -> Option<T> {
        match self.given(name, text)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(name, error.to_string(), None);
                None
            }
        }
    }

    fn amount(&mut self, amount: Option<u64>) -> Option<i64> {
        let amount = self.given("amount", amount)?;
        i64::try_from(amount).ok()
    }

    fn count(&mut self, count: u64) -> Option<u16> {
        let count = u16::try_from(count).ok().filter(|count| *count >= 1);
        if count.is_none() {
            self.fail("interval_count", format!("must be from 1 to {}", u16::MAX), None);
        }
        count
    }
}
