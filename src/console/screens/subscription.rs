//! One subscription: how it stands, what it bills for, and what set each of its fields.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use ratatui::{Frame, layout::Rect, text::Line};
use uuid::Uuid;

use super::{
    Again, Banner, Screen,
    event::{copy_json, freshness, is_due, link, needs_object, waiting},
    inspect, subscriptions,
};
use crate::{
    console::{
        desk::News,
        effect::{ExportList, LinkUse, Read, RunId},
        format,
        keymap::{Action, Context},
        msg::{Answer, SubscriptionSheet},
        nav::{EventPart, Place},
        shared::{Cx, Loaded, Shared},
        verbs,
        widgets::{
            json::{Document, Tree},
            sections::{self, Detail, Parts, Row, Section},
        },
    },
    domain::{ids::SubscriptionId, views::subscription::SubscriptionRow},
};

pub(crate) struct SubscriptionScreen {
    id: SubscriptionId,
    sheet: Loaded<SubscriptionSheet>,
    document: Arc<Document>,
    tree: Tree,
    parts: Parts,
}

impl SubscriptionScreen {
    pub(crate) fn new(id: SubscriptionId) -> Self {
        Self {
            id,
            sheet: Loaded::default(),
            document: Arc::default(),
            tree: Tree::default(),
            parts: Parts::default(),
        }
    }

    fn row(&self) -> Option<&SubscriptionRow> {
        self.sheet.value.as_ref().map(|sheet| &sheet.detail.row)
    }

    fn load(&mut self, cx: &mut Cx<'_>) {
        cx.load(&mut self.sheet, Read::Subscription(self.id));
    }
}

impl Detail for SubscriptionScreen {
    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn parts_mut(&mut self) -> &mut Parts {
        &mut self.parts
    }

    fn head(&self, width: u16, shared: &Shared) -> Vec<Line<'static>> {
        match &self.sheet.value {
            Some(sheet) => inspect::subscription_head(&sheet.detail.row, Some(&sheet.detail), width, shared),
            None => waiting(
                self.sheet.error.as_ref(),
                self.sheet.since(),
                "subscription",
                shared,
            ),
        }
    }

    fn sections(&self, shared: &Shared) -> Vec<Section> {
        let Some(sheet) = &self.sheet.value else {
            return Vec::new();
        };
        let detail = &sheet.detail;
        let items = inspect::item_lines(&detail.row.items, shared)
            .into_iter()
            .enumerate()
            .map(|(index, line)| Row {
                line,
                open: None,
                value: detail.row.items.get(index).map(|item| item.price_id.to_string()),
            })
            .collect();
        let set_by = inspect::set_by_lines(&detail.set_by, shared)
            .into_iter()
            .enumerate()
            .map(|(index, line)| {
                let change = detail.set_by.get(index);
                Row {
                    line,
                    open: change
                        .and_then(|change| change.source.strip_prefix("event "))
                        .and_then(|id| id.parse().ok())
                        .map(|id| Place::Event(id, EventPart::Payload)),
                    value: change.map(|change| change.difference.after.to_string()),
                }
            })
            .collect();
        let mut sections = vec![
            Section::rows("Who set what", set_by),
            Section::rows(format!("Items {}", detail.row.items.len()), items),
        ];
        if inspect::has_object(sheet) {
            sections.push(Section::tree(format!("At {}", detail.row.provider)));
        }
        sections
    }

    fn tree(&self) -> Option<(&Document, &Tree)> {
        Some((&self.document, &self.tree))
    }

    fn tree_mut(&mut self) -> Option<(&Document, &mut Tree)> {
        Some((&self.document, &mut self.tree))
    }

    fn source(&self) -> Option<&serde_json::Value> {
        self.sheet
            .value
            .as_ref()
            .and_then(|sheet| sheet.detail.provider_object.as_ref())
    }
}

impl Screen for SubscriptionScreen {
    fn is_at(&self, place: &Place) -> bool {
        matches!(place, Place::Subscription(id) if *id == self.id)
    }

    fn banner(&self, shared: &Shared) -> Banner {
        let name = self.row().map_or_else(
            || self.id.to_string(),
            |row| {
                format!(
                    "{} {}",
                    subscriptions::customer(row),
                    subscriptions::spoken_id(row)
                )
            },
        );
        Banner {
            crumbs: vec!["Subscriptions".to_owned(), format::clean(&name).into_owned()],
            filter: None,
            right: freshness(&self.sheet, shared),
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
        if sections::act(self, action, cx) {
            return true;
        }
        let Some(sheet) = &self.sheet.value else {
            return false;
        };
        let row = sheet.detail.row.clone();
        match action {
            Action::CopyId => cx.copy("id", subscriptions::spoken_id(&row)),
            Action::CopyJson => copy_json(&sheet.detail, cx),
            Action::CopyLink | Action::OpenAtProvider => {
                let then = if action == Action::CopyLink {
                    LinkUse::Copy
                } else {
                    LinkUse::Open
                };
                link(subscriptions::object(&row), then, cx);
            }
            other => {
                if verbs::on_subscription(&row, other, cx) {
                    return true;
                }
                match subscriptions::related(&row, other) {
                    Some(place) => cx.go(place),
                    None => return false,
                }
            }
        }
        true
    }

    fn answer(&mut self, run: RunId, answer: Answer, cx: &mut Cx<'_>) {
        if let Answer::Subscription(result) = answer
            && self.sheet.take(run, result.map(|sheet| *sheet), cx.now())
            && let Some(sheet) = &self.sheet.value
        {
            let document = sheet.document.clone();
            self.tree.follow(&self.document, &document);
            self.document = document;
        }
    }

    fn again(&mut self, why: Again, cx: &mut Cx<'_>) {
        if is_due(why, News::Records, self.sheet.at, cx.shared) {
            self.load(cx);
        }
    }

    fn why_not(&self, action: Action, shared: &Shared) -> Result<(), String> {
        match action {
            Action::Inspector => Err("the inspector stands beside lists".to_owned()),
            _ if self.row().is_none() && needs_object(action) => {
                Err("the subscription has not been read yet".to_owned())
            }
            Action::Search | Action::SearchNext | Action::SearchPrevious
                if self.document.nodes.is_empty() =>
            {
                Err("the provider's object has not been seen yet".to_owned())
            }
            other => verbs::can_on_subscription(self.row(), other, shared),
        }
    }

    fn set_filter(&mut self, text: &str, cx: &mut Cx<'_>) -> Result<(), String> {
        sections::search(self, text, cx)
    }

    fn filter(&self) -> String {
        self.tree.needle().to_owned()
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

    fn escape(&mut self, cx: &mut Cx<'_>) -> bool {
        !self.tree.needle().is_empty() && sections::search(self, "", cx).is_ok()
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        sections::draw(self, frame, area, shared);
    }
}
