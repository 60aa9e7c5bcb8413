//! What can be done to an event, a customer, a subscription: the same from a list and from its own screen.

use super::{
    desk::CancelWhen,
    effect::Write,
    format,
    keymap::Action,
    overlay::{
        dialog::{Dialog, Field, Intent, Risk},
        replay::ReplayDialog,
        verify::VerifyDialog,
    },
    screens::{customers, subscriptions},
    shared::{Cx, Shared},
};
use crate::domain::{
    customer::Scope,
    event::EventState,
    ids::CustomerId,
    provider::ObjectKind,
    subscription::SubscriptionStatus,
    views::{customer::CustomerRow, event::EventRow, subscription::SubscriptionRow},
};

// Events

pub(crate) fn can_replay(rows: &[&EventRow]) -> Result<(), String> {
    if rows.is_empty() {
        return Err("there is no event here".to_owned());
    }
    match rows.iter().find(|row| !row.state.can_replay()) {
        Some(row) if rows.len() == 1 => Err(match row.state {
            EventState::Quarantined => "its signature was never verified: it cannot be applied".to_owned(),
            EventState::Processing => "a worker has it just now".to_owned(),
            EventState::Pending
            | EventState::Processed
            | EventState::Ignored
            | EventState::Failed
            | EventState::Dead
            | EventState::Discarded => "it cannot be replayed".to_owned(),
        }),
        // Of several, those that cannot be replayed are named in the plan.
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn replay(rows: &[&EventRow], cx: &mut Cx<'_>) {
    cx.open(ReplayDialog::new(rows, cx.shared));
}

pub(crate) fn can_discard(rows: &[&EventRow]) -> Result<(), String> {
    if rows.is_empty() {
        return Err("there is no event here".to_owned());
    }
    if rows.iter().any(|row| row.state.can_discard()) {
        Ok(())
    } else {
        Err("only pending, failed, dead and quarantined events can be discarded".to_owned())
    }
}

pub(crate) fn discard(rows: &[&EventRow], cx: &mut Cx<'_>) {
    let able: Vec<&EventRow> = rows
        .iter()
        .copied()
        .filter(|row| row.state.can_discard())
        .collect();
    let Some(first) = able.first() else { return };
    let glyphs = cx.shared.glyphs;
    let target = if able.len() == 1 {
        format!(
            "{}   {}   {}",
            format::id(&first.provider_event_id, glyphs),
            format::clean(&first.event_type),
            first.provider
        )
    } else {
        format::counted(able.len(), "event")
    };
    let mut dialog = Dialog::new(
        "Discard",
        target.clone(),
        Intent::Discard(able.iter().map(|row| row.id).collect()),
    );
    dialog.button = if able.len() == 1 {
        "Discard it".to_owned()
    } else {
        format!("Discard {}", able.len())
    };
    if able.len() > 1 {
        dialog.lines.extend(able.iter().take(6).map(|row| {
            format!(
                "{}  {}",
                format::pad(&format::id(&row.provider_event_id, glyphs), 16),
                format::clean(&row.event_type)
            )
        }));
        if able.len() > 6 {
            dialog.lines.push(format!("and {} more", able.len() - 6));
        }
    }
    if able.len() < rows.len() {
        let rest = format::counted(rows.len() - able.len(), "event");
        dialog
            .lines
            .push(format!("{rest} cannot be discarded and will be left as it is"));
    }
    dialog
        .lines
        .push("A discarded event is not tried again; a replay can bring it back.".to_owned());
    dialog.fields.push(Field::text("Reason", true));
    dialog.risk(Risk::of_events(&able, cx.shared));
    cx.open(dialog);
}

/// Whether alarms can be settled; how many are open is known once the event has been read.
pub(crate) fn can_settle(row: Option<&EventRow>, open: Option<usize>) -> Result<(), String> {
    match (row, open) {
        (None, _) => Err("there is no event here".to_owned()),
        (Some(_), Some(0)) => Err("no alarm about it is open".to_owned()),
        (Some(_), Some(_) | None) => Ok(()),
    }
}

pub(crate) fn settle_alarms(row: &EventRow, cx: &mut Cx<'_>) {
    let target = format!(
        "{}   {}   {}",
        format::id(&row.provider_event_id, cx.shared.glyphs),
        format::clean(&row.event_type),
        row.provider
    );
    let mut dialog = Dialog::new("Settle alarms", target, Intent::SettleAlarms(row.id));
    "Settle them".clone_into(&mut dialog.button);
    dialog.lines.push(
        "Say that somebody has looked, and why it is all right; what comes again rings again.".to_owned(),
    );
    dialog.fields.push(Field::text("Reason", true));
    dialog.risk(Risk::of_events(&[row], cx.shared));
    cx.open(dialog);
}

pub(crate) fn can_verify_object(row: Option<&EventRow>) -> Result<(), String> {
    match row {
        None => Err("there is no event here".to_owned()),
        Some(row) if row.object_kind == Some(ObjectKind::Subscription) && row.object_id.is_some() => Ok(()),
        Some(row) => {
            let kind = row.object_kind.map_or("nothing", |kind| kind.as_str());
            Err(format!(
                "subscriptions can be verified; this event is about {kind}. `g s` leads to the subscriptions"
            ))
        }
    }
}

pub(crate) fn verify_object(row: &EventRow, cx: &mut Cx<'_>) {
    if let Some(id) = row.object_id.clone() {
        cx.open(VerifyDialog::looking_up(id));
    }
}

// Subscriptions

fn is_over(status: SubscriptionStatus) -> bool {
    status.is_terminal()
}

pub(crate) fn can_on_subscription(
    row: Option<&SubscriptionRow>,
    action: Action,
    shared: &Shared,
) -> Result<(), String> {
    let concerns = matches!(
        action,
        Action::Verify
            | Action::Cancel
            | Action::Resume
            | Action::Checkout
            | Action::Portal
            | Action::LinkOwner
    );
    if !concerns {
        return Ok(());
    }
    let Some(row) = row else {
        return Err("there is no subscription here".to_owned());
    };
    if matches!(action, Action::Cancel | Action::Resume) && shared.unsettled.contains(&row.id) {
        return Err("the outcome of the last change is not known; verify first (V)".to_owned());
    }
    if matches!(action, Action::Verify | Action::Cancel | Action::Resume)
        && row.provider_subscription_id.is_none()
    {
        return Err("its provider has not confirmed it yet: there is nothing to ask for".to_owned());
    }
    match action {
        Action::Cancel if is_over(row.status) => Err(format!("it is {} already", row.status)),
        Action::Resume if is_over(row.status) => {
            Err(format!("it is {}: a new checkout (L) is needed", row.status))
        }
        Action::Resume if !row.cancel_at_period_end && row.status != SubscriptionStatus::Paused => {
            Err("nothing is scheduled to cancel, and it is not paused".to_owned())
        }
        Action::LinkOwner => Err("owners belong to customers; `g c` leads there".to_owned()),
        _ => Ok(()),
    }
}

/// Carries a key out; false when it means nothing for a subscription.
pub(crate) fn on_subscription(row: &SubscriptionRow, action: Action, cx: &mut Cx<'_>) -> bool {
    match action {
        Action::Verify => {
            cx.open(VerifyDialog::new(row.id, subscriptions::spoken_id(row)));
        }
        Action::Cancel => cancel(row, cx),
        Action::Resume => resume(row, cx),
        Action::Checkout => checkout(row.customer_id, &subscriptions::customer(row), cx),
        Action::Portal => portal(row.customer_id, &subscriptions::customer(row), cx),
        _ => return false,
    }
    true
}

fn subject(row: &SubscriptionRow, shared: &Shared) -> String {
    let id = format::id(&subscriptions::spoken_id(row), shared.glyphs);
    format!(
        "{id}   {}   {}   {}",
        subscriptions::customer(row),
        subscriptions::plan_words(row, shared),
        row.provider
    )
}

fn cancel(row: &SubscriptionRow, cx: &mut Cx<'_>) {
    let mut dialog = Dialog::new(
        "Cancel subscription",
        subject(row, cx.shared),
        Intent::Cancel(row.id),
    );
    "Cancel it".clone_into(&mut dialog.button);
    "Back".clone_into(&mut dialog.back);
    let end = row.current_period_end.map_or_else(
        || "the end of its period".to_owned(),
        |end| cx.shared.clock.long(end),
    );
    let status = row.status.as_str().replace('_', " ");
    dialog.fields.push(Field::choice(
        "When",
        vec![
            (
                "at period end".to_owned(),
                vec![(
                    "status".to_owned(),
                    status.clone(),
                    format!("{status} until {end}"),
                )],
            ),
            (
                "now".to_owned(),
                vec![(
                    "status".to_owned(),
                    status,
                    "canceled, access ends at once".to_owned(),
                )],
            ),
        ],
    ));
    dialog.fields.push(Field::text("Reason", false));
    dialog.risk(Risk::of_object(&subscriptions::spoken_id(row), cx.shared));
    cx.open(dialog);
}

fn resume(row: &SubscriptionRow, cx: &mut Cx<'_>) {
    let mut dialog = Dialog::new(
        "Resume subscription",
        subject(row, cx.shared),
        Intent::Resume(row.id),
    );
    "Resume it".clone_into(&mut dialog.button);
    let change = if row.cancel_at_period_end {
        (
            "cancel at period end".to_owned(),
            "yes".to_owned(),
            "no".to_owned(),
        )
    } else {
        (
            "status".to_owned(),
            row.status.to_string(),
            "active, billed again".to_owned(),
        )
    };
    dialog.changes.push(change);
    dialog.fields.push(Field::text("Reason", false));
    cx.open(dialog);
}

/// When a cancellation takes effect, by the place of the choice in its dialog.
pub(crate) const fn when(choice: usize) -> CancelWhen {
    if choice == 1 {
        CancelWhen::Now
    } else {
        CancelWhen::PeriodEnd
    }
}

// Customers

pub(crate) fn can_serve(row: Option<&CustomerRow>, action: Action, shared: &Shared) -> Result<(), String> {
    let Some(row) = row else {
        return Err("there is no customer here".to_owned());
    };
    match action {
        Action::LinkOwner => match (row.scope, &row.external_id) {
            (Some(scope), Some(id)) => Err(format!("it belongs to {scope} {} already", format::clean(id))),
            _ => Ok(()),
        },
        Action::Portal if row.providers.values().all(Vec::is_empty) => {
            Err("it is no provider's customer yet; a checkout (L) makes it one".to_owned())
        }
        Action::Checkout if shared.setting.plans.is_empty() => {
            Err("the catalogue has no plan to sell; add one to catalog.toml".to_owned())
        }
        _ => Ok(()),
    }
}

pub(crate) fn checkout(customer: CustomerId, label: &str, cx: &mut Cx<'_>) {
    let mut dialog = Dialog::new("Checkout link", label.to_owned(), Intent::Checkout(customer));
    "Make the link".clone_into(&mut dialog.button);
    let plans = cx.shared.setting.plans.iter();
    dialog.fields.push(Field::choice(
        "Plan",
        plans.map(|(_, name)| (name.clone(), Vec::new())).collect(),
    ));
    dialog.fields.push(Field::number("Seats", "1"));
    dialog
        .lines
        .push("The provider opens a checkout. Nothing is charged until the customer pays there.".to_owned());
    cx.open(dialog);
}

pub(crate) fn portal(customer: CustomerId, label: &str, cx: &mut Cx<'_>) {
    let mut dialog = Dialog::new("Portal link", label.to_owned(), Intent::Portal(customer));
    "Make the link".clone_into(&mut dialog.button);
    dialog.lines.push(
        "Whoever has the link can see and change the customer's billing: send it to nobody else.".to_owned(),
    );
    cx.open(dialog);
}

pub(crate) fn link_owner(row: &CustomerRow, candidates: &[CustomerRow], cx: &mut Cx<'_>) {
    let mut dialog = Dialog::new("Set the owner", customers::label(row), Intent::LinkOwner(row.id));
    "Link it".clone_into(&mut dialog.button);
    let suggestion = candidates
        .iter()
        .find_map(|candidate| Some((candidate.scope?, candidate.external_id.clone()?)));
    let scopes = [Scope::Organization, Scope::User].map(|scope| (scope.to_string(), Vec::new()));
    let mut scope = Field::choice("Scope", scopes.to_vec());
    if let Some((Scope::User, _)) = suggestion {
        scope.choose(1);
    }
    dialog.fields.push(scope);
    let mut id = Field::text("Id", true);
    if let Some((_, external_id)) = &suggestion {
        id.set(external_id);
        dialog
            .lines
            .push("The owner filled in has the same e-mail address; check before you link.".to_owned());
    }
    dialog.fields.push(id);
    dialog.fields.push(Field::text("Reason", false));
    dialog.lines.push(
        "Everything of this customer then counts for that owner. An event never moves it again.".to_owned(),
    );
    cx.open(dialog);
}

/// What a confirmed dialog asks for: the write, and how it is called in the list of operations.
pub(crate) fn write_of(
    dialog: &Dialog,
    shared: &Shared,
) -> Result<Option<(Write, &'static str, String)>, String> {
    let reason = dialog.value("Reason").filter(|reason| !reason.is_empty());
    let target = dialog.target.clone();
    let write = match &dialog.intent {
        Intent::Discard(ids) => {
            let reason = reason.ok_or_else(|| "a discarded event needs a reason".to_owned())?;
            (
                Write::Discard {
                    ids: ids.clone(),
                    reason,
                },
                "discard",
                target,
            )
        }
        Intent::SettleAlarms(id) => {
            let reason = reason.ok_or_else(|| "an alarm is settled with a reason".to_owned())?;
            (Write::SettleAlarms { id: *id, reason }, "settle alarms", target)
        }
        Intent::Cancel(id) => {
            let when = when(dialog.choice("When"));
            (
                Write::Cancel {
                    id: *id,
                    when,
                    reason,
                },
                "cancel",
                target,
            )
        }
        Intent::Resume(id) => (Write::Resume { id: *id, reason }, "resume", target),
        Intent::LinkOwner(id) => {
            let text = dialog.value("Id").unwrap_or_default();
            let external_id = crate::domain::ids::ObjectId::new(text).map_err(|error| error.to_string())?;
            let scope = if dialog.choice("Scope") == 1 {
                Scope::User
            } else {
                Scope::Organization
            };
            let owner = crate::domain::customer::Owner { scope, external_id };
            (
                Write::LinkCustomer {
                    id: *id,
                    owner,
                    reason,
                },
                "link owner",
                target,
            )
        }
        Intent::Checkout(customer) => {
            let plan = shared
                .setting
                .plans
                .get(dialog.choice("Plan"))
                .map(|(key, _)| key.clone());
            let plan = plan.ok_or_else(|| "there is no plan to sell".to_owned())?;
            let seats = dialog.value("Seats").unwrap_or_default();
            let seats = seats
                .parse::<u32>()
                .ok()
                .filter(|seats| (1..=100_000).contains(seats))
                .ok_or_else(|| "seats are a number from 1 to 100000".to_owned())?;
            let customer = *customer;
            (
                Write::Checkout {
                    customer,
                    plan,
                    seats,
                },
                "make checkout link",
                target,
            )
        }
        Intent::Portal(customer) => (Write::Portal { customer: *customer }, "make portal link", target),
        Intent::AllowWrites => return Ok(None),
    };
    Ok(Some(write))
}
