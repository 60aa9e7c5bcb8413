//! The one loop: terminal events, answers, news and deadlines in; frames and effects out.

use std::{task::Poll, time::Duration};

use crossterm::event::EventStream;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    time::Instant,
};

use super::{
    ConsoleError, ConsoleOptions,
    app::App,
    clipboard::{self, Between},
    desk::{News, SharedDesk},
    effect::Effect,
    msg::Msg,
    runner::Runner,
    terminal::{self, Guard, Screen, fresh_screen},
};

/// A frame is drawn at most this often; what comes in between is drawn together.
const FRAME: Duration = Duration::from_millis(16);

struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What the loop holds besides the state.
struct Outside {
    guard: Guard,
    screen: Screen,
    events: EventStream,
    runner: Runner,
    between: Between,
}

pub(super) async fn run(desk: SharedDesk, options: ConsoleOptions) -> Result<(), ConsoleError> {
    if !std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        return Err(ConsoleError::NoTerminal);
    }
    let mut signals = Signals::listen()?;
    let (runner, mut answers) = Runner::new(desk.clone());
    let guard = Guard::enter(options.mouse)?;
    let mut outside = Outside {
        screen: fresh_screen()?,
        guard,
        events: EventStream::new(),
        runner,
        between: Between::of_environment(),
    };
    let size = outside.screen.size()?;
    let mut app = App::new(desk.setting(), options, Timestamp::now());
    let mut effects = app.handle(
        Msg::Terminal(crossterm::event::Event::Resize(size.width, size.height)),
        Timestamp::now(),
    );
    effects.extend(app.start(Timestamp::now()));
    let (news_sender, mut news) = mpsc::channel(16);
    let listener = tokio::spawn(listen(desk, news_sender));
    let mut drawn = Instant::now().checked_sub(FRAME).unwrap_or_else(Instant::now);
    loop {
        if outside.carry_out(&mut app, effects)? {
            break;
        }
        if terminal::has_panicked() {
            return Err(ConsoleError::Panicked);
        }
        effects = Vec::new();
        let wants_frame = app.needs_drawing();
        if wants_frame && drawn.elapsed() >= FRAME {
            outside.screen.draw(|frame| app.view(frame))?;
            app.drawn();
            drawn = Instant::now();
        }
        let sleep = sleep_until(&app, drawn);
        let message = tokio::select! {
            biased;
            Some(message) = answers.recv() => message,
            () = signals.any() => break,
            event = outside.events.next() => match event {
                Some(Ok(event)) => Msg::Terminal(event),
                Some(Err(error)) => return Err(error.into()),
                // The terminal has gone.
                None => break,
            },
            Some(news) = news.recv() => Msg::News(news),
            () = tokio::time::sleep(sleep) => Msg::Tick,
        };
        effects.extend(outside.take(&mut app, message));
        // A burst is taken in whole before the next frame.
        while let Ok(message) = answers.try_recv() {
            effects.extend(outside.take(&mut app, message));
        }
        while let Some(event) = already_there(&mut outside.events).await {
            effects.extend(outside.take(&mut app, Msg::Terminal(event?)));
        }
    }
    listener.abort();
    Ok(())
}

/// How long nothing has to be done: until the next frame if one is wanted, else until the state's own deadline.
fn sleep_until(app: &App, drawn: Instant) -> Duration {
    let until_frame = FRAME.saturating_sub(drawn.elapsed());
    let until_deadline = app.deadline().map_or(Duration::from_mins(1), |deadline| {
        let left = deadline.duration_since(Timestamp::now());
        Duration::try_from(left).unwrap_or(Duration::ZERO)
    });
    if app.needs_drawing() {
        until_frame
    } else {
        until_deadline.max(Duration::from_millis(1))
    }
}

/// The next event, if it has come already.
///
/// Asked with the loop's own waker: the stream tells only the first who asked in vain, so that one who asks without
/// meaning to be woken (as `now_or_never` does) would take the next key's wake-up away from the loop.
async fn already_there(events: &mut EventStream) -> Option<std::io::Result<crossterm::event::Event>> {
    std::future::poll_fn(|context| {
        Poll::Ready(match events.poll_next_unpin(context) {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        })
    })
    .await
}

async fn listen(desk: SharedDesk, sender: mpsc::Sender<News>) {
    // The channel is small: under a flood of news the desk waits, and the console reads at its own pace.
    while sender.send(desk.news().await).await.is_ok() {}
}

impl Outside {
    fn take(&mut self, app: &mut App, message: Msg) -> Vec<Effect> {
        if let Msg::Answer { run, .. } = &message {
            self.runner.ended(*run);
        }
        app.handle(message, Timestamp::now())
    }

    /// Carries effects out; true when the console is to end.
    fn carry_out(&mut self, app: &mut App, effects: Vec<Effect>) -> Result<bool, ConsoleError> {
        let mut waiting = std::collections::VecDeque::from(effects);
        while let Some(effect) = waiting.pop_front() {
            match effect {
                Effect::Quit => return Ok(true),
                Effect::Copy(text) => {
                    let sent = clipboard::sequence(&text, self.between)
                        .and_then(|sequence| terminal::send(&sequence).map_err(|error| error.to_string()));
                    if let Err(why) = sent {
                        waiting.extend(app.handle(Msg::CopyFailed(why), Timestamp::now()));
                    }
                }
                Effect::Mouse(on) => self.guard.set_mouse(on)?,
                Effect::Redraw => self.screen = fresh_screen()?,
                Effect::Suspend => {
                    self.suspend()?;
                    let size = self.screen.size()?;
                    let resized = crossterm::event::Event::Resize(size.width, size.height);
                    waiting.extend(app.handle(Msg::Terminal(resized), Timestamp::now()));
                    waiting.extend(app.handle(Msg::Continued, Timestamp::now()));
                }
                other @ (Effect::Read { .. }
                | Effect::Write { .. }
                | Effect::Cancel(_)
                | Effect::Access(_)) => {
                    self.runner.run(other);
                }
            }
        }
        Ok(false)
    }

    fn suspend(&mut self) -> Result<(), ConsoleError> {
        // The stream's reader would compete with the shell for the keyboard; a new one replaces it below.
        self.events = EventStream::new();
        terminal::leave()?;
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGTSTP)
            .map_err(|error| ConsoleError::Terminal(error.into()))?;
        self.guard.resume()?;
        self.screen = fresh_screen()?;
        self.events = EventStream::new();
        Ok(())
    }
}
