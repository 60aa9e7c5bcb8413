//! The backlog: what, how many, since when, why.

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
        msg::{Answer, EventSheet},
        nav::{EventPart, Filtered, Place},
        shared::{Cx, Shared},
        theme::Tone,
        verbs,
        widgets::{
            listing::Record,
            table::{Cell, Column},
        },
    },
    domain::{
        event::{EventState, ReplayMode, WaitReason},
        ids::ObjectId,
        provider::{ObjectKind, ObjectRef, ProviderName},
        views::{
            Direction, Page, PageRequest,
            action::ReplayItem,
            event::{EventFilter, EventRow, EventSort},
            order::OrderFilter,
            subscription::SubscriptionFilter,
        },
    },
};

pub(crate) struct Events;

/// What the inspector has read of an event.
pub(crate) struct Looked {
    sheet: Box<EventSheet>,
    /// What a replay would do, once that is known.
    would: Option<ReplayItem>,
}

/// Asks what a replay of a stuck event's stored body would do.
pub(crate) fn would(row: &EventRow) -> Option<Read> {
    matches!(row.state, EventState::Failed | EventState::Dead).then(|| Read::ReplayPreview {
        ids: vec![row.id],
        mode: ReplayMode::AsRecorded,
    })
}

impl Record for EventRow {
    fn key(&self) -> Uuid {
        self.id.as_uuid()
    }

    fn words(&self) -> String {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        format!(
            "{} {} {} {} {} {} {}",
            self.state,
            self.provider,
            self.event_type,
            self.provider_event_id,
            part(&self.object_id),
            part(&self.customer_label),
            why(self),
        )
    }
}

/// Why the event stands where it stands, in a few words.
pub(crate) fn why(row: &EventRow) -> String {
    let text = match (&row.error, &row.waiting_for) {
        (Some(error), _) => error.message.clone(),
        (None, Some(wait)) => format!("waits for {wait}"),
        (None, None) => String::new(),
    };
    format::clean(&text).into_owned()
}

/// The same for a narrow column: what everybody waits for most comes in words that fit, the particulars after them.
fn why_in_short(row: &EventRow) -> String {
    match (&row.error, &row.waiting_for) {
        (Some(error), Some(price)) if error.code == WaitReason::UNKNOWN_PRICE => {
            format!("price in no plan: {}", format::clean(price))
        }
        _ => why(row),
    }
}

/// The state as it is shown: a failed event that waits for something other than time says so.
pub(crate) fn state_word(row: &EventRow) -> &'static str {
    if row.waiting_for.is_some() && row.state == EventState::Failed {
        "waiting"
    } else {
        row.state.as_str()
    }
}

/// How often it was tried.
fn tries(row: &EventRow) -> String {
    if row.attempts == 0 {
        String::new()
    } else {
        row.attempts.to_string()
    }
}

pub(crate) fn object(row: &EventRow) -> Option<(ProviderName, ObjectRef)> {
    let id = ObjectId::new(row.object_id.clone()?).ok()?;
    Some((
        row.provider,
        ObjectRef::new(row.object_kind.unwrap_or(ObjectKind::Other), id),
    ))
}

static COLUMNS: [Column<EventRow>; 8] = [
    Column::new("STATE", (13, 13), 0, |row: &EventRow, _| {
        let tone = Tone::of_event(row.state);
        Cell::Status(tone, state_word(row).to_owned())
    }),
    Column::new("RECEIVED", (11, 11), 1, |row: &EventRow, shared| {
        Cell::Text(shared.clock.short(row.received_at))
    })
    .sorted("received"),
    Column::new("PROVIDER", (8, 8), 7, |row: &EventRow, _| {
        Cell::Text(row.provider.to_string())
    }),
    Column::new("TYPE", (23, 29), 2, |row: &EventRow, _| {
        Cell::Dotted(row.event_type.clone())
    }),
    Column::new("OBJECT", (13, 13), 4, |row: &EventRow, _| match &row.object_id {
        Some(id) => Cell::Id(id.clone()),
        None => Cell::Missing,
    }),
    Column::new("CUSTOMER", (14, 24), 5, |row: &EventRow, _| {
        Cell::or_missing(row.customer_label.as_deref())
    }),
    Column::new("TRIES", (5, 5), 6, |row: &EventRow, _| Cell::Text(tries(row))),
    Column::new("WHY", (19, 40), 3, |row: &EventRow, _| {
        Cell::Dim(why_in_short(row))
    }),
];

impl Kind for Events {
    type Row = EventRow;
    type Filter = EventFilter;
    type Sort = EventSort;
    type Sheet = Looked;

