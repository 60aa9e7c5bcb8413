//! The list of events: one road to its rows for each filter, none of which reads or sorts a whole table.
//!
//! An event that has not ended is found through `work`, one that has ended through an index that ends in the id. Both
//! come in order of receipt and are merged by id. Where several words are wanted (two states, the types under a
//! prefix), each word is walked for itself and gives at most a page.

use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    StoreError,
    customer_row::customer_resolve,
    event_row::event_rows,
    keyset::{Reading, Walk, id_floor, is_storable, list_name},
    page::Cursor,
    road::WINDOW,
};
use crate::domain::{
    event::{EndState, EventState},
    ids::EventId,
    provider::{Environment, ProviderName},
    views::{
        Page, PageRequest, Total,
        event::{EventFilter, EventRow, EventSort},
    },
};

const LIST: &str = "events";
/// Ends the look-up of an event for a row of work. A lateral query with a limit stays what it is: without, the database
/// may walk all events in the wanted order and ask for the work of each.
const WORK_OF_EVENT: &str = " limit 1) as own where true";

/// One page of events.
pub async fn event_list(
    conn: &mut PgConnection,
    environment: Environment,
    filter: &EventFilter,
    sort: EventSort,
    page: &PageRequest,
) -> Result<Page<EventRow>, StoreError> {
    let walk = Walk::<()>::begin(LIST, sort.direction, page)?;
    let found = match Selection::resolve(conn, environment, filter).await? {
        Some(selection) => selection.ids(conn, &walk).await?,
        None => Vec::new(),
    };
    let cut = walk.cut(found.into_iter().map(|id| ((), id)).collect());
    let rows = event_rows(conn, &cut.ids).await?;
    Ok(cut.page(rows))
}

/// The cursor of the place right after this event, for following the list where it ends just now.
pub fn event_cursor(id: EventId, sort: EventSort) -> String {
    Cursor::new(&list_name(LIST, sort.direction), (), id.as_uuid()).encode()
}

/// Counts the events that pass the filter, up to a cap.
pub(super) async fn event_count_to(
    conn: &mut PgConnection,
    environment: Environment,
    filter: &EventFilter,
    cap: u64,
) -> Result<Total, StoreError> {
    let Some(selection) = Selection::resolve(conn, environment, filter).await? else {
        return Ok(Total::Exactly(0));
    };
    let mut query = QueryBuilder::new("select count(*) from (");
    let limit = usize::try_from(cap).unwrap_or(usize::MAX).saturating_add(1);
    selection.push_branches(&mut query, None, Reading::Down, limit);
    query.push(") as found");
    let count: i64 = query.build_query_scalar().fetch_one(&mut *conn).await?;
    let count = u64::try_from(count).unwrap_or(0);
    Ok(if count > cap {
        Total::AtLeast(cap)
    } else {
        Total::Exactly(count)
    })
}

/// Which of the unfinished states are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Unfinished {
    pending: bool,
    processing: bool,
    failed: bool,
}

/// What gives the rows, most selective first.
enum Road {
    /// One object's events, or the event with this id.
    Object(String),
    /// The events of these customers at their providers.
    Customer {
        providers: Vec<&'static str>,
        ids: Vec<String>,
    },
    /// What stopped, or ended, by one code.
    ErrorCode(String),
    /// The types, each for itself, with the text that the wanted types begin with or are.
    Types { finished: Vec<String>, wanted: Types },
    /// The providers, each for itself.
    Providers,
}

#[derive(Clone)]
enum Types {
    Exactly(String),
    Under(String),
}

/// A filter with everything looked up that its SQL needs.
struct Selection {
    livemode: bool,
    road: Road,
    unfinished: Unfinished,
    ends: Vec<&'static str>,
    provider: Option<ProviderName>,
    /// Checked row by row, on every road but that of the types.
    types: Option<Types>,
    oldest: Option<Uuid>,
}

impl Selection {
    /// None where no event can pass.
    async fn resolve(
        conn: &mut PgConnection,
        environment: Environment,
        filter: &EventFilter,
    ) -> Result<Option<Self>, StoreError> {
        let EventFilter {
            states,
            provider,
            event_type,
            since,
            customer,
            object,
            error_code,
        } = filter;
        let texts = [event_type, object, error_code];
        if !texts.into_iter().flatten().all(|text| is_storable(text)) {
            return Ok(None);
        }
        let livemode = environment.livemode();
        let (unfinished, ends) = split(states);
        let mut types = event_type.as_deref().map(|text| match text.strip_suffix('*') {
            Some(prefix) if prefix.ends_with('.') => Types::Under(prefix.to_owned()),
            Some(_) | None => Types::Exactly(text.to_owned()),
        });
        let road = if let Some(object) = object {
            Road::Object(object.clone())
        } else if let Some(customer) = customer {
            let Some(customer) = customer_resolve(conn, *customer).await? else {
                return Ok(None);
            };
            let links = sqlx::query!(
                "
                select provider, provider_customer_id
                from customer_link
                where customer_id = $1 and livemode = $2
                ",
                customer.as_uuid(),
                livemode
            )
            .fetch_all(&mut *conn)
            .await?;
            let known = |word: &str| word.parse::<ProviderName>().ok().map(ProviderName::as_str);
            let (providers, ids) = links
                .into_iter()
                .filter_map(|link| Some((known(&link.provider)?, link.provider_customer_id)))
                .unzip();
            Road::Customer { providers, ids }
        } else if let Some(code) = error_code {
            Road::ErrorCode(code.clone())
        } else if let Some(wanted) = types.take() {
            let finished = match &wanted {
                Types::Exactly(word) => vec![word.clone()],
                Types::Under(prefix) => types_under(conn, livemode, prefix).await?,
            };
            Road::Types { finished, wanted }
        } else {
            Road::Providers
        };
        Ok(Some(Self {
            livemode,
            road,
            unfinished,
            ends,
            provider: *provider,
            types,
            oldest: since.map(id_floor),
        }))
    }

