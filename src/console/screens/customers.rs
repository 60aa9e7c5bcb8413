//! Everybody who pays, or might.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    inspect,
    list::{Inspected, Kind, List},
};
use crate::{
    console::{
        desk::{DeskResult, News},
        effect::{ExportList, Read},
        filter::{FilterError, since},
        format,
        keymap::{Action, Context},
        msg::Answer,
        nav::{Filtered, Place},
        shared::{Cx, Shared},
        theme::Tone,
        verbs,
        widgets::{
            listing::Record,
            table::{Cell, Column},
        },
    },
    domain::{
        customer::Scope,
        ids::{CustomerId, ObjectId},
        provider::{ObjectKind, ObjectRef, ProviderName},
        views::{
            Direction, Page, PageRequest,
            customer::{CustomerDetail, CustomerFilter, CustomerRow, CustomerSort, CustomerSortKey},
            event::EventFilter,
            order::OrderFilter,
            subscription::SubscriptionFilter,
        },
    },
};

pub(crate) struct Customers;

impl Record for CustomerRow {
    fn key(&self) -> Uuid {
        self.id.as_uuid()
    }

    fn words(&self) -> String {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let ids: Vec<&str> = self.providers.values().flatten().map(String::as_str).collect();
        format!(
            "{} {} {} {} {} {}",
            part(&self.email),
            part(&self.name),
            part(&self.external_id),
            part(&self.country),
            part(&self.plan),
            ids.join(" "),
        )
    }
}

/// What a customer is called: e-mail address, else name, else its owner, else its id at a provider.
pub(crate) fn label(row: &CustomerRow) -> String {
    let known = row
        .email
        .clone()
        .or_else(|| row.name.clone())
        .or_else(|| row.external_id.clone())
        .or_else(|| row.providers.values().flatten().next().cloned());
    format::clean(&known.unwrap_or_else(|| row.id.to_string())).into_owned()
}

pub(crate) fn object(row: &CustomerRow) -> Option<(ProviderName, ObjectRef)> {
    let (&provider, ids) = row.providers.iter().find(|(_, ids)| !ids.is_empty())?;
    let id = ObjectId::new(ids.first()?.clone()).ok()?;
    Some((provider, ObjectRef::new(ObjectKind::Customer, id)))
}

fn owner(row: &CustomerRow) -> Cell {
    match (row.scope, &row.external_id) {
        (Some(scope), Some(id)) => {
            let kind = match scope {
                Scope::Organization => "org",
                Scope::User => "user",
            };
            Cell::Text(format!("{kind} {}", format::clean(id)))
        }
        _ => Cell::Status(Tone::Attention, "no owner".to_owned()),
    }
}

static COLUMNS: [Column<CustomerRow>; 8] = [
    Column::new("EMAIL", (22, 36), 0, |row: &CustomerRow, _| {
        Cell::or_missing(row.email.as_deref())
    })
    .sorted("email"),
    Column::new("NAME", (14, 28), 4, |row: &CustomerRow, _| {
        Cell::or_missing(row.name.as_deref())
    }),
    Column::new("OWNER", (14, 24), 1, |row: &CustomerRow, _| owner(row)),
    Column::new("PLAN", (8, 14), 3, |row: &CustomerRow, _| {
        Cell::or_missing(row.plan.as_deref())
    }),
    Column::new("STATUS", (11, 12), 2, |row: &CustomerRow, _| {
        match row.subscription_status {
            Some(status) => Cell::Status(Tone::of_subscription(status), status.as_str().replace('_', " ")),
            None => Cell::Missing,
        }
    }),
    Column::new("PROVIDERS", (9, 20), 6, |row: &CustomerRow, _| {
        let names: Vec<&str> = row.providers.keys().map(|name| name.as_str()).collect();
        if names.is_empty() {
            Cell::Missing
        } else {
            Cell::Text(names.join(" "))
        }
    }),
    Column::new("COUNTRY", (7, 7), 7, |row: &CustomerRow, _| {
        Cell::or_missing(row.country.as_deref())
    }),
    Column::new("SINCE", (11, 12), 5, |row: &CustomerRow, shared| {
        Cell::Text(shared.clock.short(row.created_at))
    })
    .sorted("created"),
];

