//! The whole story of one customer on one screen.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ratatui::{Frame, layout::Rect, text::Line};
use uuid::Uuid;

use super::{
    Again, Banner, Screen, customers,
    event::{copy_json, freshness, is_due, link, needs_object, waiting},
    inspect,
};
use crate::{
    console::{
        desk::News,
        effect::{ExportList, LinkUse, Read, RunId},
        format,
        keymap::{Action, Context},
        msg::Answer,
        nav::{EventPart, Place},
        shared::{Cx, Loaded, Shared},
        verbs,
        widgets::{
            json::{Document, Tree},
            sections::{self, Detail, Parts, Row, Section},
        },
    },
    domain::{
        ids::CustomerId,
        views::{
            customer::{CustomerDetail, TimelineEntry},
            subscription::SubscriptionRow,
        },
    },
};

pub(crate) struct CustomerScreen {
    id: CustomerId,
    detail: Loaded<CustomerDetail>,
    timeline: Loaded<Vec<TimelineEntry>>,
    parts: Parts,
}

impl CustomerScreen {
    pub(crate) fn new(id: CustomerId) -> Self {
        Self {
            id,
            detail: Loaded::default(),
            timeline: Loaded::default(),
            parts: Parts::default(),
        }
    }

    fn load(&mut self, cx: &mut Cx<'_>) {
        cx.load(&mut self.detail, Read::Customer(self.id));
        cx.load(&mut self.timeline, Read::Timeline(self.id));
    }

    /// The subscription that a key is for: the one under the cursor, else the first, which is the active one.
    fn subscription(&self, shared: &Shared) -> Option<&SubscriptionRow> {
        let detail = self.detail.value.as_ref()?;
        let here = sections::selected(self, shared).and_then(|row| match row.open {
            Some(Place::Subscription(id)) => detail.subscriptions.iter().find(|row| row.id == id),
            _ => None,
        });
        here.or(detail.subscriptions.first())
    }
}

impl Detail for CustomerScreen {
    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn parts_mut(&mut self) -> &mut Parts {
        &mut self.parts
    }

    fn head(&self, width: u16, shared: &Shared) -> Vec<Line<'static>> {
        match &self.detail.value {
            Some(detail) => inspect::customer_head(&detail.row, Some(detail), width, shared),
            None => waiting(
                self.detail.error.as_ref(),
                self.detail.since(),
                "customer",
                shared,
            ),
        }
    }

    fn sections(&self, shared: &Shared) -> Vec<Section> {
        let Some(detail) = &self.detail.value else {
            return Vec::new();
        };
        let subscriptions = detail
            .subscriptions
            .iter()
            .map(|row| Row {
                line: inspect::subscription_line(row, shared),
                open: Some(Place::Subscription(row.id)),
                value: row.provider_subscription_id.clone(),
            })
            .collect();
        let orders = detail
            .orders
            .iter()
            .map(|row| Row {
                line: inspect::order_line(row, shared),
                open: None,
                value: Some(row.provider_order_id.clone()),
            })
            .collect();
        let timeline = match (&self.timeline.value, &self.timeline.error) {
            (Some(entries), _) => entries
                .iter()
                .map(|entry| Row {
                    line: inspect::timeline_line(entry, shared),
                    open: entry.event_id.map(|id| Place::Event(id, EventPart::Payload)),
                    value: Some(entry.detail.clone()),
                })
                .collect(),
            (None, Some(error)) => waiting(Some(error), None, "timeline", shared)
                .into_iter()
                .map(Row::plain)
                .collect(),
            (None, None) => waiting(None, self.timeline.since(), "timeline", shared)
                .into_iter()
                .map(Row::plain)
                .collect(),
        };
        let mut sections = vec![
            Section::rows(
                format!("Subscriptions {}", detail.subscriptions.len()),
                subscriptions,
            ),
            Section::rows(format!("Orders {}", detail.orders.len()), orders),
            Section::rows("Timeline", timeline),
        ];
        if detail.row.scope.is_none() && !detail.owner_candidates.is_empty() {
            let candidates = detail
                .owner_candidates
                .iter()
                .map(|row| Row {
                    line: Line::raw(customers::owner_words(row)),
                    open: Some(Place::Customer(row.id)),
                    value: row.external_id.clone(),
                })
                .collect();
            sections.push(Section::rows("Possible owners", candidates));
        }
        sections
    }

    fn tree(&self) -> Option<(&Document, &Tree)> {
        None
    }

    fn tree_mut(&mut self) -> Option<(&Document, &mut Tree)> {
        None
    }

    fn source(&self) -> Option<&serde_json::Value> {
        None
    }
}

