//! Deadlines, news, and reading again.

use jiff::{SignedDuration, Timestamp};

use super::super::{
    desk::News,
    effect::Read,
    nav::Place,
    operations::{Noise, State, Toast},
    screens::Again,
    shared::PATIENCE,
};

use super::{App, CHOICES};

/// News are gathered for this long before anything is read again.
const GATHER: SignedDuration = SignedDuration::from_millis(300);
/// A screen reads itself again because of news at most this often.
const NEWS_GAP: SignedDuration = SignedDuration::from_secs(1);
/// So does the status line, on screens other than the overview.
const STATUS_GAP: SignedDuration = SignedDuration::from_secs(5);
/// How often the database is asked for a sign of life.
pub(super) const PING: SignedDuration = SignedDuration::from_secs(15);

impl App {
    /// When [`Msg::Tick`] is wanted next.
    pub fn deadline(&self) -> Option<Timestamp> {
        let now = self.shared.now();
        // Ages are counted by the minute.
        let minute = Timestamp::from_second((now.as_second().div_euclid(60) + 1) * 60).ok();
        let choices = self
            .pending_since
            .map(|since| since + CHOICES)
            .filter(|at| *at > now);
        let live = self.shared.live;
        [
            minute,
            choices,
            self.toast.as_ref().and_then(|toast| toast.until),
            self.news_due.filter(|_| live),
            self.status_due.filter(|_| live),
            Some(self.poll_due).filter(|_| live),
            Some(self.ping_due),
            self.shared.writable_until,
            self.stack.current().screen.deadline(&self.shared),
            self.overlays
                .last()
                .and_then(|(_, overlay)| overlay.deadline(&self.shared)),
            self.spinner_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Work shows itself after a moment, and then moves.
    fn spinner_deadline(&self) -> Option<Timestamp> {
        let now = self.shared.now();
        let first = self
            .shared
            .overview
            .value
            .is_none()
            .then(|| self.shared.overview.since())
            .flatten();
        let shown = self
            .shared
            .operations
            .newest_first()
            .filter(|entry| entry.state == State::Running && entry.noise != Noise::Routine)
            .map(|entry| entry.started);
        first
            .into_iter()
            .chain(shown)
            .map(|since| {
                let visible = since + PATIENCE;
                if visible > now {
                    visible
                } else {
                    now + SignedDuration::from_millis(200)
                }
            })
            .min()
    }

    pub(super) fn hear(&mut self, news: News) {
        let now = self.shared.now();
        if let News::Link { up } = news {
            let was_up = std::mem::replace(&mut self.shared.link_up, up);
            if up && !was_up {
                self.toast = Some(Toast::good("the database is back", now));
            }
        }
        if !self.news.contains(&news) {
            self.news.push(news);
        }
        let after_gap = |last: Option<Timestamp>, gap: SignedDuration| {
            let soonest = now + GATHER;
            last.map_or(soonest, |last| soonest.max(last + gap))
        };
        if self.news_due.is_none() {
            self.news_due = Some(after_gap(self.news_taken, NEWS_GAP));
        }
        if self.status_due.is_none() {
            let gap = if self.stack.current().screen.is_at(&Place::Overview) {
                NEWS_GAP
            } else {
                STATUS_GAP
            };
            self.status_due = Some(after_gap(self.shared.overview.at, gap));
        }
    }

    pub(super) fn tick(&mut self) {
        let now = self.shared.now();
        if self
            .toast
            .as_ref()
            .is_some_and(|toast| toast.until.is_some_and(|until| until <= now))
        {
            self.toast = None;
        }
        if self.ping_due <= now {
            self.ping();
        }
        self.with_screen(|screen, cx| screen.tick(cx));
        if !self.shared.live {
            return;
        }
        if self.status_due.is_some_and(|due| due <= now) {
            self.load_status();
        }
        if self.news_due.is_some_and(|due| due <= now) {
            self.news_due = None;
            self.news_taken = Some(now);
            for news in std::mem::take(&mut self.news) {
                self.with_screen(|screen, cx| screen.again(Again::News(news), cx));
            }
        }
        if self.poll_due <= now {
            self.poll_due = now + self.shared.poll;
            self.load_status();
            self.with_screen(|screen, cx| screen.again(Again::Poll, cx));
        }
    }

    pub(super) fn again(&mut self, why: Again) {
        self.load_status();
        self.with_screen(|screen, cx| screen.again(why, cx));
    }

    pub(super) fn load_status(&mut self) {
        self.status_due = None;
        let mut overview = std::mem::take(&mut self.shared.overview);
        self.with_root(|cx| cx.load(&mut overview, Read::Overview));
        self.shared.overview = overview;
    }

    pub(super) fn ping(&mut self) {
        self.ping_due = self.shared.now() + PING;
        let mut ping = std::mem::take(&mut self.shared.ping);
        self.with_root(|cx| cx.load(&mut ping, Read::Ping));
        self.shared.ping = ping;
    }
}
