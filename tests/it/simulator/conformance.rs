//! Everything the Stripe simulator says, held against Stripe's own API description.
//!
//! `BILLDECK_SPECS` names the folder with `stripe.openapi.json`. Unknown fields are refused too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use billdeck::simulators::stripe::{CancelWhen, Card, Decline, NewAccount, Step, Story};
use jiff::{SignedDuration, Timestamp};
use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

use super::support::{World, text};

const URI: &str = "https://specs.example.com/stripe";

/// OpenAPI 3.0 writes a null that JSON Schema does not know; and it never refuses unknown fields.
fn as_json_schema(schema: &mut Value) {
    match schema {
        Value::Array(elements) => elements.iter_mut().for_each(as_json_schema),
        Value::Object(fields) => {
            fields.values_mut().for_each(as_json_schema);
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            if fields.remove("nullable") == Some(json!(true)) {
                if let Some(Value::Array(values)) = fields.get_mut("enum")
                    && !values.contains(&Value::Null)
                {
                    values.push(Value::Null);
                }
                if let Some(kind) = fields.remove("type") {
                    fields.insert("type".to_owned(), json!([kind, "null"]));
                } else {
                    let inner = std::mem::take(fields);
                    fields.insert("anyOf".to_owned(), json!([inner, { "type": "null" }]));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

struct Book {
    document: Value,
    registry: Registry<'static>,
    validators: HashMap<String, Validator>,
    violations: BTreeMap<String, BTreeSet<String>>,
    checked: usize,
}

impl Book {
    fn open() -> Self {
        let folder = std::env::var("BILLDECK_SPECS")
            .expect("BILLDECK_SPECS names the folder with stripe.openapi.json");
        let text = std::fs::read_to_string(format!("{folder}/stripe.openapi.json")).unwrap();
        let mut document: Value = serde_json::from_str(&text).unwrap();
        as_json_schema(&mut document["components"]["schemas"]);
        as_json_schema(&mut document["paths"]);
        let registry = Registry::new()
            .draft(Draft::Draft4)
            .add(URI, document.clone())
            .unwrap()
            .prepare()
            .unwrap();
        Self {
            document,
            registry,
            validators: HashMap::new(),
            violations: BTreeMap::new(),
            checked: 0,
        }
    }

    fn check(&mut self, pointer: &str, what: &str, value: &Value) {
        if !self.validators.contains_key(pointer) {
            let reference = json!({ "$ref": format!("{URI}#{pointer}") });
            let validator = jsonschema::options()
                .with_draft(Draft::Draft4)
                .with_registry(&self.registry)
                .build(&reference)
                .unwrap_or_else(|error| panic!("{pointer}: {error}"));
            self.validators.insert(pointer.to_owned(), validator);
        }
        self.checked += 1;
        for error in self.validators[pointer].iter_errors(value) {
            let place = format!("{what} at {}", error.instance_path());
            let mut told = error.to_string();
            told.truncate(
                told.char_indices()
                    .map(|(at, _)| at)
                    .take_while(|at| *at < 400)
                    .last()
                    .unwrap_or(0),
            );
            self.violations.entry(place).or_default().insert(told);
        }
    }

    fn check_schema(&mut self, name: &str, what: &str, value: &Value) {
        let pointer = format!(
            "/components/schemas/{}",
            name.replace('~', "~0").replace('/', "~1")
        );
        assert!(self.document.pointer(&pointer).is_some(), "no schema {name}");
        self.check(&pointer, what, value);
    }

    fn check_event(&mut self, event: &Value) {
        let kind = text(&event["type"]);
        self.check_schema("event", &kind, event);
        let object = &event["data"]["object"];
        self.check_schema(&text(&object["object"]), &kind, object);
    }

    /// The documented path that a called one is an instance of; exact names before parameters.
    fn documented(&self, method: &str, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.split('/').collect();
        let paths = self.document["paths"].as_object().unwrap();
        let fits = |template: &str| {
            let names: Vec<&str> = template.split('/').collect();
            names.len() == parts.len()
                && names
                    .iter()
                    .zip(&parts)
                    .all(|(name, part)| name.starts_with('{') || name == part)
        };
        let mut found: Vec<&String> = paths
            .iter()
            .filter(|(template, operations)| {
                fits(template) && operations.get(method.to_lowercase()).is_some()
            })
            .map(|(template, _)| template)
            .collect();
        found.sort_by_key(|template| template.matches('{').count());
        found.first().map(|template| (*template).clone())
    }

    fn check_reply(&mut self, method: &str, path: &str, status: u16, body: &Value) {
        let what = format!("{method} {path}").split('_').next().unwrap().to_owned();
        if status != 200 {
            return self.check_schema("error", &format!("{what} {status}"), body);
        }
        let template = self
            .documented(method, path)
            .unwrap_or_else(|| panic!("{what} is not documented"));
        let escaped = template
            .replace('/', "~1")
            .replace('{', "%7B")
            .replace('}', "%7D");
        let method = method.to_lowercase();
        self.check(
            &format!("/paths/{escaped}/{method}/responses/200/content/application~1json/schema"),
            &what,
            body,
        );
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn subscribe(price: &str, trial_days: Option<i64>, card: Option<Card>) -> Step {
    Step::Subscribe {
        price: price.to_owned(),
        quantity: 2,
        trial_days,
        card,
        metadata: BTreeMap::from([("workspace_id".to_owned(), "ws_1".to_owned())]),
        client_reference_id: Some("ws_1".to_owned()),
    }
}

fn buy(delayed: Option<bool>) -> Step {
    Step::Buy {
        name: "Handbook".to_owned(),
        amount: 4900,
        currency: "usd".to_owned(),
        delayed,
        metadata: BTreeMap::new(),
    }
}

/// Every step there is.
fn stories() -> Vec<Story> {
    let account = || NewAccount {
        email: Some("ana@example.com".to_owned()),
        ..NewAccount::default()
    };
    let refuses = Step::CardRefuses {
        decline: Decline::new("insufficient_funds"),
    };
    vec![
        Story::of(account(), at("2026-01-03T09:00:00Z"))
            .then(
                at("2026-01-03T10:00:00Z"),
                subscribe("price_solo", Some(14), None),
            )
            .then(
                at("2026-01-25T10:00:00Z"),
                Step::ChangePlan {
                    price: "price_team".to_owned(),
                    quantity: Some(4),
                },
            )
            .then(at("2026-02-05T10:00:00Z"), Step::SetSeats { quantity: 2 })
            .then(
                at("2026-02-06T10:00:00Z"),
                Step::AddItem {
                    price: "price_solo".to_owned(),
                    quantity: 1,
                },
            )
            .then(
                at("2026-02-07T10:00:00Z"),
                Step::RemoveItem {
                    price: "price_solo".to_owned(),
                },
            )
            .then(at("2026-02-10T10:00:00Z"), refuses.clone())
            .then(at("2026-02-20T10:00:00Z"), Step::NewCard { card: None })
            .then(at("2026-03-01T10:00:00Z"), Step::Pause {})
            .then(at("2026-03-02T10:00:00Z"), Step::Resume {})
            .then(at("2026-03-03T10:00:00Z"), Step::Refund { amount: Some(100) })
            .then(at("2026-03-04T10:00:00Z"), Step::RefundFails {})
            .then(
                at("2026-03-05T10:00:00Z"),
                Step::Dispute {
                    reason: "fraudulent".to_owned(),
                },
            )
            .then(at("2026-03-06T10:00:00Z"), Step::DisputeDecided { won: true })
            .then(
                at("2026-03-07T10:00:00Z"),
                Step::Cancel {
                    when: CancelWhen::PeriodEnd,
                    feedback: None,
                },
            )
            .then(at("2026-03-08T10:00:00Z"), Step::KeepOn {})
            .then(
                at("2026-03-09T10:00:00Z"),
                Step::Cancel {
                    when: CancelWhen::Portal,
                    feedback: Some("unused".to_owned()),
                },
            )
            .then(
                at("2026-03-10T10:00:00Z"),
                Step::UpdateCustomer {
                    email: None,
                    name: Some("Ana R".to_owned()),
                },
            )
            .then(at("2026-05-10T10:00:00Z"), buy(None))
            .then(at("2026-05-11T10:00:00Z"), buy(Some(true)))
            .then(at("2026-05-12T10:00:00Z"), buy(Some(false)))
            .then(at("2026-06-12T10:00:00Z"), Step::DeleteCustomer {}),
        Story::of(account(), at("2026-02-03T09:00:00Z"))
            .then(
                at("2026-02-03T10:00:00Z"),
                Step::AbandonCheckout {
                    price: "price_year".to_owned(),
                    decline: Some(Decline::default()),
                },
            )
            .then(at("2026-02-05T10:00:00Z"), subscribe("price_solo", None, None))
            .then(at("2026-03-04T10:00:00Z"), refuses),
    ]
}

/// Calls of every kind, each read back.
async fn call_everything(world: &World) {
    let (customer, subscription) = world.subscribed("price_solo").await;
    let id = text(&subscription["id"]);
    let item = text(&subscription["items"]["data"][0]["id"]);
    let path = format!("/v1/subscriptions/{id}");
    world
        .made(
            &format!("/v1/customers/{customer}"),
            &[("address[country]", "MX"), ("metadata[a]", "b")],
        )
        .await;
    world
        .made("/v1/billing_portal/sessions", &[("customer", &customer)])
        .await;
    let flow = [
        ("customer", &*customer),
        ("flow_data[type]", "subscription_cancel"),
        ("flow_data[subscription_cancel][subscription]", &id),
    ];
    world.made("/v1/billing_portal/sessions", &flow).await;
    world
        .made(&path, &[("items[0][id]", &item), ("items[0][quantity]", "3")])
        .await;
    world
        .made(&path, &[("pause_collection[behavior]", "keep_as_draft")])
        .await;
    world.made(&path, &[("pause_collection", "")]).await;
    world
        .made(
            "/v1/invoices/create_preview",
            &[("subscription", &id), ("customer", &customer)],
        )
        .await;
    let added = world
        .made(
            "/v1/subscription_items",
            &[("subscription", &id), ("price", "price_team")],
        )
        .await;
    world
        .made(
            &format!("/v1/subscription_items/{}", text(&added["id"])),
            &[("quantity", "2")],
        )
        .await;
    world
        .delete(&format!("/v1/subscription_items/{}", text(&added["id"])))
        .await;
    world
        .made(&format!("{path}/pause"), &[("type", "subscription")])
        .await;
    world
        .made(
            &format!("{path}/resume"),
            &[("billing_cycle_anchor[type]", "unchanged")],
        )
        .await;
    let intent = [("amount", "500"), ("currency", "usd"), ("customer", &*customer)];
    let declined = [
        intent[0],
        intent[1],
        intent[2],
        ("payment_method", "pm_card_visa_chargeDeclined"),
        ("confirm", "true"),
    ];
    assert_eq!(world.post("/v1/payment_intents", &declined).await.status, 402);
    let paid = [
        intent[0],
        intent[1],
        intent[2],
        ("payment_method", "pm_card_mx"),
        ("confirm", "true"),
    ];
    let paid = world.made("/v1/payment_intents", &paid).await;
    let open = world.made("/v1/payment_intents", &intent).await;
    world
        .made(&format!("/v1/payment_intents/{}/cancel", text(&open["id"])), &[])
        .await;
    let charge = text(&paid["latest_charge"]);
    world
        .made(
            "/v1/refunds",
            &[("charge", &charge), ("amount", "100"), ("reason", "duplicate")],
        )
        .await;
    world
        .handle()
        .stripe()
        .open_dispute(&charge, "fraudulent")
        .unwrap();
    let dispute = text(&world.read("/v1/disputes").await["data"][0]["id"]);
    world.made(&format!("/v1/disputes/{dispute}/close"), &[]).await;
    let hook = [("url", "https://app.example.com/hook"), ("enabled_events[]", "*")];
    let hook = text(&world.made("/v1/webhook_endpoints", &hook).await["id"]);
    world
        .made(&format!("/v1/webhook_endpoints/{hook}"), &[("disabled", "true")])
        .await;
    world.delete(&format!("/v1/webhook_endpoints/{hook}")).await;
    let card = text(
        &world
            .read(&format!("/v1/payment_methods?customer={customer}"))
            .await["data"][0]["id"],
    );
    world
        .made(&format!("/v1/payment_methods/{card}/detach"), &[])
        .await;
    world
        .made(
            &format!("/v1/payment_methods/{card}/attach"),
            &[("customer", &customer)],
        )
        .await;
    world
        .read(&format!("/v1/customers/{customer}/payment_methods"))
        .await;
    let session = [
        ("mode", "subscription"),
        ("customer", &*customer),
        ("line_items[0][price]", "price_solo"),
        ("line_items[0][quantity]", "1"),
        ("success_url", "https://app.example.com/ok"),
        ("expand[]", "line_items"),
    ];
    let session = text(&world.made("/v1/checkout/sessions", &session).await["id"]);
    world
        .read(&format!("/v1/checkout/sessions/{session}/line_items"))
        .await;
    world
        .made(&format!("/v1/checkout/sessions/{session}/expire"), &[])
        .await;
    let invoice = text(&world.read("/v1/invoices?limit=1").await["data"][0]["id"]);
    world.read(&format!("/v1/invoices/{invoice}/lines")).await;
    world
        .read(&format!("/v1/customers/{customer}?expand[]=subscriptions"))
        .await;
    world.delete(&path).await;
    read_everything(world).await;
    world.delete(&format!("/v1/customers/{customer}")).await;
    world.read(&format!("/v1/customers/{customer}")).await;
    world.post("/v1/customers", &[("emial", "x")]).await;
    world.get("/v1/customers/cus_none").await;
}

async fn read_everything(world: &World) {
    let kinds = [
        "customers",
        "products",
        "prices",
        "checkout/sessions",
        "subscriptions?status=all",
        "invoices",
        "invoice_payments",
        "payment_intents",
        "charges",
        "refunds",
        "disputes",
        "events",
        "webhook_endpoints",
    ];
    for kind in kinds {
        let joint = if kind.contains('?') { '&' } else { '?' };
        let list = world.read(&format!("/v1/{kind}{joint}limit=100")).await;
        let kind = kind.split('?').next().unwrap();
        for object in list["data"].as_array().unwrap() {
            world.read(&format!("/v1/{kind}/{}", text(&object["id"]))).await;
        }
    }
    for kind in [
        "customers",
        "products",
        "prices",
        "subscriptions",
        "invoices",
        "payment_intents",
        "charges",
    ] {
        let path = format!("/v1/{kind}/search");
        let request = world.request("GET", &path).query(&[("query", "created>0")]);
        assert_eq!(world.send("GET", &path, request).await.status, 200);
    }
}

#[tokio::test]
async fn everything_said_is_as_documented() {
    let mut book = Book::open();
    let world = World::start().await;
    for story in stories() {
        world.handle().stripe().play(story).unwrap();
    }
    let price = json!([{ "id": "price_late", "product": "Late", "currency": "usd", "unit_amount": 100 }]);
    world.control("/_prices", price).await;
    call_everything(&world).await;
    world
        .handle()
        .advance(SignedDuration::from_hours(24 * 70))
        .unwrap();
    read_everything(&world).await;
    world.settle().await;

    let events = world.receiver.events();
    let kinds: BTreeSet<String> = world.receiver.types().into_iter().collect();
    for event in &events {
        book.check_event(event);
    }
    let exchanges = world.exchanges.lock().unwrap().clone();
    for exchange in &exchanges {
        book.check_reply(
            exchange.method,
            &exchange.path,
            exchange.reply.status,
            &exchange.reply.body,
        );
    }
    assert!(kinds.len() > 35, "{kinds:?}");
    assert!(book.checked > 500, "{}", book.checked);
    let told: Vec<String> = book
        .violations
        .iter()
        .map(|(place, errors)| format!("{place}: {}", errors.iter().next().unwrap()))
        .collect();
    assert!(told.is_empty(), "{} violations:\n{}", told.len(), told.join("\n"));
}

/// The check above is worth something: what is wrong is found.
#[tokio::test]
async fn what_is_not_documented_is_noticed() {
    let world = World::start().await;
    let (_, subscription) = world.subscribed("price_solo").await;
    let spoils: [fn(&mut Value); 4] = [
        |object| object["items"]["data"][0]["current_period_end"] = Value::Null,
        |object| object["current_period_end"] = json!(1),
        |object| drop(object.as_object_mut().unwrap().remove("billing_mode")),
        |object| object["status"] = json!("expired"),
    ];
    let mut book = Book::open();
    book.check_schema("subscription", "intact", &subscription);
    assert!(book.violations.is_empty(), "{:?}", book.violations);
    for spoil in spoils {
        let mut spoilt = subscription.clone();
        spoil(&mut spoilt);
        book.violations.clear();
        book.check_schema("subscription", "spoilt", &spoilt);
        assert!(!book.violations.is_empty());
        book.violations.clear();
        book.check_reply("POST", "/v1/subscriptions/sub_1", 200, &spoilt);
        assert!(!book.violations.is_empty());
    }
}