impl Kind for Customers {
    type Row = CustomerRow;
    type Filter = CustomerFilter;
    type Sort = CustomerSort;
    type Sheet = CustomerDetail;

    const NAME: &'static str = "Customers";
    const ONE: &'static str = "customer";
    const COLUMNS: &'static [Column<CustomerRow>] = &COLUMNS;
    const CONTEXTS: &'static [Context] = &[Context::Customer, Context::Object, Context::Table, Context::Move];
    const INSPECTOR_CONTEXTS: &'static [Context] = &[Context::Customer, Context::Object, Context::Move];
    const FACETS: &'static [(&'static str, &'static str)] = &[
        ("linked to no owner", "owner:none"),
        ("organizations", "scope:organization"),
        ("users", "scope:user"),
        ("at stripe", "provider:stripe"),
        ("new in the last week", "since:7d"),
        ("everybody", ""),
    ];
    const SORTS: &'static [&'static str] = &["created", "email"];
    const EMPTY: &'static [&'static str] = &[
        "There is no customer yet",
        "They come with the first events of a provider, or with `billdeck checkout create`",
    ];
    const NEWS: News = News::Records;

    fn read(filter: &CustomerFilter, sort: CustomerSort, page: PageRequest) -> Read {
        Read::Customers {
            filter: filter.clone(),
            sort,
            page,
        }
    }

    fn page(answer: Answer) -> Result<DeskResult<Page<CustomerRow>>, Answer> {
        match answer {
            Answer::Customers(result) => Ok(result),
            other => Err(other),
        }
    }

    fn count(_: &CustomerFilter) -> Option<Read> {
        None
    }

    fn export(filter: &CustomerFilter, sort: CustomerSort) -> ExportList {
        ExportList::Customers(filter.clone(), sort)
    }

    fn term(
        filter: &mut CustomerFilter,
        name: Option<&str>,
        value: &str,
        not: bool,
        now: Timestamp,
    ) -> Result<bool, FilterError> {
        if not {
            return match name {
                Some("owner") if value == "none" => Err(FilterError(
                    "use scope:organization or scope:user for customers that somebody owns".to_owned(),
                )),
                _ => Ok(false),
            };
        }
        match name {
            None => filter.words.push(value.to_owned()),
            Some("scope") => {
                filter.scope = Some(
                    value
                        .parse()
                        .map_err(|error: crate::domain::provider::UnknownWord| {
                            FilterError(error.to_string())
                        })?,
                );
            }
            Some("owner") if value == "none" => filter.unlinked = true,
            Some("owner" | "id" | "external_id") => filter.external_id = Some(value.to_owned()),
            Some("email") => filter.email = Some(value.to_owned()),
            Some("provider") => {
                filter.provider = Some(
                    value
                        .parse()
                        .map_err(|error: crate::domain::provider::UnknownWord| {
                            FilterError(error.to_string())
                        })?,
                );
            }
            Some("since") => filter.since = Some(since(value, now)?),
            Some("unlinked") => filter.unlinked = true,
            Some(other) => {
                let known = ["owner", "scope", "email", "provider", "since"];
                let hint = crate::console::theme::nearest(other, known.into_iter());
                return Err(FilterError(format!(
                    "customers have no `{other}`{hint} Known: {}",
                    known.join(", ")
                )));
            }
        }
        Ok(true)
    }

    fn since(filter: &mut CustomerFilter) -> &mut Option<Timestamp> {
        &mut filter.since
    }

    fn sort_of(by: &str, direction: Direction) -> Option<CustomerSort> {
        let by = match by {
            "created" => CustomerSortKey::Created,
            "email" => CustomerSortKey::Email,
            _ => return None,
        };
        Some(CustomerSort { by, direction })
    }

    fn sort_name(sort: CustomerSort) -> (&'static str, Direction) {
        let by = match sort.by {
            CustomerSortKey::Created => "created",
            CustomerSortKey::Email => "email",
        };
        (by, sort.direction)
    }

    fn place(row: &CustomerRow) -> Option<Place> {
        Some(Place::Customer(row.id))
    }

    fn place_is(place: &Place) -> bool {
        matches!(place, Place::Customers(filtered) if filtered.base.is_none())
    }

    fn id(row: &CustomerRow) -> String {
        row.providers
            .values()
            .flatten()
            .next()
            .cloned()
            .unwrap_or_else(|| row.id.to_string())
    }

    fn object(row: &CustomerRow) -> Option<(ProviderName, ObjectRef)> {
        object(row)
    }

    fn related(row: &CustomerRow, action: Action) -> Option<Place> {
        related(row.id, &label(row), action)
    }

    fn act(list: &mut List<Self>, action: Action, cx: &mut Cx<'_>) -> bool {
        let Some(row) = list.selected() else { return false };
        match action {
            Action::Checkout => verbs::checkout(row.id, &label(row), cx),
            Action::Portal => verbs::portal(row.id, &label(row), cx),
            Action::LinkOwner => verbs::link_owner(row, &[], cx),
            _ => return false,
        }
        true
    }

    fn why_not(list: &List<Self>, action: Action, shared: &Shared) -> Result<(), String> {
        match action {
            Action::Checkout | Action::Portal | Action::LinkOwner => {
                verbs::can_serve(list.selected(), action, shared)
            }
            _ => Ok(()),
        }
    }

    fn inspect(row: &CustomerRow) -> Option<Read> {
        Some(Read::Customer(row.id))
    }

    fn sheet(answer: Answer) -> Option<DeskResult<CustomerDetail>> {
        match answer {
            Answer::Customer(result) => Some(result.map(|detail| *detail)),
            _ => None,
        }
    }

    fn inspector(
        row: &CustomerRow,
        sheet: Option<&CustomerDetail>,
        width: u16,
        shared: &Shared,
    ) -> Inspected {
        let mut main = inspect::customer_head(row, sheet, width, shared);
        let Some(detail) = sheet else {
            return Inspected { main, related: None };
        };
        main.push(ratatui::text::Line::default());
        main.extend(inspect::titled("Subscriptions", shared));
        main.extend(inspect::subscription_lines(&detail.subscriptions, shared));
        Inspected {
            main,
            related: Some(("Orders", inspect::order_lines(&detail.orders, shared))),
        }
    }
}

