//! The roads to the rows that a selection of events takes, as SQL; none of them reads or sorts a whole table.
//!
//! An event that has not ended is found through `work`, one that has ended through an index that ends in the id. Both
//! come in order of receipt and are merged by id. Where several words are wanted (two states, the types under a
//! prefix), each word is walked for itself and gives at most a page.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    event_selection::{Road, Selection, Types, Unfinished},
    keyset::Reading,
};
use crate::domain::provider::ProviderName;

/// Ends the look-up of an event for a row of work. A lateral query with a limit stays what it is: without, the database
/// may walk all events in the wanted order and ask for the work of each.
const WORK_OF_EVENT: &str = " limit 1) as own where true";

impl Selection {
    /// The roads to the rows, each at most `limit` long, put together. No event is on two of them.
    pub(super) fn push_branches(
        &self,
        query: &mut QueryBuilder<Postgres>,
        from: Option<Uuid>,
        reading: Reading,
        limit: usize,
    ) {
        let order = reading.order();
        let mut branches = Branches { query, begun: false };
        match &self.road {
            Road::Object(object) => {
                let query = branches.next();
                self.push_any_state(query);
                query.push(" and e.object_id = ").push_bind(object.clone());
                self.push_rest(query, from, reading);
                query.push(format_args!(" order by e.id {order} limit {limit})"));

                let query = branches.next();
                self.push_any_state(query);
                // All providers are named, so that the index over (provider, livemode, account, id) serves.
                query
                    .push(" and e.account = 'default' and e.provider = any(")
                    .push_bind(words(ProviderName::ALL))
                    .push(") and e.provider_event_id = ")
                    .push_bind(object.clone())
                    .push(" and e.object_id is distinct from ")
                    .push_bind(object.clone());
                self.push_rest(query, from, reading);
                query.push(format_args!(" order by e.id {order} limit {limit})"));
            }
            Road::Customer { providers, ids } => {
                let query = branches.next();
                query
                    .push("select own.id from unnest(")
                    .push_bind(providers.clone())
                    .push("::text[], ")
                    .push_bind(ids.clone())
                    .push("::text[]) as link (provider, id) cross join lateral (");
                self.push_any_state(query);
                query.push(" and e.customer_ref = link.id and e.provider = link.provider");
                self.push_rest(query, from, reading);
                query.push(format_args!(
                    " order by e.id {order} limit {limit}) as own order by own.id {order} limit {limit})"
                ));
            }
            Road::ErrorCode(code) => {
                if self.unfinished.any() {
                    for condition in ["w.error_code = ", "w.error_code is null and w.wait_kind = "] {
                        let query = branches.next();
                        Self::push_work(query);
                        self.push_books(query);
                        query.push(WORK_OF_EVENT);
                        query
                            .push(format_args!(" and {condition}"))
                            .push_bind(code.clone());
                        self.push_work_rest(query, from, reading, limit);
                    }
                }
                if !self.ends.is_empty() {
                    let query = branches.next();
                    query
                        .push("select e.id from event e where e.end_code = ")
                        .push_bind(code.clone());
                    self.push_ends(query);
                    self.push_rest(query, from, reading);
                    query.push(format_args!(" order by e.id {order} limit {limit})"));
                }
            }
            Road::Types { finished, wanted } => {
                self.push_unfinished(&mut branches, Some(wanted), from, reading, limit);
                let words = finished.clone();
                self.push_ended(&mut branches, "type", words, from, reading, limit);
            }
            Road::Providers => {
                self.push_unfinished(&mut branches, None, from, reading, limit);
                let names = self
                    .provider
                    .map_or(ProviderName::ALL.to_vec(), |name| vec![name]);
                let words = names.iter().map(|name| name.as_str().to_owned()).collect();
                self.push_ended(&mut branches, "provider", words, from, reading, limit);
            }
        }
        if !branches.begun {
            branches.query.push("select null::uuid as id where false");
        }
    }

    /// What an event's own row says of whether it is wanted, for a selection of which each row says it by itself.
    pub(super) fn push_seen(&self, query: &mut QueryBuilder<Postgres>) {
        if let Road::Types { wanted, .. } = &self.road {
            push_types(query, Some(wanted));
        }
        push_types(query, self.types.as_ref());
        if let Some(provider) = self.provider {
            query.push(" and e.provider = ").push_bind(provider.as_str());
        }
        if !self.is_any_state() {
            query
                .push(" and (e.end_state = any(")
                .push_bind(self.ends.clone())
                .push("::text[])");
            if self.unfinished.any() {
                query.push(" or e.end_state is null");
            }
            query.push(")");
        }
    }

    /// Unfinished events, through their work.
    fn push_unfinished(
        &self,
        branches: &mut Branches<'_>,
        types: Option<&Types>,
        from: Option<Uuid>,
        reading: Reading,
        limit: usize,
    ) {
        if !self.unfinished.any() {
            return;
        }
        let query = branches.next();
        Self::push_work(query);
        push_types(query, types);
        self.push_books(query);
        query.push(WORK_OF_EVENT);
        self.push_work_rest(query, from, reading, limit);
    }