    const NAME: &'static str = "Events";
    const ONE: &'static str = "event";
    const COLUMNS: &'static [Column<EventRow>] = &COLUMNS;
    const CONTEXTS: &'static [Context] = &[
        Context::Event,
        Context::Events,
        Context::Object,
        Context::Table,
        Context::Move,
    ];
    const INSPECTOR_CONTEXTS: &'static [Context] = &[Context::Event, Context::Object, Context::Move];
    const FACETS: &'static [(&'static str, &'static str)] = &[
        ("failed, waiting for a retry or for you", "state:failed"),
        ("dead: retries used up", "state:dead"),
        ("quarantined: bad signature", "state:quarantined"),
        ("pending and processing", "state:pending state:processing"),
        ("discarded by a person", "state:discarded"),
        ("a price in no plan", "error:unknown_price"),
        (
            "all that is unfinished",
            "!state:processed !state:ignored !state:discarded",
        ),
        ("received in the last hour", "since:1h"),
        ("everything", ""),
    ];
    const SORTS: &'static [&'static str] = &["received"];
    const EMPTY: &'static [&'static str] = &[
        "No event has been received yet",
        "Deliveries to /webhooks/stripe appear here; `billdeck doctor` checks the endpoint and its secret",
    ];
    const NEWS: News = News::Events;

    fn read(filter: &EventFilter, sort: EventSort, page: PageRequest) -> Read {
        Read::Events {
            filter: filter.clone(),
            sort,
            page,
        }
    }

    fn page(answer: Answer) -> Result<DeskResult<Page<EventRow>>, Answer> {
        match answer {
            Answer::Events(result) => Ok(result),
            other => Err(other),
        }
    }

    fn count(filter: &EventFilter) -> Option<Read> {
        Some(Read::EventsTotal(filter.clone()))
    }

    fn export(filter: &EventFilter, sort: EventSort) -> ExportList {
        ExportList::Events(filter.clone(), sort)
    }

    fn term(
        filter: &mut EventFilter,
        name: Option<&str>,
        value: &str,
        not: bool,
        now: Timestamp,
    ) -> Result<bool, FilterError> {
        let name = match name {
            Some(name) => name,
            None => match guess(value) {
                Some(name) => name,
                None => return Ok(false),
            },
        };
        match name {
            "state" => {
                let state = value
                    .parse::<EventState>()
                    .map_err(|error| FilterError(error.to_string()))?;
                if not {
                    if filter.states.is_empty() {
                        filter.states = EventState::ALL.to_vec();
                    }
                    filter.states.retain(|&kept| kept != state);
                } else if !filter.states.contains(&state) {
                    filter.states.push(state);
                }
                return Ok(true);
            }
            "provider" | "type" | "object" | "id" | "customer" | "error" | "since" if not => {
                return Ok(false);
            }
            "provider" => {
                let provider = value
                    .parse::<ProviderName>()
                    .map_err(|error| FilterError(error.to_string()))?;
                filter.provider = Some(provider);
            }
            "type" => filter.event_type = Some(value.to_owned()),
            "object" | "id" => filter.object = Some(value.to_owned()),
            "customer" => {
                let id = value.parse().map_err(|_| {
                    FilterError(format!(
                        "`{value}` is no customer id; `g e` on a customer shows its events"
                    ))
                })?;
                filter.customer = Some(id);
            }
            "error" => filter.error_code = Some(value.to_owned()),
            "since" => filter.since = Some(since(value, now)?),
            other => return Err(unknown(other)),
        }
        Ok(true)
    }

    fn since(filter: &mut EventFilter) -> &mut Option<Timestamp> {
        &mut filter.since
    }

    fn sort_of(by: &str, direction: Direction) -> Option<EventSort> {
        (by == "received").then_some(EventSort { direction })
    }

    fn sort_name(sort: EventSort) -> (&'static str, Direction) {
        ("received", sort.direction)
    }

    fn place(row: &EventRow) -> Option<Place> {
        Some(Place::Event(row.id, EventPart::Payload))
    }

    fn place_is(place: &Place) -> bool {
        matches!(place, Place::Events(filtered) if filtered.base.is_none())
    }

    fn id(row: &EventRow) -> String {
        row.provider_event_id.clone()
    }

    fn object(row: &EventRow) -> Option<(ProviderName, ObjectRef)> {
        object(row)
    }

    fn related(row: &EventRow, action: Action) -> Option<Place> {
        related(row, action)
    }

    fn act(list: &mut List<Self>, action: Action, cx: &mut Cx<'_>) -> bool {
        match action {
            Action::Replay => verbs::replay(&list.listing.targets(), cx),
            Action::Discard => verbs::discard(&list.listing.targets(), cx),
            Action::VerifyObject => {
                if let Some(row) = list.selected() {
                    verbs::verify_object(row, cx);
                }
            }
            Action::SettleAlarms => {
                if let Some(row) = list.selected() {
                    verbs::settle_alarms(row, cx);
                }
            }
            Action::Attempts => {
                if let Some(row) = list.selected() {
                    cx.go(Place::Event(row.id, EventPart::Attempts));
                }
            }
            Action::Follow => {
                let follow = !list.listing.follows();
                if follow {
                    list.listing.go_to_start();
                }
                list.listing.set_follow(follow);
                cx.good(if follow {
                    "following the newest event"
                } else {
                    "no longer following"
                });
            }
            _ => return false,
        }
        true
    }

    fn why_not(list: &List<Self>, action: Action, _: &Shared) -> Result<(), String> {
        match action {
            Action::Replay => verbs::can_replay(&list.listing.targets()),
            Action::Discard => verbs::can_discard(&list.listing.targets()),
            Action::VerifyObject => verbs::can_verify_object(list.selected()),
            Action::SettleAlarms => {
                let open = list.looked().map(|looked| looked.sheet.detail.open_alarms);
                verbs::can_settle(list.selected(), open)
            }
            Action::Attempts if list.selected().is_none() => Err("there is no event here".to_owned()),
            _ => Ok(()),
        }
    }

    fn inspect(row: &EventRow) -> Option<Read> {
        Some(Read::Event(row.id))
    }

    fn sheet(answer: Answer) -> Option<DeskResult<Looked>> {
        match answer {
            Answer::Event(result) => Some(result.map(|sheet| Looked { sheet, would: None })),
            _ => None,
        }
    }

    fn further(looked: &Looked) -> Option<Read> {
        would(&looked.sheet.detail.row)
    }

    fn add(looked: &mut Looked, answer: Answer) {
        // An extra: where it cannot be told, nothing is said.
        if let Answer::ReplayPreview(Ok(items)) = answer {
            looked.would = items.into_iter().next();
        }
    }

    fn inspector(row: &EventRow, looked: Option<&Looked>, width: u16, shared: &Shared) -> Inspected {
        let mut main = inspect::event_head(row, width, shared);
        let mut related = None;
        if let Some(Looked { sheet, would }) = looked {
            main.extend(inspect::event_tries(&sheet.detail, shared));
            if let Some(item) = would {
                main.extend(inspect::event_would(item, shared));
            }
            main.extend(
                inspect::change_rows(&sheet.detail.changes, shared)
                    .into_iter()
                    .take(12),
            );
            main.push(ratatui::text::Line::default());
            main.extend(inspect::document(&sheet.document, 60, shared));
            related = Some((
                "Tries, newest first, and alarms",
                inspect::event_log(&sheet.detail, width, shared),
            ));
        }
        Inspected {
            main,
            related: related.filter(|_| shared.size.0 >= 200),
        }
    }
}

