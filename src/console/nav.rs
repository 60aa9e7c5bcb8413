//! Places in the console, and the way back: every screen on the stack keeps its filter, marks, scroll and cursor.

use crate::domain::{
    ids::{CustomerId, EventId, SubscriptionId},
    views::{
        customer::CustomerFilter, event::EventFilter, order::OrderFilter, subscription::SubscriptionFilter,
    },
};

use super::screens::Screen;

/// Where one can go. A filter carries the text it was made from, so that it can be shown and edited.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    Overview,
    Customers(Filtered<CustomerFilter>),
    Customer(CustomerId),
    Subscriptions(Filtered<SubscriptionFilter>),
    Subscription(SubscriptionId),
    Events(Filtered<EventFilter>),
    Event(EventId, EventPart),
    Orders(Filtered<OrderFilter>),
}

/// A filter fixed by where one came from (`events of customer ana@acme.mx`) and the text typed on top of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filtered<F> {
    /// What cannot be cleared here, with the words that say so.
    pub(crate) base: Option<(F, String)>,
    /// What was typed.
    pub(crate) text: String,
}

impl<F> Filtered<F> {
    pub(crate) fn typed(text: &str) -> Self {
        Self {
            base: None,
            text: text.to_owned(),
        }
    }

    pub(crate) fn based(base: F, words: String) -> Self {
        Self {
            base: Some((base, words)),
            text: String::new(),
        }
    }
}

/// Which part of an event is looked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventPart {
    Payload,
    Attempts,
}

pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) screen: Box<dyn Screen>,
}

/// The screen in front and the ways to both sides of it.
pub(crate) struct Stack {
    back: Vec<Entry>,
    current: Entry,
    forward: Vec<Entry>,
    next_id: u64,
}

/// Screens that are remembered behind the current one.
const DEPTH: usize = 40;

impl Stack {
    pub(crate) fn new(screen: Box<dyn Screen>) -> Self {
        Self {
            back: Vec::new(),
            current: Entry { id: 0, screen },
            forward: Vec::new(),
            next_id: 1,
        }
    }

    pub(crate) fn current(&self) -> &Entry {
        &self.current
    }

    pub(crate) fn current_mut(&mut self) -> &mut Entry {
        &mut self.current
    }

    pub(crate) fn find_mut(&mut self, id: u64) -> Option<&mut Entry> {
        std::iter::once(&mut self.current)
            .chain(self.back.iter_mut())
            .chain(self.forward.iter_mut())
            .find(|entry| entry.id == id)
    }

    /// Puts a new screen in front. What lay ahead is forgotten: a new branch begins here.
    pub(crate) fn push(&mut self, screen: Box<dyn Screen>) {
        let entry = Entry {
            id: self.next_id,
            screen,
        };
        self.next_id += 1;
        self.forward.clear();
        self.back.push(std::mem::replace(&mut self.current, entry));
        if self.back.len() > DEPTH {
            self.back.remove(0);
        }
    }

    /// Brings a screen that is already on the stack to the front, as it was left.
    pub(crate) fn raise(&mut self, is_wanted: impl Fn(&dyn Screen) -> bool) -> bool {
        let Some(index) = self
            .back
            .iter()
            .rposition(|entry| is_wanted(entry.screen.as_ref()))
        else {
            return false;
        };
        let entry = self.back.remove(index);
        self.forward.clear();
        self.back.push(std::mem::replace(&mut self.current, entry));
        true
    }

    /// Back for good: the screen that is left is forgotten.
    pub(crate) fn pop(&mut self) -> bool {
        match self.back.pop() {
            Some(entry) => {
                self.current = entry;
                self.forward.clear();
                true
            }
            None => false,
        }
    }

    /// Back, with the way forward kept.
    pub(crate) fn earlier(&mut self) -> bool {
        match self.back.pop() {
            Some(entry) => {
                self.forward.push(std::mem::replace(&mut self.current, entry));
                true
            }
            None => false,
        }
    }

    pub(crate) fn later(&mut self) -> bool {
        match self.forward.pop() {
            Some(entry) => {
                self.back.push(std::mem::replace(&mut self.current, entry));
                true
            }
            None => false,
        }
    }

    /// Changes places with the screen before.
    pub(crate) fn swap(&mut self) -> bool {
        match self.back.last_mut() {
            Some(last) => {
                std::mem::swap(last, &mut self.current);
                true
            }
            None => false,
        }
    }
}
