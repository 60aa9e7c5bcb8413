//! Where answers go, and what the root itself does with some.

use super::App;
use crate::{
    console::{
        desk::DeskError,
        effect::{LinkUse, RunId},
        format,
        msg::Answer,
        nav::{EventPart, Place},
        operations::{Owner, State, Toast},
        overlay::{Fate, menu::Menu},
        shared::{Cx, Wish},
    },
    domain::views::{action::CustomerPage, found::Found},
};

impl Answer {
    /// The error, if the request did not go well.
    pub(crate) fn error(&self) -> Option<&DeskError> {
        match self {
            Self::Overview(result) => result.as_ref().err(),
            Self::Ping(result) => result.as_ref().err(),
            Self::Events(result) => result.as_ref().err(),
            Self::EventsTotal(result) => result.as_ref().err(),
            Self::Event(result) => result.as_ref().err(),
            Self::ReplayPreview(result) | Self::Replay(result) => result.as_ref().err(),
            Self::Customers(result) => result.as_ref().err(),
            Self::Customer(result) => result.as_ref().err(),
            Self::Timeline(result) => result.as_ref().err(),
            Self::Subscriptions(result) => result.as_ref().err(),
            Self::Subscription(result) => result.as_ref().err(),
            Self::Compare(result) | Self::TakeOver(result) => result.as_ref().err(),
            Self::Orders(result) => result.as_ref().err(),
            Self::Found { result, .. } => result.as_ref().err(),
            Self::Exported(result) => result.as_ref().err(),
            Self::Dashboard { .. } => None,
            Self::OpenedUrl(result) => result.as_ref().err(),
            Self::Discard(result) => result.as_ref().err(),
            Self::SettleAlarms(result) => result.as_ref().err(),
            Self::LinkCustomer(result) => result.as_ref().err(),
            Self::Cancel(result) | Self::Resume(result) => result.as_ref().err(),
            Self::Checkout(result) | Self::Portal(result) => result.as_ref().err(),
        }
    }
}

impl App {
    pub(super) fn answer(&mut self, run: RunId, answer: Answer) {
        let now = self.shared.now();
        let error = answer.error().cloned();
        let state = match &error {
            None => State::Done,
            Some(error) if error.outcome_unknown => State::Unknown(error.clone()),
            Some(error) => State::Failed(error.clone()),
        };
        // What was given up has ended already; its answer is nobody's.
        let Some(operation) = self.shared.operations.end(run, state, now) else {
            return;
        };
        match &error {
            Some(error) if error.link_lost => self.shared.link_up = false,
            Some(_) => {}
            None => self.shared.link_up |= !matches!(answer, Answer::OpenedUrl(_) | Answer::Exported(_)),
        }
        if let Some(subject) = self.shared.subjects.remove(&run) {
            match &error {
                Some(error) if error.outcome_unknown => {
                    self.shared.unsettled.insert(subject);
                }
                Some(_) | None => {}
            }
        }
        let Some(answer) = self.for_root(run, answer) else {
            return;
        };
        match operation.owner {
            Owner::Screen(id) => {
                if let Some(entry) = self.stack.find_mut(id) {
                    let mut cx = Cx {
                        shared: &mut self.shared,
                        owner: operation.owner,
                        effects: &mut self.effects,
                        wishes: &mut self.wishes,
                    };
                    entry.screen.answer(run, answer, &mut cx);
                    return;
                }
            }
            Owner::Overlay(id) => {
                if let Some(place) = self.overlays.iter().position(|(overlay, _)| *overlay == id)
                    && let Some((_, overlay)) = self.overlays.get_mut(place)
                {
                    let mut cx = Cx {
                        shared: &mut self.shared,
                        owner: operation.owner,
                        effects: &mut self.effects,
                        wishes: &mut self.wishes,
                    };
                    if overlay.answer(run, answer, &mut cx) == Fate::Close {
                        self.overlays.remove(place);
                    }
                    return;
                }
            }
            Owner::Root => {}
        }
        if operation.writes {
            self.written(&operation.what, &operation.target, &answer);
        } else if let Answer::Found { id, result } = answer {
            self.found(&id, result);
        }
    }