/// Where a customer leads to.
pub(crate) fn related(id: CustomerId, label: &str, action: Action) -> Option<Place> {
    let words = format!("of {label}");
    match action {
        Action::RelatedCustomer => Some(Place::Customer(id)),
        Action::RelatedSubscriptions => {
            let base = SubscriptionFilter {
                customer: Some(id),
                ..SubscriptionFilter::default()
            };
            Some(Place::Subscriptions(Filtered::based(base, words)))
        }
        Action::RelatedEvents => {
            let base = EventFilter {
                customer: Some(id),
                ..EventFilter::default()
            };
            Some(Place::Events(Filtered::based(base, words)))
        }
        Action::RelatedOrders => {
            let base = OrderFilter {
                customer: Some(id),
                ..OrderFilter::default()
            };
            Some(Place::Orders(Filtered::based(base, words)))
        }
        _ => None,
    }
}

/// `organization org_8812 (Acme México)`.
pub(crate) fn owner_words(row: &CustomerRow) -> String {
    let owner = match (row.scope, &row.external_id) {
        (Some(scope), Some(id)) => format!("{scope} {}", format::clean(id)),
        _ => "a customer without owner".to_owned(),
    };
    match &row.name {
        Some(name) => format!("{owner} ({})", format::clean(name)),
        None => owner,
    }
}
