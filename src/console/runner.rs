//! Carries effects out on the desk, one task each. The last word on read-only is here: a write that reaches the runner
//! while writing is not allowed is refused, whatever the screens thought, and a comparison leaves no trace then.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{sync::mpsc, task::AbortHandle};

use super::{
    desk::{Desk, DeskError, DeskResult, SharedDesk, Theirs},
    effect::{Access, Effect, LinkUse, Read, RunId, Write},
    export,
    msg::{Answer, EventSheet, Msg, SubscriptionSheet},
    widgets::json::Document,
};

/// Lines of a customer's story that are read.
const TIMELINE: u16 = 200;

/// Starts requests, gives them up, and sends their answers.
pub struct Runner {
    desk: SharedDesk,
    access: Access,
    running: BTreeMap<RunId, Task>,
    answers: mpsc::UnboundedSender<Msg>,
}

enum Task {
    Read(AbortHandle),
    Write(Write),
}

impl Runner {
    /// A runner for a desk, and where the answers come out. Until an [`Effect::Access`] says otherwise, nothing is
    /// written.
    pub fn new(desk: SharedDesk) -> (Self, mpsc::UnboundedReceiver<Msg>) {
        let (answers, receiver) = mpsc::unbounded_channel();
        let access = if desk.setting().read_only {
            Access::ReadOnlyForGood
        } else {
            Access::ReadOnly
        };
        let runner = Self {
            desk,
            access,
            running: BTreeMap::new(),
            answers,
        };
        (runner, receiver)
    }

    /// Requests that have been started and not given up; answers that were received count as ended only after
    /// [`Runner::ended`].
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Takes note that a request was answered.
    pub fn ended(&mut self, run: RunId) {
        self.running.remove(&run);
    }

    /// Carries an effect out. Those that concern the terminal are the loop's, and ignored here.
    pub fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Read { run, read } => self.read(run, read),
            Effect::Write { run, write } => self.write(run, write),
            Effect::Cancel(run) => self.cancel(run),
            Effect::Access(access) => {
                // What was opened read-only stays so.
                if self.access != Access::ReadOnlyForGood {
                    self.access = access;
                }
            }
            Effect::Copy(_) | Effect::Mouse(_) | Effect::Redraw | Effect::Suspend | Effect::Quit => {}
        }
    }

    fn read(&mut self, run: RunId, read: Read) {
        let desk = Arc::clone(&self.desk);
        let answers = self.answers.clone();
        let access = self.access;
        let task = tokio::spawn(async move {
            let answer = answer(desk.as_ref(), read, access).await;
            send(&answers, run, answer);
        });
        self.running.insert(run, Task::Read(task.abort_handle()));
    }

    fn write(&mut self, run: RunId, write: Write) {
        if self.access != Access::ReadWrite {
            send(&self.answers, run, failed(&write, read_only()));
            return;
        }
        let desk = Arc::clone(&self.desk);
        let answers = self.answers.clone();
        self.running.insert(run, Task::Write(write.clone()));
        tokio::spawn(async move {
            let answer = carry_out(desk.as_ref(), write).await;
            send(&answers, run, answer);
        });
    }

    fn cancel(&mut self, run: RunId) {
        match self.running.remove(&run) {
            Some(Task::Read(task)) => task.abort(),
            // A write is never torn off half-way: it goes on to its end and is recorded there. Only nobody waits for it
            // any more, so its outcome is not known here.
            Some(Task::Write(write)) => send(&self.answers, run, failed(&write, given_up())),
            None => {}
        }
    }
}

fn send(answers: &mpsc::UnboundedSender<Msg>, run: RunId, answer: Answer) {
    // The receiver is gone only when the console is closing.
    let _closing = answers.send(Msg::Answer { run, answer });
}

fn read_only() -> DeskError {
    DeskError {
        code: "read_only".to_owned(),
        message: "nothing is written: the console is read-only".to_owned(),
        hint: Some("`:rw` allows writing, unless it was started with --read-only".to_owned()),
        outcome_unknown: false,
        link_lost: false,
    }
}

fn given_up() -> DeskError {
    DeskError {
        code: "given_up".to_owned(),
        message: "nobody waited for the answer; it may have taken effect".to_owned(),
        hint: Some("V asks the provider what is true".to_owned()),
        outcome_unknown: true,
        link_lost: false,
    }
}

/// The answer that says that a write did not go as wanted.
fn failed(write: &Write, error: DeskError) -> Answer {
    match write {
        Write::Replay { .. } => Answer::Replay(Err(error)),
        Write::Discard { .. } => Answer::Discard(Err(error)),
        Write::SettleAlarms { .. } => Answer::SettleAlarms(Err(error)),
        Write::LinkCustomer { .. } => Answer::LinkCustomer(Err(error)),
        Write::TakeOver { .. } => Answer::TakeOver(Err(error)),
        Write::Cancel { .. } => Answer::Cancel(Err(error)),
        Write::Resume { .. } => Answer::Resume(Err(error)),
        Write::Checkout { .. } => Answer::Checkout(Err(error)),
        Write::Portal { .. } => Answer::Portal(Err(error)),
    }
}

