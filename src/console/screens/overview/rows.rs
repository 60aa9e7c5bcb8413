//! The overview's lines.

use ratatui::text::{Line, Span};

use crate::{
    console::{
        format,
        shared::Shared,
        theme::{Role, Tone},
        widgets::spark,
    },
    domain::{
        event::EventState,
        views::overview::{Attention, Overview, ProviderFigures, Severity},
    },
};

/// A line, and the command that its Enter runs.
pub(super) struct Row {
    pub(super) line: Line<'static>,
    pub(super) command: Option<String>,
}

pub(crate) fn provider_tone(figures: &ProviderFigures) -> Tone {
    let bad_share = figures.apply_ok_percent.is_some_and(|percent| percent < 98.0);
    let slow = figures.api_p95_ms.is_some_and(|millis| millis > 3_000.0);
    if !figures.api && figures.webhook_secrets == 0 {
        Tone::Off
    } else if figures.paused.is_some() || bad_share || slow || figures.webhook_secrets == 0 {
        Tone::Attention
    } else {
        Tone::Ok
    }
}

fn span(text: impl Into<String>, role: Role, shared: &Shared) -> Span<'static> {
    Span::styled(text.into(), shared.style(role))
}

fn heading(text: &'static str, shared: &Shared) -> Row {
    Row {
        line: Line::styled(text, shared.style(Role::Title)),
        command: None,
    }
}

fn blank() -> Row {
    Row {
        line: Line::default(),
        command: None,
    }
}

/// Blanks between what stands left and what stands right.
fn spread(mut left: Vec<Span<'static>>, right: Vec<Span<'static>>, width: usize) -> Line<'static> {
    let wide = |spans: &[Span<'_>]| {
        spans
            .iter()
            .map(|span| format::width(&span.content))
            .sum::<usize>()
    };
    let gap = width.saturating_sub(wide(&left) + wide(&right));
    left.push(Span::raw(" ".repeat(gap)));
    left.extend(right);
    Line::from(left)
}

fn attention_row(attention: &Attention, width: usize, shared: &Shared) -> Row {
    let tone = match attention.severity {
        Severity::Danger => Tone::Danger,
        Severity::Attention => Tone::Attention,
    };
    let mut right = Vec::new();
    if attention.count > 1 {
        right.push(span(
            format!("{}{}  ", shared.glyphs.times, format::count(attention.count)),
            Role::Title,
            shared,
        ));
    }
    let one_provider = shared
        .overview
        .value
        .as_ref()
        .is_some_and(|overview| overview.providers.len() < 2);
    if let Some(provider) = attention.provider.filter(|_| !one_provider) {
        right.push(span(format!("{provider}  "), Role::Dim, shared));
    }
    if let Some(since) = attention.since {
        right.push(span(shared.clock.short(since), Role::Dim, shared));
    }
    let used: usize = right.iter().map(|span| format::width(&span.content)).sum();
    let room = width.saturating_sub(used + 4);
    let what = format::cut(&format::clean(&attention.what), room, shared.glyphs).into_owned();
    let left = vec![
        Span::styled(format!("{} ", shared.glyphs.sign(tone)), shared.tone(tone)),
        Span::styled(what, shared.style(Role::Text)),
    ];
    Row {
        line: spread(left, right, width),
        command: Some(attention.command.clone()),
    }
}

