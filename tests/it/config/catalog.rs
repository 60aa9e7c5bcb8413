//! `catalog.toml`: what it means, what is wrong with it, where things stand in it.

use billdeck::domain::{
    ids::ObjectId,
    provider::{Book, Environment, ProviderName},
    subscription::IntervalUnit,
};
use insta::assert_snapshot;

use super::Place;

const TWO_PLANS: &str = r#"
[plans.zeta]
name = "Zeta"

[[plans.zeta.prices.stripe]]
environment = "test"
interval = "month"
interval_count = 3
currency = "usd"
amount = 1900
id = "price_z1"

[[plans.zeta.prices.stripe]]
environment = "live"
interval = "year"
currency = "JPY"
amount = 19000
id = "price_z1"

[plans.alpha]
name = "Alpha"
prices.stripe = [
    { environment = "test", interval = "month", currency = "EUR", amount = 500, id = "price_a", per_seat = true },
]

[plans.free]
name = "Free"
"#;

#[test]
fn plans_keep_the_order_of_the_file_and_prices_are_found() {
    let loaded = Place::new().catalog(TWO_PLANS).loaded().catalog;
    let keys: Vec<_> = loaded
        .catalog
        .plans()
        .iter()
        .map(|plan| plan.key.as_str())
        .collect();
    assert_eq!(keys, ["zeta", "alpha", "free"]);

    let look = |environment, id: &str| {
        let book = Book {
            provider: ProviderName::Stripe,
            environment,
        };
        loaded.catalog.by_price(book, &ObjectId::new(id).unwrap())
    };
    let quarterly = look(Environment::Test, "price_z1").unwrap();
    assert_eq!(quarterly.plan.name, "Zeta");
    assert_eq!(quarterly.price.amount.to_string(), "19.00 USD");
    assert_eq!(
        (quarterly.price.interval.unit, quarterly.price.interval.count),
        (IntervalUnit::Month, 3)
    );
    assert!(!quarterly.price.per_seat);
    let live = look(Environment::Live, "price_z1").unwrap();
    assert_eq!(live.price.amount.to_string(), "19,000 JPY");
    assert_eq!(live.price.interval.count, 1);
    assert!(look(Environment::Test, "price_a").unwrap().price.per_seat);
    assert!(look(Environment::Live, "price_a").is_none());
}

#[test]
fn hints_name_the_line_of_a_plans_prices() {
    let place = Place::new().catalog(TWO_PLANS);
    let file = place.loaded().catalog.file.clone();
    let at = |plan| file.place(plan, ProviderName::Stripe);
    assert_eq!(at(Some("zeta")), "config/catalog.toml:5");
    assert_eq!(at(Some("alpha")), "config/catalog.toml:22");
    assert_eq!(at(Some("free")), "config/catalog.toml:26");
    assert_eq!(
        file.place(Some("zeta"), ProviderName::Polar),
        "config/catalog.toml:2"
    );
    assert_eq!(at(Some("gone")), "config/catalog.toml");
    assert_eq!(at(None), "config/catalog.toml");
    assert_eq!(file.path(), Some(place.path("config/catalog.toml").as_path()));
    assert_eq!(file.text(), TWO_PLANS);
}

#[test]
fn without_a_file_beside_the_settings_the_built_in_plans_hold() {
    let loaded = Place::new().settings("").loaded().catalog;
    assert_eq!(loaded.file.path(), None);
    assert_eq!(
        loaded.file.place(None, ProviderName::Stripe),
        "built-in catalog.toml"
    );
}

#[test]
fn a_price_in_two_plans_names_both() {
    let place = Place::new().catalog(
        r#"
[plans.pro]
name = "Pro"
[[plans.pro.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 4900
id = "price_1"

[plans.team]
name = "Team"
[[plans.team.prices.stripe]]
environment = "test"
interval = "month"
currency = "USD"
amount = 1200
id = "price_1"
"#,
    );
    assert_snapshot!(place.problems(), @r"
    the configuration has a problem
      config/catalog.toml:18: plans.team.prices.stripe.id: the price `price_1` belongs to plan `pro` already (line 4)
    ");
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    let place = Place::new().catalog(
        r#"plan = 1

[plans."Big Plan"]
nmae = "Big"

[plans.pro]
name = 3
color = "blue"

[[plans.pro.prices.strpe]]
id = "x"

[[plans.pro.prices.stripe]]
environment = "tset"
interval = "monthly"
interval_count = 0
currency = "USDD"
amount = -5
id = ""
per_seats = true

[[plans.pro.prices.stripe]]
currency = "USD"
amount = "49.00"

[plans.team]
name = "Team"
[plans.team.prices.stripe]
id = "one bracket too few"

[plans.flat]
name = "Flat"
prices = 3
"#,
    );
    assert_snapshot!(place.problems(), @r"
    the configuration has 20 problems
      config/catalog.toml:1: plan: unknown key; did you mean `plans`?
      config/catalog.toml:3: plans.Big Plan: a plan's key is 1 to 64 of `a-z0-9_-`
      config/catalog.toml:3: plans.Big Plan: the plan has no `name`
      config/catalog.toml:4: plans.Big Plan.nmae: unknown key; did you mean `name`?
      config/catalog.toml:7: plans.pro.name: expected text in quotes, found a whole number
      config/catalog.toml:8: plans.pro.color: unknown key
      config/catalog.toml:10: plans.pro.prices.strpe: no such provider; did you mean `stripe`?
      config/catalog.toml:14: plans.pro.prices.stripe.environment: expected `test` or `live`, found `tset`; did you mean `test`?
      config/catalog.toml:15: plans.pro.prices.stripe.interval: expected one of `day`, `week`, `month`, `year`, found `monthly`; did you mean `month`?
      config/catalog.toml:16: plans.pro.prices.stripe.interval_count: must be from 1 to 65535
      config/catalog.toml:17: plans.pro.prices.stripe.currency: `USDD` is no ISO 4217 currency code
      config/catalog.toml:18: plans.pro.prices.stripe.amount: expected a whole number of 0 or more, found a negative number
      config/catalog.toml:19: plans.pro.prices.stripe.id: the id is empty
      config/catalog.toml:20: plans.pro.prices.stripe.per_seats: unknown key; did you mean `per_seat`?
      config/catalog.toml:22: plans.pro.prices.stripe: the price has no `environment`
      config/catalog.toml:22: plans.pro.prices.stripe: the price has no `interval`
      config/catalog.toml:22: plans.pro.prices.stripe: the price has no `id`
      config/catalog.toml:24: plans.pro.prices.stripe.amount: expected a whole number of 0 or more, found text
      config/catalog.toml:28: plans.team.prices.stripe: expected a list: write `[[plans.team.prices.stripe]]`, with two brackets
      config/catalog.toml:33: plans.flat.prices: expected a section, found a value
    ");
}

#[test]
fn a_broken_file_has_its_line() {
    let place = Place::new().catalog("[plans.pro]\nname = \"Pro\n");
    assert_snapshot!(place.problems(), @r#"
    the configuration has a problem
      config/catalog.toml:2: invalid basic string, expected `"`
    "#);
}