async fn answer(desk: &dyn Desk, read: Read, access: Access) -> Answer {
    match read {
        Read::Overview => Answer::Overview(desk.overview().await.map(Box::new)),
        Read::Ping => Answer::Ping(desk.ping().await),
        Read::Events { filter, sort, page } => Answer::Events(desk.events(&filter, sort, &page).await),
        Read::EventsTotal(filter) => Answer::EventsTotal(desk.events_total(&filter).await),
        Read::Event(id) => Answer::Event(event(desk, id).await.map(Box::new)),
        Read::ReplayPreview { ids, mode } => Answer::ReplayPreview(desk.replay_preview(&ids, mode).await),
        Read::Customers { filter, sort, page } => {
            Answer::Customers(desk.customers(&filter, sort, &page).await)
        }
        Read::Customer(id) => Answer::Customer(desk.customer(id).await.map(Box::new)),
        Read::Timeline(id) => Answer::Timeline(desk.timeline(id, None, TIMELINE).await),
        Read::Subscriptions { filter, sort, page } => {
            Answer::Subscriptions(desk.subscriptions(&filter, sort, &page).await)
        }
        Read::Subscription(id) => Answer::Subscription(subscription(desk, id).await.map(Box::new)),
        Read::Compare(id) => {
            // What a comparison finds is stored and audited, so that is a write too.
            let theirs = match access {
                Access::ReadWrite => Theirs::Noted,
                Access::ReadOnly | Access::ReadOnlyForGood => Theirs::Shown,
            };
            Answer::Compare(desk.verify(id, theirs, None).await.map(Box::new))
        }
        Read::Orders { filter, page } => Answer::Orders(desk.orders(&filter, &page).await),
        Read::Find(id) => {
            let result = desk.find(&id).await;
            Answer::Found { id, result }
        }
        Read::Export(wanted) => Answer::Exported(export::export(desk, &wanted).await),
        Read::Dashboard {
            provider,
            object,
            then,
        } => {
            let url = desk.dashboard_url(provider, &object);
            match (url, then) {
                (Some(url), LinkUse::Open) => Answer::OpenedUrl(browse(url).await),
                (url, then) => Answer::Dashboard { url, then },
            }
        }
        Read::OpenUrl(url) => Answer::OpenedUrl(browse(url).await),
    }
}

async fn event(desk: &dyn Desk, id: crate::domain::ids::EventId) -> DeskResult<EventSheet> {
    let detail = desk.event(id).await?;
    laid_out(
        detail,
        |detail| &detail.payload,
        |detail, document| EventSheet { detail, document },
    )
    .await
}

async fn subscription(
    desk: &dyn Desk,
    id: crate::domain::ids::SubscriptionId,
) -> DeskResult<SubscriptionSheet> {
    static NONE: serde_json::Value = serde_json::Value::Null;
    let detail = desk.subscription(id).await?;
    laid_out(
        detail,
        |detail| detail.provider_object.as_ref().unwrap_or(&NONE),
        |detail, document| SubscriptionSheet { detail, document },
    )
    .await
}

/// Lays a body out on a thread of its own: a body of some megabytes takes longer than a frame may.
async fn laid_out<D: Send + 'static, S: Send + 'static>(
    detail: D,
    body: impl Fn(&D) -> &serde_json::Value + Send + 'static,
    sheet: impl FnOnce(D, Arc<Document>) -> S + Send + 'static,
) -> DeskResult<S> {
    let work = tokio::task::spawn_blocking(move || {
        let document = Arc::new(Document::of(body(&detail)));
        sheet(detail, document)
    });
    work.await.map_err(|error| DeskError {
        code: "layout_failed".to_owned(),
        message: format!("the body could not be laid out: {error}"),
        hint: None,
        outcome_unknown: false,
        link_lost: false,
    })
}

/// Opens a page in the person's browser. Only web pages: the address may come from outside.
async fn browse(url: String) -> DeskResult<()> {
    let refused = |message: String| DeskError {
        code: "browser".to_owned(),
        message,
        hint: Some("`y u` copies the link instead".to_owned()),
        outcome_unknown: false,
        link_lost: false,
    };
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(refused(format!("`{url}` is no web page")));
    }
    let opened = tokio::task::spawn_blocking(move || open::that_detached(url)).await;
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(refused(format!("no browser could be started: {error}"))),
        Err(error) => Err(refused(format!("no browser could be started: {error}"))),
    }
}

async fn carry_out(desk: &dyn Desk, write: Write) -> Answer {
    match write {
        Write::Replay { ids, mode, reason } => {
            Answer::Replay(desk.replay(&ids, mode, reason.as_deref()).await)
        }
        Write::Discard { ids, reason } => Answer::Discard(desk.discard(&ids, &reason).await),
        Write::SettleAlarms { id, reason } => Answer::SettleAlarms(desk.settle_alarms(id, &reason).await),
        Write::LinkCustomer { id, owner, reason } => {
            Answer::LinkCustomer(desk.link_customer(id, &owner, reason.as_deref()).await)
        }
        Write::TakeOver { id, reason } => Answer::TakeOver(
            desk.verify(id, Theirs::TakenOver, reason.as_deref())
                .await
                .map(Box::new),
        ),
        Write::Cancel { id, when, reason } => {
            Answer::Cancel(desk.cancel(id, when, reason.as_deref()).await.map(Box::new))
        }
        Write::Resume { id, reason } => {
            Answer::Resume(desk.resume(id, reason.as_deref()).await.map(Box::new))
        }
        Write::Checkout {
            customer,
            plan,
            seats,
        } => Answer::Checkout(desk.checkout_link(customer, &plan, seats).await),
        Write::Portal { customer } => Answer::Portal(desk.portal_link(customer).await),
    }
}
