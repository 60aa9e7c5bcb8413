//! Orders: what was owed, and what became of it.

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
        layout::TEXT_MAX,
        msg::Answer,
        nav::{Filtered, Place},
        overlay::message::Message,
        shared::{Cx, Shared},
        theme::Tone,
        widgets::{
            listing::Record,
            table::{Cell, Column},
        },
    },
    domain::{
        ids::{CustomerId, ObjectId},
        money::Money,
        order::OrderStatus,
        provider::{ObjectKind, ObjectRef, ProviderName, UnknownWord},
        views::{
            Direction, Page, PageRequest,
            customer::CustomerDetail,
            event::EventFilter,
            order::{OrderFilter, OrderRow},
        },
    },
};

pub(crate) struct Orders;

impl Record for OrderRow {
    fn key(&self) -> Uuid {
        self.id.as_uuid()
    }

    fn words(&self) -> String {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        format!(
            "{} {} {} {} {} {}",
            self.status,
            part(&self.customer_label),
            self.provider_order_id,
            part(&self.provider_payment_id),
            part(&self.number),
            part(&self.failure),
        )
    }
}

pub(crate) fn amount(row: &OrderRow) -> Option<Money> {
    Some(Money::new(row.amount?, row.currency?))
}

/// `card visa 4242`.
pub(crate) fn method(row: &OrderRow) -> Option<String> {
    let method = row.method.as_ref()?;
    let mut words = vec![method.kind.clone()];
    words.extend(method.brand.clone());
    words.extend(method.last4.clone());
    Some(format::clean(&words.join(" ")).into_owned())
}

static COLUMNS: [Column<OrderRow>; 8] = [
    Column::new("STATUS", (14, 20), 0, |row: &OrderRow, _| {
        Cell::Status(Tone::of_order(row.status), row.status.as_str().replace('_', " "))
    }),
    Column::new("AMOUNT", (14, 18), 1, |row: &OrderRow, _| {
        amount(row).map_or(Cell::Missing, Cell::Money)
    })
    .amount(),
    Column::new("MADE", (11, 11), 2, |row: &OrderRow, shared| {
        Cell::Text(shared.clock.short(row.purchased_at.unwrap_or(row.created_at)))
    })
    .sorted("made"),
    Column::new("CUSTOMER", (20, 32), 3, |row: &OrderRow, _| {
        Cell::or_missing(row.customer_label.as_deref())
    }),
    Column::new("METHOD", (12, 18), 5, |row: &OrderRow, _| {
        Cell::or_missing(method(row).as_deref())
    }),
    Column::new("PROVIDER", (8, 8), 7, |row: &OrderRow, _| {
        Cell::Text(row.provider.to_string())
    }),
    Column::new("ORDER", (13, 18), 4, |row: &OrderRow, _| {
        Cell::Id(row.provider_order_id.clone())
    }),
    Column::new("WHY", (16, 50), 6, |row: &OrderRow, _| {
        Cell::Dim(format::clean(row.failure.as_deref().unwrap_or_default()).into_owned())
    }),
];

fn word<T: std::str::FromStr<Err = UnknownWord>>(value: &str) -> Result<T, FilterError> {
    value
        .parse()
        .map_err(|error: UnknownWord| FilterError(error.to_string()))
}

impl Kind for Orders {
    type Row = OrderRow;
    type Filter = OrderFilter;
    type Sort = ();
    type Sheet = CustomerDetail;