    /// Finished events, each word of a column with each end for itself, so that the index gives them in order.
    fn push_ended(
        &self,
        branches: &mut Branches<'_>,
        column: &'static str,
        words: Vec<String>,
        from: Option<Uuid>,
        reading: Reading,
        limit: usize,
    ) {
        if self.ends.is_empty() || words.is_empty() {
            return;
        }
        let order = reading.order();
        let query = branches.next();
        query
            .push("select own.id from unnest(")
            .push_bind(words)
            .push("::text[]) as wanted (word) cross join unnest(")
            .push_bind(self.ends.clone())
            .push("::text[]) as ending (word) cross join lateral (")
            .push("select e.id from event e where ")
            .push(format_args!(
                "e.{column} = wanted.word and e.end_state = ending.word"
            ));
        self.push_rest(query, from, reading);
        query.push(format_args!(
            " order by e.id {order} limit {limit}) as own order by own.id {order} limit {limit})"
        ));
    }

    /// Events in any of the wanted states; whether one is held is known only with its lane.
    fn push_any_state(&self, query: &mut QueryBuilder<Postgres>) {
        if self.unfinished.some_only() {
            query.push(
                "select e.id from event e \
                 left join work w on w.event_id = e.id left join lane l on l.key = w.lane where (",
            );
        } else {
            query.push("select e.id from event e where (");
        }
        query
            .push("e.end_state = any(")
            .push_bind(self.ends.clone())
            .push("::text[])");
        if self.unfinished.any() {
            query.push(" or (e.end_state is null");
            self.unfinished.push(query);
            query.push(")");
        }
        query.push(")");
    }

    /// Begins to look up each row of work's event; conditions on the event may follow, then [`WORK_OF_EVENT`], then
    /// conditions on the work.
    fn push_work(query: &mut QueryBuilder<Postgres>) {
        query.push(
            "select w.event_id as id from work w left join lane l on l.key = w.lane cross join lateral \
             (select from event e where e.id = w.event_id and e.end_state is null",
        );
    }

    /// Which work is wanted, and in which order.
    fn push_work_rest(
        &self,
        query: &mut QueryBuilder<Postgres>,
        from: Option<Uuid>,
        reading: Reading,
        limit: usize,
    ) {
        self.unfinished.push(query);
        if let Some(oldest) = self.oldest {
            query.push(" and w.event_id >= ").push_bind(oldest);
        }
        if let Some(from) = from {
            query
                .push(format_args!(" and w.event_id {} ", reading.beyond()))
                .push_bind(from);
        }
        let order = reading.order();
        query.push(format_args!(" order by w.event_id {order} limit {limit})"));
    }

    fn push_ends(&self, query: &mut QueryBuilder<Postgres>) {
        query
            .push(" and e.end_state = any(")
            .push_bind(self.ends.clone())
            .push("::text[])");
    }

    /// Which of the providers' books are wanted, and which types on a road that does not lead by type.
    fn push_books(&self, query: &mut QueryBuilder<Postgres>) {
        query.push(" and e.livemode = ").push_bind(self.livemode);
        if let Some(provider) = self.provider {
            query.push(" and e.provider = ").push_bind(provider.as_str());
        }
        push_types(query, self.types.as_ref());
    }

    /// What is checked on every road that leads through events.
    fn push_rest(&self, query: &mut QueryBuilder<Postgres>, from: Option<Uuid>, reading: Reading) {
        self.push_books(query);
        if let Some(oldest) = self.oldest {
            query.push(" and e.id >= ").push_bind(oldest);
        }
        if let Some(from) = from {
            query
                .push(format_args!(" and e.id {} ", reading.beyond()))
                .push_bind(from);
        }
    }
}

impl Unfinished {
    fn push(self, query: &mut QueryBuilder<Postgres>) {
        if !self.some_only() {
            return;
        }
        let held = "coalesce(w.token = l.token and l.lease_until > now(), false)";
        let stopped = "(w.error_code is not null or w.wait_key is not null)";
        let mut conditions = Vec::new();
        if self.processing {
            conditions.push(held.to_owned());
        }
        if self.failed {
            conditions.push(format!("(not {held} and {stopped})"));
        }
        if self.pending {
            conditions.push(format!("(not {held} and not {stopped})"));
        }
        query.push(format_args!(" and ({})", conditions.join(" or ")));
    }
}

fn push_types(query: &mut QueryBuilder<Postgres>, types: Option<&Types>) {
    match types {
        Some(Types::Exactly(word)) => {
            query.push(" and e.type = ").push_bind(word.clone());
        }
        Some(Types::Under(prefix)) => {
            query
                .push(" and starts_with(e.type, ")
                .push_bind(prefix.clone())
                .push(")");
        }
        None => {}
    }
}

/// Puts `union all` between what is pushed.
struct Branches<'a> {
    query: &'a mut QueryBuilder<Postgres>,
    begun: bool,
}

impl Branches<'_> {
    /// Opens the parenthesis of the next branch; the branch closes it.
    fn next(&mut self) -> &mut QueryBuilder<Postgres> {
        self.query.push(if self.begun { " union all (" } else { "(" });
        self.begun = true;
        self.query
    }
}

fn words(names: &[ProviderName]) -> Vec<&'static str> {
    names.iter().map(|name| name.as_str()).collect()
}