impl Screen for CustomerScreen {
    fn is_at(&self, place: &Place) -> bool {
        matches!(place, Place::Customer(id) if *id == self.id)
    }

    fn banner(&self, shared: &Shared) -> Banner {
        let name = self.detail.value.as_ref().map_or_else(
            || format::id(&self.id.to_string(), shared.glyphs),
            |detail| customers::label(&detail.row),
        );
        Banner {
            crumbs: vec!["Customers".to_owned(), name],
            filter: None,
            right: freshness(&self.detail, shared),
        }
    }

    fn contexts(&self, _: &Shared) -> &'static [Context] {
        &[
            Context::Subscription,
            Context::Customer,
            Context::Object,
            Context::Detail,
            Context::Move,
        ]
    }

    fn enter(&mut self, cx: &mut Cx<'_>) {
        self.load(cx);
    }

    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool {
        if action == Action::LinkOwner
            && let Some(detail) = &self.detail.value
        {
            verbs::link_owner(&detail.row, &detail.owner_candidates, cx);
            return true;
        }
        if matches!(action, Action::Verify | Action::Cancel | Action::Resume) {
            return match self.subscription(cx.shared).cloned() {
                Some(row) => verbs::on_subscription(&row, action, cx),
                None => false,
            };
        }
        if sections::act(self, action, cx) {
            return true;
        }
        let Some(detail) = &self.detail.value else {
            return false;
        };
        let row = &detail.row;
        let label = customers::label(row);
        match action {
            Action::Checkout => verbs::checkout(row.id, &label, cx),
            Action::Portal => verbs::portal(row.id, &label, cx),
            Action::CopyId => cx.copy("id", customers::spoken_id(row)),
            Action::CopyJson => copy_json(detail, cx),
            Action::CopyLink | Action::OpenAtProvider => {
                let then = if action == Action::CopyLink {
                    LinkUse::Copy
                } else {
                    LinkUse::Open
                };
                link(customers::object(row), then, cx);
            }
            other => match customers::related(row.id, &label, other) {
                Some(place) => cx.go(place),
                None => return false,
            },
        }
        true
    }

    fn answer(&mut self, run: RunId, answer: Answer, cx: &mut Cx<'_>) {
        let now = cx.now();
        match answer {
            Answer::Customer(result) => {
                if self.detail.take(run, result.map(|detail| *detail), now)
                    && let Some(detail) = &self.detail.value
                {
                    // A merged customer's id answers with the one it was merged into.
                    self.id = detail.row.id;
                }
            }
            Answer::Timeline(result) => {
                self.timeline.take(run, result, now);
            }
            _ => {}
        }
    }

    fn again(&mut self, why: Again, cx: &mut Cx<'_>) {
        if is_due(why, News::Records, self.detail.at, cx.shared) {
            self.load(cx);
        }
    }

    fn why_not(&self, action: Action, shared: &Shared) -> Result<(), String> {
        let row = self.detail.value.as_ref().map(|detail| &detail.row);
        match action {
            Action::Verify | Action::Cancel | Action::Resume => {
                verbs::can_on_subscription(self.subscription(shared), action, shared)
            }
            Action::Checkout | Action::Portal | Action::LinkOwner => verbs::can_serve(row, action, shared),
            Action::Inspector => Err("the inspector stands beside lists".to_owned()),
            Action::Search | Action::SearchNext | Action::SearchPrevious | Action::CopyPath => {
                Err("there is no document here".to_owned())
            }
            Action::Fold | Action::Unfold | Action::ExpandAll | Action::CollapseAll => {
                Err("there is nothing to fold here".to_owned())
            }
            _ if row.is_none() && needs_object(action) => {
                Err("the customer has not been read yet".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn set_filter(&mut self, _: &str, _: &mut Cx<'_>) -> Result<(), String> {
        Err("there is no document to search here".to_owned())
    }

    fn filter(&self) -> String {
        String::new()
    }

    fn sort(&mut self, _: &str, _: &mut Cx<'_>) -> Result<(), String> {
        Err("only lists are sorted".to_owned())
    }

    fn export(&self) -> Option<(ExportList, Option<BTreeSet<Uuid>>, &'static str)> {
        None
    }

    fn deadline(&self, _: &Shared) -> Option<Timestamp> {
        None
    }

    fn tick(&mut self, _: &mut Cx<'_>) {}

    fn escape(&mut self, _: &mut Cx<'_>) -> bool {
        false
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        sections::draw(self, frame, area, shared);
    }
}