    const NAME: &'static str = "Orders";
    const ONE: &'static str = "order";
    const COLUMNS: &'static [Column<OrderRow>] = &COLUMNS;
    const CONTEXTS: &'static [Context] = &[Context::Object, Context::Table, Context::Move];
    const INSPECTOR_CONTEXTS: &'static [Context] = &[Context::Object, Context::Move];
    const FACETS: &'static [(&'static str, &'static str)] = &[
        ("paid", "status:paid"),
        ("failed", "status:failed"),
        ("pending", "status:pending"),
        (
            "refunded, in whole or in part",
            "status:refunded status:partially_refunded",
        ),
        ("disputed", "status:disputed"),
        ("made in the last day", "since:1d"),
        ("everything", ""),
    ];
    const SORTS: &'static [&'static str] = &["made"];
    const EMPTY: &'static [&'static str] = &[
        "There is no order yet",
        "Invoices and payments of the providers appear here as their events come in",
    ];
    const NEWS: News = News::Records;

    fn read(filter: &OrderFilter, (): (), page: PageRequest) -> Read {
        Read::Orders {
            filter: filter.clone(),
            page,
        }
    }

    fn page(answer: Answer) -> Result<DeskResult<Page<OrderRow>>, Answer> {
        match answer {
            Answer::Orders(result) => Ok(result),
            other => Err(other),
        }
    }

    fn count(_: &OrderFilter) -> Option<Read> {
        None
    }

    fn export(filter: &OrderFilter, (): ()) -> ExportList {
        ExportList::Orders(filter.clone())
    }

    fn term(
        filter: &mut OrderFilter,
        name: Option<&str>,
        value: &str,
        not: bool,
        now: Timestamp,
    ) -> Result<bool, FilterError> {
        let name = match name {
            Some(name) => name,
            None if value.parse::<OrderStatus>().is_ok() => "status",
            None if value.parse::<ProviderName>().is_ok() => "provider",
            None => return Ok(false),
        };
        match name {
            "status" | "state" => {
                let status: OrderStatus = word(value)?;
                if not {
                    if filter.statuses.is_empty() {
                        filter.statuses = OrderStatus::ALL.to_vec();
                    }
                    filter.statuses.retain(|&kept| kept != status);
                } else if !filter.statuses.contains(&status) {
                    filter.statuses.push(status);
                }
                return Ok(true);
            }
            "provider" | "customer" | "since" if not => return Ok(false),
            "provider" => filter.provider = Some(word(value)?),
            "customer" => {
                let id: CustomerId = value.parse().map_err(|_| {
                    FilterError(format!(
                        "`{value}` is no customer id; `g o` on a customer shows its orders"
                    ))
                })?;
                filter.customer = Some(id);
            }
            "since" => filter.since = Some(since(value, now)?),
            other => {
                let known = ["status", "provider", "customer", "since"];
                let hint = crate::console::theme::nearest(other, known.into_iter());
                return Err(FilterError(format!(
                    "orders have no `{other}`{hint} Known: {}",
                    known.join(", ")
                )));
            }
        }
        Ok(true)
    }

    fn since(filter: &mut OrderFilter) -> &mut Option<Timestamp> {
        &mut filter.since
    }

    fn sort_of(by: &str, direction: Direction) -> Option<()> {
        (by == "made" && direction == Direction::Descending).then_some(())
    }

    fn sort_name((): ()) -> (&'static str, Direction) {
        ("made", Direction::Descending)
    }

    /// An order has no screen of its own; Enter tells it in full.
    fn place(_: &OrderRow) -> Option<Place> {
        None
    }

    fn place_is(place: &Place) -> bool {
        matches!(place, Place::Orders(filtered) if filtered.base.is_none())
    }

    fn id(row: &OrderRow) -> String {
        row.provider_order_id.clone()
    }

    fn object(row: &OrderRow) -> Option<(ProviderName, ObjectRef)> {
        let id = ObjectId::new(row.provider_order_id.clone()).ok()?;
        Some((row.provider, ObjectRef::new(ObjectKind::Order, id)))
    }

    fn related(row: &OrderRow, action: Action) -> Option<Place> {
        if action == Action::RelatedEvents {
            let base = EventFilter {
                object: Some(row.provider_order_id.clone()),
                ..EventFilter::default()
            };
            return Some(Place::Events(Filtered::based(
                base,
                format!("about {}", row.provider_order_id),
            )));
        }
        let label = row
            .customer_label
            .clone()
            .unwrap_or_else(|| "this customer".to_owned());
        customers::related(row.customer_id?, &label, action)
    }

    fn act(list: &mut List<Self>, action: Action, cx: &mut Cx<'_>) -> bool {
        match (action, list.selected()) {
            (Action::Open, Some(row)) => {
                let lines = inspect::order_head(row, TEXT_MAX, cx.shared);
                let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
                cx.open(Message::new("Order", text.join("\n")));
                true
            }
            _ => false,
        }
    }

    fn why_not(_: &List<Self>, _: Action, _: &Shared) -> Result<(), String> {
        Ok(())
    }

    fn inspect(row: &OrderRow) -> Option<Read> {
        row.customer_id.map(Read::Customer)
    }

    fn sheet(answer: Answer) -> Option<DeskResult<CustomerDetail>> {
        match answer {
            Answer::Customer(result) => Some(result.map(|detail| *detail)),
            _ => None,
        }
    }

    fn inspector(row: &OrderRow, sheet: Option<&CustomerDetail>, width: u16, shared: &Shared) -> Inspected {
        Inspected {
            main: inspect::order_head(row, width, shared),
            related: sheet.map(|detail| {
                (
                    "The customer's subscriptions",
                    inspect::subscription_lines(&detail.subscriptions, shared),
                )
            }),
        }
    }
}
