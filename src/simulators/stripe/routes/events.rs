use super::super::super::clock::{days, minus};
use super::super::super::faults::matches;
use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::{Page, Span};
use super::{Answer, Call};

/// The API shows events of the last 30 days only.
fn oldest(cx: &Cx<'_>) -> jiff::Timestamp {
    minus(cx.present(), days(30))
}

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let page = Page::take(params)?;
    let types = params.texts("types")?;
    let kind = params.text("type")?;
    let delivered = params.boolean("delivery_success")?;
    let created = Span::take(params, "created")?;
    if types.len() > 20 {
        return Err(params.invalid("types", "You may specify at most 20 event types."));
    }
    if !types.is_empty() && kind.is_some() {
        return Err(params.invalid(
            "types",
            "You may only specify one of these parameters: type, types.",
        ));
    }
    call.params.finish()?;
    let oldest = oldest(cx);
    let log = cx.room.outbox().log();
    page.of(
        &cx.state.events,
        "/v1/events",
        |event| {
            event.created >= oldest
                && created.holds(event.created)
                && kind
                    .as_deref()
                    .is_none_or(|pattern| matches(pattern, &event.kind))
                && (types.is_empty() || types.contains(&event.kind))
                && delivered.is_none_or(|wanted| {
                    let standing = log.standing(&event.id);
                    (standing.pending + standing.failed == 0) == wanted
                })
        },
        |event| event.render(log.standing(&event.id)),
    )
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    let oldest = oldest(cx);
    let event = cx
        .state
        .events
        .get(&call.id)
        .filter(|event| event.created >= oldest);
    let event = event.ok_or_else(|| ApiError::no_such("event", &call.id, "id"))?;
    Ok(event.render(cx.room.outbox().log().standing(&event.id)))
}