    async fn ids(&self, conn: &mut PgConnection, walk: &Walk<()>) -> Result<Vec<Uuid>, StoreError> {
        let reading = walk.reading();
        let wanted = walk.wanted();
        let from = walk.from().map(|cursor| cursor.id);
        if self.is_everything() {
            let near = self.nearest(conn, from, reading, wanted).await?;
            if near.len() == wanted {
                return Ok(near);
            }
        }
        let mut query = QueryBuilder::new("select id from (");
        self.push_branches(&mut query, from, reading, wanted);
        let order = reading.order();
        query.push(format_args!(") as found order by id {order} limit {wanted}"));
        Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
    }

    /// Whether all events of the environment are wanted.
    fn is_everything(&self) -> bool {
        let Self {
            livemode: _,
            road,
            unfinished,
            ends,
            provider,
            types,
            oldest: _,
        } = self;
        matches!(road, Road::Providers)
            && provider.is_none()
            && types.is_none()
            && *unfinished == Unfinished::ALL
            && ends.len() == EndState::ALL.len()
    }

    /// The nearest events, whose ids are walked as they are. Where the other environment has nearly all of them this
    /// ends before the page is full.
    async fn nearest(
        &self,
        conn: &mut PgConnection,
        from: Option<Uuid>,
        reading: Reading,
        wanted: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut query =
            QueryBuilder::new("select e.id from (select e.id, e.livemode from event e where true");
        if let Some(oldest) = self.oldest {
            query.push(" and e.id >= ").push_bind(oldest);
        }
        if let Some(from) = from {
            query
                .push(format_args!(" and e.id {} ", reading.beyond()))
                .push_bind(from);
        }
        let order = reading.order();
        query
            .push(format_args!(
                " order by e.id {order} limit {WINDOW}) as e where e.livemode = "
            ))
            .push_bind(self.livemode)
            .push(format_args!(" order by e.id {order} limit {wanted}"));
        Ok(query.build_query_scalar().fetch_all(&mut *conn).await?)
    }

    /// The roads to the rows, each at most `limit` long, put together. No event is on two of them.
    fn push_branches(
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
    const ALL: Self = Self {
        pending: true,
        processing: true,
        failed: true,
    };

    const fn any(self) -> bool {
        self.pending || self.processing || self.failed
    }

    /// Whether the states have to be told apart.
    fn some_only(self) -> bool {
        self.any() && self != Self::ALL
    }

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

/// The states that are read from work, and the ends that are stored. No state means all.
fn split(states: &[EventState]) -> (Unfinished, Vec<&'static str>) {
    if states.is_empty() {
        let ends = EndState::ALL.iter().map(|end| end.as_str()).collect();
        return (Unfinished::ALL, ends);
    }
    let mut unfinished = Unfinished::default();
    let mut ends = Vec::new();
    for state in states {
        match state {
            EventState::Pending => unfinished.pending = true,
            EventState::Processing => unfinished.processing = true,
            EventState::Failed => unfinished.failed = true,
            EventState::Processed
            | EventState::Ignored
            | EventState::Dead
            | EventState::Discarded
            | EventState::Quarantined => ends.push(state.as_str()),
        }
    }
    ends.sort_unstable();
    ends.dedup();
    (unfinished, ends)
}

fn words(names: &[ProviderName]) -> Vec<&'static str> {
    names.iter().map(|name| name.as_str()).collect()
}

/// The types of finished events under a prefix, found by jumping from one to the next in the index.
async fn types_under(
    conn: &mut PgConnection,
    livemode: bool,
    prefix: &str,
) -> Result<Vec<String>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"
        with recursive kind (word) as (
            (
                select type
                from event
                where livemode = $1 and end_state is not null and type >= $2
                order by type
                limit 1
            )
            union all
            select (
                select e.type
                from event e
                where e.livemode = $1 and e.end_state is not null and e.type > kind.word
                order by e.type
                limit 1
            )
            from kind
            where starts_with(kind.word, $2)
        )
        select word as "word!"
        from kind
        where starts_with(word, $2)
        "#,
        livemode,
        prefix
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(found)
}