fn backlog_rows(overview: &Overview, width: usize, shared: &Shared) -> Vec<Row> {
    let stats = &overview.stats;
    let minutes = &overview.minutes;
    let cells = if width >= 110 { 60 } else { 30 };
    let series = |pick: fn(&crate::domain::views::overview::MinuteFigures) -> u64| {
        let values: Vec<u64> = minutes.iter().map(pick).collect();
        spark::line(&spark::squeeze(&values, cells), cells, shared.glyphs)
    };
    let last_minute = minutes.last().copied().unwrap_or_default();
    // Both of the last 60 seconds; the running minute alone would show fewer in than done.
    let received: u64 = overview
        .providers
        .iter()
        .map(|figures| figures.received_last_minute)
        .sum();
    let oldest = stats.oldest_pending_seconds.map(|seconds| {
        format!(
            "oldest {}",
            format::exact_duration(u64::try_from(seconds).unwrap_or(0))
        )
    });
    let retry = overview.next_retry_at.map(|at| {
        if at <= shared.now() {
            "next try now".to_owned()
        } else {
            format!("next try {}", shared.clock.short(at))
        }
    });
    let states = [
        (
            EventState::Pending,
            oldest,
            Some(("received", series(|minute| minute.received), Role::Pending)),
        ),
        (
            EventState::Failed,
            retry,
            Some(("processed", series(|minute| minute.processed), Role::Ok)),
        ),
        (
            EventState::Dead,
            None,
            Some(("failed", series(|minute| minute.failed), Role::Danger)),
        ),
        (EventState::Quarantined, None, None),
    ];
    states
        .into_iter()
        .map(|(state, note, spark)| {
            let number = stats.by_state.get(&state).copied().unwrap_or(0);
            let tone = if number == 0 {
                Tone::Off
            } else {
                Tone::of_event(state)
            };
            let left = vec![
                Span::styled(
                    format!("{} {:<12}", shared.glyphs.sign(tone), state.as_str()),
                    shared.tone(tone),
                ),
                span(
                    format!("{:>6}", format::count(number)),
                    if number == 0 { Role::Dim } else { Role::Title },
                    shared,
                ),
                span(format!("  {}", note.unwrap_or_default()), Role::Dim, shared),
            ];
            let right = match spark {
                Some((name, bars, role)) => vec![
                    span(format!("{name:<10}"), Role::Dim, shared),
                    Span::styled(bars, shared.style(role)),
                ],
                None => vec![span(
                    format!(
                        "last minute  {} in  {} done  {} failed",
                        format::count(received.max(last_minute.received)),
                        format::count(stats.processed_last_minute.max(last_minute.processed)),
                        format::count(last_minute.failed)
                    ),
                    Role::Dim,
                    shared,
                )],
            };
            Row {
                line: spread(left, right, width),
                command: Some(format!("events state:{state}")),
            }
        })
        .collect()
}

fn provider_row(figures: &ProviderFigures, shared: &Shared) -> Row {
    let tone = provider_tone(figures);
    let missing = shared.glyphs.missing;
    let share = figures
        .apply_ok_percent
        .map_or_else(|| missing.to_owned(), |percent| format!("{percent:.1}%"));
    let latency = figures.api_p95_ms.map_or_else(
        || missing.to_owned(),
        |millis| {
            if millis >= 1_000.0 {
                format!("{:.1}s", millis / 1_000.0)
            } else {
                format!("{millis:.0}ms")
            }
        },
    );
    let last = figures
        .last_event_at
        .map_or_else(|| missing.to_owned(), |at| shared.clock.short(at));
    let mut state = Vec::new();
    if let Some(reason) = &figures.paused {
        state.push(format!("paused: {}", format::clean(reason)));
    }
    if !figures.api {
        state.push("no API key".to_owned());
    }
    match figures.webhook_secrets {
        0 => state.push("no webhook secret".to_owned()),
        1 => {}
        many => state.push(format!("{many} webhook secrets (rotating)")),
    }
    if state.is_empty() {
        state.push("configured".to_owned());
    }
    let role = if tone == Tone::Ok {
        Role::Dim
    } else {
        Role::Attention
    };
    Row {
        line: Line::from(vec![
            Span::styled(
                format!("{} {:<12}", shared.glyphs.sign(tone), figures.provider.as_str()),
                shared.tone(tone),
            ),
            span(
                format!("{:>7}", format::count(figures.received_last_minute)),
                Role::Text,
                shared,
            ),
            span(format!("{share:>10}{latency:>9}  "), Role::Text, shared),
            span(format!("{}  ", format::pad(&last, 11)), Role::Text, shared),
            span(state.join(", "), role, shared),
        ]),
        command: Some(format!("events provider:{}", figures.provider)),
    }
}

