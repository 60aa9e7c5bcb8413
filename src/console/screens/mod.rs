//! The screens. Each is its state, its reactions and its picture; data reaches it as answers, and it never waits.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ratatui::{Frame, layout::Rect};
use uuid::Uuid;

use super::{
    desk::News,
    effect::{ExportList, RunId},
    keymap::{Action, Context},
    msg::Answer,
    nav::Place,
    shared::{Cx, Shared},
    theme::Role,
};

pub(crate) mod customer;
pub(crate) mod customers;
pub(crate) mod event;
pub(crate) mod events;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod orders;
pub(crate) mod overview;
pub(crate) mod subscription;
pub(crate) mod subscriptions;

/// What the second row of the screen says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Banner {
    /// Where one is, outermost first.
    pub(crate) crumbs: Vec<String>,
    /// The filter in force.
    pub(crate) filter: Option<String>,
    /// Figures on the right: totals, order, age.
    pub(crate) right: Vec<(String, Role)>,
}

/// Why a screen reads its data again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Something changed outside.
    News(News),
    /// Nothing was heard for a while.
    Poll,
    /// A person asked, or something was written.
    Asked,
}

/// A screen.
pub(crate) trait Screen {
    /// Whether it is the screen of that place.
    fn is_at(&self, place: &Place) -> bool;

    /// The words above it.
    fn banner(&self, shared: &Shared) -> Banner;

    /// The keys that count here, the most particular first; the global ones are added by the root.
    fn contexts(&self, shared: &Shared) -> &'static [Context];

    /// It has come to the front, for the first time or again.
    fn enter(&mut self, cx: &mut Cx<'_>);

    /// A key of its contexts was pressed; false when it means nothing here.
    fn act(&mut self, action: Action, cx: &mut Cx<'_>) -> bool;

    /// An answer to one of its requests.
    fn answer(&mut self, run: RunId, answer: Answer, cx: &mut Cx<'_>);

    /// Its data may be old.
    fn again(&mut self, why: Again, cx: &mut Cx<'_>);

    /// Why an action is not possible just now.
    fn why_not(&self, action: Action, shared: &Shared) -> Result<(), String>;

    /// Takes a filter or a search; the error is shown where it was typed.
    fn set_filter(&mut self, text: &str, cx: &mut Cx<'_>) -> Result<(), String>;

    /// The filter or search in force, to be edited.
    fn filter(&self) -> String;

    /// Goes to a wanted order, by its name.
    fn sort(&mut self, by: &str, cx: &mut Cx<'_>) -> Result<(), String>;

    /// The list it shows, to be written to a file: which rows and what they are called. None on a screen without a list.
    fn export(&self) -> Option<(ExportList, Option<BTreeSet<Uuid>>, &'static str)>;

    /// When it looks different without anything having happened.
    fn deadline(&self, shared: &Shared) -> Option<Timestamp>;

    /// A deadline has come.
    fn tick(&mut self, cx: &mut Cx<'_>);

    /// Esc: gives up what is loading, clears filter or marks; false when there was nothing of that kind.
    fn escape(&mut self, cx: &mut Cx<'_>) -> bool;

    /// Draws it.
    fn view(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared);
}

/// Opens the screen of a place.
pub(crate) fn open(place: &Place, shared: &Shared) -> Box<dyn Screen> {
    match place {
        Place::Overview => Box::new(overview::OverviewScreen::default()),
        Place::Customers(filter) => Box::new(list::List::<customers::Customers>::new(filter.clone(), shared)),
        Place::Customer(id) => Box::new(customer::CustomerScreen::new(*id)),
        Place::Subscriptions(filter) => Box::new(list::List::<subscriptions::Subscriptions>::new(
            filter.clone(),
            shared,
        )),
        Place::Subscription(id) => Box::new(subscription::SubscriptionScreen::new(*id)),
        Place::Events(filter) => Box::new(list::List::<events::Events>::new(filter.clone(), shared)),
        Place::Event(id, part) => Box::new(event::EventScreen::new(*id, *part)),
        Place::Orders(filter) => Box::new(list::List::<orders::Orders>::new(filter.clone(), shared)),
    }
}
