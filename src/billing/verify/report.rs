//! A plan read as a report: where ours and the provider's differ, and what of that is stored when ours stays.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::{
    ids::SubscriptionId,
    observation::Observation,
    plan::{Plan, RowChange, Write, differences, row_diffs},
    provider::{ObjectKind, ObjectRef},
    subscription::{Difference, Subscription, Verification},
    views::action::RowDiff,
};

/// The column that says how sure we are; renewing it is no difference.
const VERIFICATION: &str = "verification";

/// Rows in which the provider's word differs from ours.
pub(super) fn row_differences(plan: &Plan) -> Vec<RowDiff> {
    row_diffs(plan)
        .into_iter()
        .filter_map(|mut row| {
            row.fields.retain(|difference| difference.field != VERIFICATION);
            (row.new || !row.fields.is_empty()).then_some(row)
        })
        .collect()
}

/// What is stored when ours stays: each known subscription as verified where it agrees, else as a mismatch. A row that
/// agrees is as new as the read, which its version has to say, lest an older body be applied over it.
pub(super) fn as_verdicts(plan: &Plan, at: Timestamp) -> Plan {
    let mut verdicts = Plan::default();
    for write in &plan.writes {
        let Write::Subscription(change) = write else {
            continue;
        };
        let Some(before) = &change.before else { continue };
        let differences = asserted_differences(change);
        if differences.is_empty() {
            if let Some(id) = &change.after.provider_subscription_id {
                let object = ObjectRef::new(ObjectKind::Subscription, id.clone());
                let version = plan.versions.get(&object).cloned();
                verdicts.versions.extend(version.map(|version| (object, version)));
            }
            verdicts.writes.push(write.clone());
        } else {
            verdicts.writes.push(Write::Subscription(RowChange {
                before: Some(before.clone()),
                after: Subscription {
                    verification: Verification::Mismatch { at, differences },
                    ..before.clone()
                },
            }));
        }
    }
    verdicts
}

/// The fields of one subscription in which the two differ.
pub(super) fn subscription_differences(plan: &Plan, id: SubscriptionId) -> Vec<Difference> {
    subscription_change(plan, id)
        .map(asserted_differences)
        .unwrap_or_default()
}

fn asserted_differences(change: &RowChange<Subscription>) -> Vec<Difference> {
    let mut fields = differences(change);
    fields.retain(|difference| difference.field != VERIFICATION);
    fields
}

/// What the plan makes of one subscription; none where it leaves the row as it is.
pub(super) fn subscription_change(plan: &Plan, id: SubscriptionId) -> Option<&RowChange<Subscription>> {
    plan.writes.iter().find_map(|write| match write {
        Write::Subscription(change) if change.after.id == id => Some(change),
        Write::Subscription(_)
        | Write::Customer(_)
        | Write::Link(_)
        | Write::Checkout(_)
        | Write::Order(_)
        | Write::Payment(_)
        | Write::Refund(_)
        | Write::Dispute(_)
        | Write::OrderGone(_) => None,
    })
}

/// The stable word for how sure we are.
pub(super) const fn word(verification: &Verification) -> &'static str {
    match verification {
        Verification::Pending => "pending",
        Verification::Verified { .. } => "verified",
        Verification::Mismatch { .. } => "mismatch",
    }
}

/// Other subscriptions of the customer that are alive: whoever cancels one should know that another goes on.
pub(super) fn others_alive(observations: &[Observation], object: &ObjectRef) -> Vec<String> {
    let alive: BTreeSet<String> = observations
        .iter()
        .filter_map(|observation| match observation {
            Observation::Subscription(seen) if seen.id != object.id && !seen.status.is_terminal() => {
                Some(format!(
                    "the customer has another subscription there: {} is {}",
                    seen.id, seen.status
                ))
            }
            Observation::Subscription(_)
            | Observation::Customer(_)
            | Observation::Checkout(_)
            | Observation::Order(_)
            | Observation::PaymentLink(_)
            | Observation::Payment(_)
            | Observation::Charge(_)
            | Observation::Refund(_)
            | Observation::Dispute(_)
            | Observation::Gone(_) => None,
        })
        .collect();
    alive.into_iter().collect()
}