/// What a bare word is about.
fn guess(word: &str) -> Option<&'static str> {
    if word.parse::<EventState>().is_ok() {
        Some("state")
    } else if word.parse::<ProviderName>().is_ok() {
        Some("provider")
    } else if word.contains('.') && !word.contains('@') {
        Some("type")
    } else if word.contains('_') && word.chars().any(|c| c.is_ascii_digit()) {
        Some("object")
    } else {
        None
    }
}

fn unknown(name: &str) -> FilterError {
    let known = [
        "state", "provider", "type", "object", "customer", "error", "since",
    ];
    let hint = crate::console::theme::nearest(name, known.into_iter());
    FilterError(format!(
        "events have no `{name}`{hint} Known: {}",
        known.join(", ")
    ))
}

pub(crate) fn related(row: &EventRow, action: Action) -> Option<Place> {
    let label = || {
        row.customer_label
            .clone()
            .unwrap_or_else(|| "this customer".to_owned())
    };
    match action {
        Action::RelatedCustomer => row.customer_id.map(Place::Customer),
        Action::RelatedSubscriptions => row.customer_id.map(|id| {
            let base = SubscriptionFilter {
                customer: Some(id),
                ..SubscriptionFilter::default()
            };
            Place::Subscriptions(Filtered::based(base, format!("of {}", label())))
        }),
        Action::RelatedEvents => row.object_id.clone().map(|object| {
            let words = format!("about {object}");
            let base = EventFilter {
                object: Some(object),
                ..EventFilter::default()
            };
            Place::Events(Filtered::based(base, words))
        }),
        Action::RelatedOrders => row.customer_id.map(|id| {
            let base = OrderFilter {
                customer: Some(id),
                ..OrderFilter::default()
            };
            Place::Orders(Filtered::based(base, format!("of {}", label())))
        }),
        _ => None,
    }
}
