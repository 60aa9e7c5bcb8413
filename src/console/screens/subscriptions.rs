//! All subscriptions.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    customers, inspect,
    list::{Inspected, Kind, List},
};
use crate::{
    console::{
        desk::{DeskResult, News},
        effect::{ExportList, Read},
        filter::{FilterError, since},
        format,
        keymap::{Action, Context},
        msg::{Answer, SubscriptionSheet},
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
        ids::ObjectId,
        provider::{ObjectKind, ObjectRef, ProviderName, UnknownWord},
        subscription::SubscriptionStatus,
        views::{
            Direction, Page, PageRequest,
            event::EventFilter,
            subscription::{SubscriptionFilter, SubscriptionRow, SubscriptionSort, SubscriptionSortKey},
        },
    },
};

pub(crate) struct Subscriptions;

impl Record for SubscriptionRow {
    fn key(&self) -> Uuid {
        self.id.as_uuid()
    }

    fn words(&self) -> String {
        format!(
            "{} {} {} {} {}",
            self.status,
            self.plan.as_deref().unwrap_or_default(),
            self.customer_label.as_deref().unwrap_or_default(),
            self.provider_subscription_id.as_deref().unwrap_or_default(),
            self.provider_customer_id,
        )
    }
}

/// The id a person talks about: the provider's, else ours.
pub(crate) fn spoken_id(row: &SubscriptionRow) -> String {
    row.provider_subscription_id
        .clone()
        .unwrap_or_else(|| row.id.to_string())
}

/// The customer's name for screens and dialogs.
pub(crate) fn customer(row: &SubscriptionRow) -> String {
    let known = row.customer_label.as_deref().unwrap_or(&row.provider_customer_id);
    format::clean(known).into_owned()
}

pub(crate) fn object(row: &SubscriptionRow) -> Option<(ProviderName, ObjectRef)> {
    let id = ObjectId::new(row.provider_subscription_id.clone()?).ok()?;
    Some((row.provider, ObjectRef::new(ObjectKind::Subscription, id)))
}

/// `pro ×8`, with what is added.
pub(crate) fn plan_words(row: &SubscriptionRow, shared: &Shared) -> String {
    let plan = row.plan.as_deref().map_or("no plan", |plan| plan);
    let seats = match row.seats {
        Some(seats) if seats != 1 => format!(" {}{seats}", shared.glyphs.times),
        Some(_) | None => String::new(),
    };
    format!("{}{seats}", format::clean(plan))
}

/// When it renews, ends, or ended.
fn period_cell(row: &SubscriptionRow, shared: &Shared) -> Cell {
    match (row.cancel_at_period_end, row.current_period_end) {
        (true, Some(end)) => Cell::Toned(Tone::Attention, format!("ends {}", shared.clock.short(end))),
        (false, Some(end)) => Cell::Text(shared.clock.short(end)),
        (_, None) => Cell::Missing,
    }
}

static COLUMNS: [Column<SubscriptionRow>; 8] = [
    Column::new("STATUS", (12, 12), 0, |row: &SubscriptionRow, _| {
        Cell::Status(
            Tone::of_subscription(row.status),
            row.status.as_str().replace('_', " "),
        )
    }),
    Column::new("CUSTOMER", (18, 28), 1, |row: &SubscriptionRow, _| {
        Cell::Text(customer(row))
    }),
    Column::new("PLAN", (9, 16), 2, |row: &SubscriptionRow, shared| {
        Cell::Text(plan_words(row, shared))
    }),
    Column::new("AMOUNT", (13, 15), 4, |row: &SubscriptionRow, _| {
        row.amount.map_or(Cell::Missing, Cell::Money)
    })
    .amount(),
    Column::new("PERIOD END", (16, 16), 3, period_cell).sorted("period_end"),
    Column::new("VERIFIED", (10, 12), 5, |row: &SubscriptionRow, _| {
        Cell::Status(Tone::of_verification(&row.verification), row.verification.clone())
    }),
    Column::new("PROVIDER", (8, 8), 7, |row: &SubscriptionRow, _| {
        Cell::Text(row.provider.to_string())
    }),
    Column::new("SUBSCRIPTION", (13, 18), 6, |row: &SubscriptionRow, _| {
        Cell::Id(spoken_id(row))
    }),
];