    /// Takes the answers that are the root's own, whoever asked.
    fn for_root(&mut self, run: RunId, answer: Answer) -> Option<Answer> {
        let now = self.shared.now();
        match answer {
            Answer::Overview(result) => {
                self.shared
                    .overview
                    .take(run, result.map(|overview| *overview), now);
            }
            Answer::Ping(result) => {
                self.shared.ping.take(run, result, now);
            }
            Answer::Exported(result) => {
                self.toast = Some(match result {
                    Ok(done) => {
                        let more = if done.cut_off {
                            ", there were more; narrow the filter"
                        } else {
                            ""
                        };
                        let rows = format::counted(done.rows, "row");
                        Toast::good(format!("{rows} written to {}{more}", done.path.display()), now)
                    }
                    Err(error) => Toast::error("export", &error),
                });
            }
            Answer::Dashboard { url: Some(url), then } => match then {
                LinkUse::Copy => self.wishes.push(Wish::Copy("link", url)),
                LinkUse::Open => self.wishes.push(Wish::Browse(url)),
            },
            Answer::Dashboard { url: None, .. } => {
                self.toast = Some(Toast::note("its provider has no page for it", now));
            }
            Answer::OpenedUrl(result) => {
                self.toast = Some(match result {
                    Ok(()) => Toast::good("opened in the browser", now),
                    Err(error) => Toast::error("open", &error),
                });
            }
            other => return Some(other),
        }
        None
    }

    fn found(&mut self, id: &str, result: Result<Option<Found>, DeskError>) {
        match result {
            Ok(Some(Found::Event(id))) => self.wishes.push(Wish::Go(Place::Event(id, EventPart::Payload))),
            Ok(Some(Found::Customer(id))) => self.wishes.push(Wish::Go(Place::Customer(id))),
            Ok(Some(Found::Subscription(id))) => self.wishes.push(Wish::Go(Place::Subscription(id))),
            Ok(None) => {
                let text = format!("nothing here is called {}", format::clean(id));
                self.toast = Some(Toast::note(text, self.shared.now()));
            }
            Err(error) => self.toast = Some(Toast::error("find", &error)),
        }
    }

    /// A write has ended and nobody else waits for it.
    fn written(&mut self, what: &str, target: &str, answer: &Answer) {
        let now = self.shared.now();
        self.wishes.push(Wish::ReadAgain);
        if let Some(error) = answer.error() {
            let mut toast = Toast::error(what, error);
            if error.outcome_unknown {
                toast.text = format!("{what}: outcome unknown. {}", error.message);
                toast.hint = Some("Verify (V) asks the provider what is true".to_owned());
            }
            self.toast = Some(toast);
            return;
        }
        match answer {
            Answer::Checkout(Ok(page)) => self.show_link("Checkout link", page),
            Answer::Portal(Ok(page)) => self.show_link("Portal link", page),
            Answer::Discard(Ok(ids)) => {
                let text = format!("{} discarded", format::counted(ids.len(), "event"));
                self.toast = Some(Toast::good(text, now));
            }
            Answer::SettleAlarms(Ok(number)) => {
                let text = format!("{} settled", format::counted(*number, "alarm"));
                self.toast = Some(Toast::good(text, now));
            }
            Answer::LinkCustomer(Ok(id)) => {
                self.toast = Some(Toast::good(format!("{target} is linked"), now));
                // The customer may have been merged into its owner's.
                self.wishes.push(Wish::Go(Place::Customer(*id)));
            }
            _ => self.toast = Some(Toast::good(format!("{what} done: {target}"), now)),
        }
    }

    fn show_link(&mut self, title: &str, page: &CustomerPage) {
        let mut menu = Menu::new(
            title,
            vec![
                ("copy the link".to_owned(), Wish::Copy("link", page.url.clone())),
                (
                    "open it in the browser".to_owned(),
                    Wish::Browse(page.url.clone()),
                ),
            ],
        );
        menu.lines.push(page.url.clone());
        let until = page.expires_at.map_or_else(
            || format!("served by {}", page.provider),
            |at| {
                format!(
                    "served by {}, works until {}",
                    page.provider,
                    self.shared.clock.long(at)
                )
            },
        );
        menu.lines.push(until);
        self.open(Box::new(menu));
    }
}
