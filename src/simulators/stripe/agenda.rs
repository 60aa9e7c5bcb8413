//! What is due when: the only place that remembers the future.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Something that happens by itself. Whether it still applies is checked when its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The period of a subscription ends: renewal, end of trial, or a scheduled end.
    PeriodEnd { subscription: String },
    /// An end that is set inside a period.
    CancelAt { subscription: String },
    /// Three days before the end of a trial.
    TrialWillEnd { subscription: String },
    /// 23 hours after a first payment that was not made.
    IncompleteExpiry { subscription: String },
    /// Collection was paused until now.
    CollectionResumes { subscription: String },
    /// A draft becomes an invoice and is charged.
    Finalize { invoice: String },
    /// The next try of a failed payment.
    Retry { invoice: String },
    /// Nobody paid.
    SessionExpiry { session: String },
    /// A delayed payment has come through, or has not.
    DelayedPayment { session: String, succeeds: bool },
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) due: Due,
    customer: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: BTreeMap<(Timestamp, u64), Entry>,
    added: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Timestamp, customer: Option<&str>, due: Due) {
        self.added += 1;
        self.entries.insert(
            (at, self.added),
            Entry {
                at,
                due,
                customer: customer.map(str::to_owned),
            },
        );
    }

    /// Takes out the earliest entry not after `until`: of one customer, or of all.
    pub(crate) fn next(&mut self, until: Timestamp, customer: Option<&str>) -> Option<Entry> {
        let key = match customer {
            None => self
                .entries
                .first_key_value()
                .map(|(key, _)| *key)
                .filter(|(at, _)| *at <= until),
            Some(wanted) => self
                .entries
                .range(..=(until, u64::MAX))
                .find(|(_, entry)| entry.customer.as_deref() == Some(wanted))
                .map(|(key, _)| *key),
        }?;
        self.entries.remove(&key)
    }
}