fn word<T: std::str::FromStr<Err = UnknownWord>>(value: &str) -> Result<T, FilterError> {
    value
        .parse()
        .map_err(|error: UnknownWord| FilterError(error.to_string()))
}

impl Kind for Subscriptions {
    type Row = SubscriptionRow;
    type Filter = SubscriptionFilter;
    type Sort = SubscriptionSort;
    type Sheet = SubscriptionSheet;

    const NAME: &'static str = "Subscriptions";
    const ONE: &'static str = "subscription";
    const COLUMNS: &'static [Column<SubscriptionRow>] = &COLUMNS;
    const CONTEXTS: &'static [Context] = &[
        Context::Subscription,
        Context::Customer,
        Context::Object,
        Context::Table,
        Context::Move,
    ];
    const INSPECTOR_CONTEXTS: &'static [Context] = &[
        Context::Subscription,
        Context::Customer,
        Context::Object,
        Context::Move,
    ];
    const FACETS: &'static [(&'static str, &'static str)] = &[
        ("active", "status:active"),
        ("trialing", "status:trialing"),
        ("past due and unpaid", "status:past_due status:unpaid"),
        ("canceled and expired", "status:canceled status:expired"),
        ("disagreeing with the provider", "verification:mismatch"),
        ("not yet verified", "verification:pending"),
        ("everything", ""),
    ];
    const SORTS: &'static [&'static str] = &["created", "period_end"];
    const EMPTY: &'static [&'static str] = &[
        "There is no subscription yet",
        "L on a customer makes a checkout link; what is bought there appears here",
    ];
    const NEWS: News = News::Records;

    fn read(filter: &SubscriptionFilter, sort: SubscriptionSort, page: PageRequest) -> Read {
        Read::Subscriptions {
            filter: filter.clone(),
            sort,
            page,
        }
    }

    fn page(answer: Answer) -> Result<DeskResult<Page<SubscriptionRow>>, Answer> {
        match answer {
            Answer::Subscriptions(result) => Ok(result),
            other => Err(other),
        }
    }

    fn count(_: &SubscriptionFilter) -> Option<Read> {
        None
    }

    fn export(filter: &SubscriptionFilter, sort: SubscriptionSort) -> ExportList {
        ExportList::Subscriptions(filter.clone(), sort)
    }

    fn term(
        filter: &mut SubscriptionFilter,
        name: Option<&str>,
        value: &str,
        not: bool,
        now: Timestamp,
    ) -> Result<bool, FilterError> {
        let name = match name {
            Some(name) => name,
            None if value.parse::<SubscriptionStatus>().is_ok() => "status",
            None if value.parse::<ProviderName>().is_ok() => "provider",
            None if ["pending", "verified", "mismatch"].contains(&value) => "verification",
            None if value.contains('_') && value.chars().any(|c| c.is_ascii_digit()) => "id",
            None => return Ok(false),
        };
        match name {
            "status" | "state" => {
                let status: SubscriptionStatus = word(value)?;
                if not {
                    if filter.statuses.is_empty() {
                        filter.statuses = SubscriptionStatus::ALL.to_vec();
                    }
                    filter.statuses.retain(|&kept| kept != status);
                } else if !filter.statuses.contains(&status) {
                    filter.statuses.push(status);
                }
                return Ok(true);
            }
            "provider" | "plan" | "customer" | "verification" | "id" | "since" if not => return Ok(false),
            "provider" => filter.provider = Some(word(value)?),
            "plan" => filter.plan = Some(value.to_owned()),
            "customer" => {
                let id = value.parse().map_err(|_| {
                    FilterError(format!(
                        "`{value}` is no customer id; `g s` on a customer shows its subscriptions"
                    ))
                })?;
                filter.customer = Some(id);
            }
            "verification" => {
                if !["pending", "verified", "mismatch"].contains(&value) {
                    return Err(FilterError(
                        "verification is pending, verified or mismatch".to_owned(),
                    ));
                }
                filter.verification = Some(value.to_owned());
            }
            "id" => filter.provider_subscription_id = Some(value.to_owned()),
            "since" => filter.since = Some(since(value, now)?),
            other => {
                let known = [
                    "status",
                    "provider",
                    "plan",
                    "customer",
                    "verification",
                    "id",
                    "since",
                ];
                let hint = crate::console::theme::nearest(other, known.into_iter());
                return Err(FilterError(format!(
                    "subscriptions have no `{other}`{hint} Known: {}",
                    known.join(", ")
                )));
            }
        }
        Ok(true)
    }

    fn since(filter: &mut SubscriptionFilter) -> &mut Option<Timestamp> {
        &mut filter.since
    }

    fn sort_of(by: &str, direction: Direction) -> Option<SubscriptionSort> {
        let by = match by {
            "created" => SubscriptionSortKey::Created,
            "period_end" => SubscriptionSortKey::PeriodEnd,
            _ => return None,
        };
        Some(SubscriptionSort { by, direction })
    }

    fn sort_name(sort: SubscriptionSort) -> (&'static str, Direction) {
        let by = match sort.by {
            SubscriptionSortKey::Created => "created",
            SubscriptionSortKey::PeriodEnd => "period_end",
        };
        (by, sort.direction)
    }

    fn place(row: &SubscriptionRow) -> Option<Place> {
        Some(Place::Subscription(row.id))
    }

    fn place_is(place: &Place) -> bool {
        matches!(place, Place::Subscriptions(filtered) if filtered.base.is_none())
    }

    fn id(row: &SubscriptionRow) -> String {
        spoken_id(row)
    }

    fn object(row: &SubscriptionRow) -> Option<(ProviderName, ObjectRef)> {
        object(row)
    }

    fn related(row: &SubscriptionRow, action: Action) -> Option<Place> {
        related(row, action)
    }

    fn act(list: &mut List<Self>, action: Action, cx: &mut Cx<'_>) -> bool {
        let Some(row) = list.selected() else { return false };
        verbs::on_subscription(row, action, cx)
    }

    fn why_not(list: &List<Self>, action: Action, shared: &Shared) -> Result<(), String> {
        verbs::can_on_subscription(list.selected(), action, shared)
    }

    fn inspect(row: &SubscriptionRow) -> Option<Read> {
        Some(Read::Subscription(row.id))
    }

    fn sheet(answer: Answer) -> Option<DeskResult<SubscriptionSheet>> {
        match answer {
            Answer::Subscription(result) => Some(result.map(|sheet| *sheet)),
            _ => None,
        }
    }

    fn inspector(
        row: &SubscriptionRow,
        sheet: Option<&SubscriptionSheet>,
        width: u16,
        shared: &Shared,
    ) -> Inspected {
        let mut main = inspect::subscription_head(row, sheet.map(|sheet| &sheet.detail), width, shared);
        main.push(ratatui::text::Line::default());
        main.extend(inspect::titled("Items", shared));
        main.extend(inspect::item_lines(&row.items, shared));
        Inspected {
            main,
            related: sheet.map(|sheet| {
                (
                    "Who set what",
                    inspect::set_by_lines(&sheet.detail.set_by, shared),
                )
            }),
        }
    }
}

pub(crate) fn related(row: &SubscriptionRow, action: Action) -> Option<Place> {
    match action {
        // The events of a subscription say more than those of its customer.
        Action::RelatedEvents if row.provider_subscription_id.is_some() => {
            let base = EventFilter {
                object: row.provider_subscription_id.clone(),
                ..EventFilter::default()
            };
            Some(Place::Events(Filtered::based(
                base,
                format!("about {}", spoken_id(row)),
            )))
        }
        other => customers::related(row.customer_id, &customer(row), other),
    }
}
