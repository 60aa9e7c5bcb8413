//! One price: its keys, and what each must be.

use toml::de::DeTable;

use crate::{
    config::{
        check::no_such_word,
        document::{Leaf, Source, Walk},
        problems::{ConfigProblem, Origin},
        schema::{Schema, assemble, raw},
    },
    domain::{
        catalog::PlanPrice,
        ids::ObjectId,
        money::{Currency, Money},
        provider::{Environment, ProviderName},
        subscription::{Interval, IntervalUnit},
    },
};

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

/// A price, and where its id stands.
pub(super) struct FoundPrice {
    /// The price.
    pub(super) price: PlanPrice,
    /// The place of its id.
    pub(super) id_origin: Origin,
}

/// Reads the price that begins at this byte; nothing if a field cannot be used.
pub(super) fn read(
    source: &Source,
    provider: ProviderName,
    place: &str,
    at: usize,
    table: &DeTable<'_>,
    problems: &mut Vec<ConfigProblem>,
) -> Option<FoundPrice> {
    let keys = RawPrice::node();
    let mut walk = Walk::new(source, &keys).below(format!("{place}."));
    walk.table(table, &[]);
    let Walk {
        leaves,
        problems: mut misfits,
        ..
    } = walk;
    let wrong_kind: Vec<String> = misfits.iter().filter_map(|one| one.key.clone()).collect();
    problems.append(&mut misfits);
    let raw: RawPrice = match assemble(leaves.iter().map(|leaf| (leaf.key.as_str(), &leaf.value))) {
        Ok(raw) => raw,
        Err(error) => {
            let origin = source.origin(at);
            problems.push(ConfigProblem::at(origin, place, error.message()));
            return None;
        }
    };
    let mut fields = Fields {
        place,
        origin: source.origin(at),
        leaves: &leaves,
        wrong_kind: &wrong_kind,
        problems,
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
    let id_origin = leaves
        .iter()
        .find(|leaf| leaf.key == "id")
        .map_or_else(|| source.origin(at), |leaf| leaf.origin.clone());
    Some(FoundPrice { price, id_origin })
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