fn money_rows(overview: &Overview, shared: &Shared) -> Vec<Row> {
    let amounts: Vec<String> = overview.money.iter().map(ToString::to_string).collect();
    let amounts = if amounts.is_empty() {
        "nothing booked".to_owned()
    } else {
        amounts.join("   ")
    };
    let mut rows = vec![Row {
        line: Line::from(vec![
            span("MONEY ", Role::Title, shared),
            span("last 24 h  ", Role::Dim, shared),
            span(amounts, Role::Text, shared),
        ]),
        command: None,
    }];
    if overview.failed_payments > 0 {
        let number = usize::try_from(overview.failed_payments).unwrap_or(usize::MAX);
        rows.push(Row {
            line: Line::from(vec![
                Span::styled(
                    format!("{} ", shared.glyphs.attention),
                    shared.tone(Tone::Attention),
                ),
                span(
                    format!("{} in the last 24 h", format::counted(number, "failed payment")),
                    Role::Text,
                    shared,
                ),
            ]),
            command: Some("orders status:failed since:1d".to_owned()),
        });
    }
    rows
}

fn process_rows(overview: &Overview, shared: &Shared) -> Vec<Row> {
    if overview.processes.is_empty() {
        let text = "no listener or worker has been seen; start one with `billdeck serve`";
        return vec![Row {
            line: Line::styled(
                format!(" {} {text}", shared.glyphs.attention),
                shared.tone(Tone::Attention),
            ),
            command: None,
        }];
    }
    overview
        .processes
        .iter()
        .map(|process| {
            let late = shared.now().duration_since(process.last_seen).as_secs() > 60;
            let tone = if late { Tone::Attention } else { Tone::Ok };
            let workers = match process.workers {
                0 => String::new(),
                number => format::counted(usize::try_from(number).unwrap_or(0), "worker"),
            };
            Row {
                line: Line::from(vec![
                    Span::styled(
                        format!(
                            " {} {:<12}",
                            shared.glyphs.sign(tone),
                            format::clean(&process.kind)
                        ),
                        shared.tone(tone),
                    ),
                    span(
                        format!("{} ", format::pad(&format::clean(&process.name), 30)),
                        Role::Text,
                        shared,
                    ),
                    span(format!("{} ", format::pad(&workers, 11)), Role::Text, shared),
                    span(
                        format!(
                            "seen {}   {}",
                            shared.clock.short(process.last_seen),
                            format::clean(&process.version)
                        ),
                        Role::Dim,
                        shared,
                    ),
                ]),
                command: None,
            }
        })
        .collect()
}

pub(super) fn rows(width: u16, shared: &Shared) -> Vec<Row> {
    let Some(overview) = &shared.overview.value else {
        return Vec::new();
    };
    // Longer lines than this are no easier to read.
    let width = usize::from(width.saturating_sub(3)).min(130);
    let mut rows = vec![heading("NEEDS ATTENTION", shared)];
    if overview.attention.is_empty() {
        let line = format!(
            " {} nothing dead, nothing failing, nothing in doubt",
            shared.glyphs.ok
        );
        rows.push(Row {
            line: Line::styled(line, shared.tone(Tone::Ok)),
            command: None,
        });
    }
    rows.extend(
        overview
            .attention
            .iter()
            .map(|attention| attention_row(attention, width, shared)),
    );
    rows.push(blank());
    let last_hour = vec![span("last hour", Role::Dim, shared)];
    rows.push(Row {
        line: spread(vec![span("EVENTS", Role::Title, shared)], last_hour, width),
        command: None,
    });
    rows.extend(backlog_rows(overview, width, shared));
    rows.push(blank());
    rows.push(Row {
        line: Line::from(vec![
            span(format!("{:<14}", "PROVIDERS"), Role::Title, shared),
            span(
                format!(
                    "{:>7}{:>10}{:>9}  {:<11}",
                    "in/min", "apply ok", "API p95", "last event"
                ),
                Role::Dim,
                shared,
            ),
        ]),
        command: None,
    });
    rows.extend(
        overview
            .providers
            .iter()
            .map(|figures| provider_row(figures, shared)),
    );
    rows.push(blank());
    rows.push(heading("PROCESSES", shared));
    rows.extend(process_rows(overview, shared));
    rows.push(blank());
    rows.extend(money_rows(overview, shared));
    rows
}
