//! Which rows take part in a plan, told before any is loaded.

use std::collections::BTreeMap;

use super::{Needs, Testimony};
use crate::domain::{
    customer::LinkingRules,
    ids::ObjectId,
    observation::Observation,
    provider::{ObjectKind, ObjectRef},
};

/// Says which rows have to be loaded before these testimonies can be planned.
///
/// Facts need no rows: the store's key books each once.
pub fn needs(testimonies: &[Testimony], linking: &LinkingRules) -> Needs {
    let mut needs = Needs::default();
    for observation in testimonies.iter().flat_map(|testimony| &testimony.observations) {
        needs.add(observation, linking);
    }
    needs
}

impl Needs {
    fn add(&mut self, observation: &Observation, linking: &LinkingRules) {
        self.objects.insert(observation.object());
        self.name(ObjectKind::Customer, observation.customer());
        match observation {
            Observation::Customer(seen) => self.owner(linking, &seen.metadata),
            Observation::Subscription(seen) => {
                self.owner(linking, &seen.metadata);
                self.checkouts.extend(seen.checkout);
            }
            Observation::Checkout(seen) => {
                self.owner(linking, &seen.metadata);
                self.checkouts.extend(seen.checkout);
                self.name(ObjectKind::Subscription, seen.subscription.as_ref());
                self.name(ObjectKind::Order, seen.order.as_ref());
                self.name(ObjectKind::Payment, seen.payment.as_ref());
            }
            Observation::Order(seen) => {
                for payment in &seen.payments {
                    self.name(ObjectKind::Payment, Some(payment));
                }
            }
            Observation::PaymentLink(seen) => {
                self.name(ObjectKind::Order, Some(&seen.order));
                self.name(ObjectKind::Payment, Some(&seen.payment));
            }
            Observation::Payment(seen) => self.name(ObjectKind::Order, seen.order.as_ref()),
            Observation::Charge(seen) => {
                self.name(ObjectKind::Payment, Some(&seen.payment));
                self.name(ObjectKind::Order, seen.order.as_ref());
            }
            Observation::Refund(seen) => self.name(ObjectKind::Payment, Some(&seen.payment)),
            Observation::Dispute(seen) => self.name(ObjectKind::Payment, Some(&seen.payment)),
            Observation::Gone(_) => {}
        }
    }

    fn name(&mut self, kind: ObjectKind, id: Option<&ObjectId>) {
        self.objects.extend(id.map(|id| ObjectRef::new(kind, id.clone())));
    }

    fn owner(&mut self, linking: &LinkingRules, metadata: &BTreeMap<String, String>) {
        if let Some(hint) = linking.hint(metadata) {
            self.owners.extend(hint.candidates());
        }
    }
}
