//! What a filter of events comes to, once everything is looked up that its SQL needs.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    StoreError,
    customer_row::customer_resolve,
    keyset::{id_floor, is_storable},
};
use crate::domain::{
    event::{EndState, EventState},
    provider::{Environment, ProviderName},
    views::event::EventFilter,
};

/// Which of the unfinished states are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unfinished {
    pub(super) pending: bool,
    pub(super) processing: bool,
    pub(super) failed: bool,
}

/// What gives the rows, most selective first.
pub(super) enum Road {
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
pub(super) enum Types {
    Exactly(String),
    Under(String),
}

/// A filter with everything looked up that its SQL needs.
pub(super) struct Selection {
    pub(super) livemode: bool,
    pub(super) road: Road,
    pub(super) unfinished: Unfinished,
    pub(super) ends: Vec<&'static str>,
    pub(super) provider: Option<ProviderName>,
    /// Checked row by row, on every road but that of the types.
    pub(super) types: Option<Types>,
    pub(super) oldest: Option<Uuid>,
}

impl Selection {
    /// None where no event can pass.
    pub(super) async fn resolve(
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

    /// Whether all events of the environment are wanted.
    pub(super) fn is_everything(&self) -> bool {
        let Self {
            livemode: _,
            road,
            unfinished: _,
            ends: _,
            provider,
            types,
            oldest: _,
        } = self;
        matches!(road, Road::Providers) && provider.is_none() && types.is_none() && self.is_any_state()
    }

    /// Whether events in all states are wanted.
    pub(super) fn is_any_state(&self) -> bool {
        self.unfinished == Unfinished::ALL && self.ends.len() == EndState::ALL.len()
    }

    /// Whether every row says by itself if it is wanted, and as many may be that the nearest rows fill a page.
    pub(super) fn may_be_near(&self) -> bool {
        let by_itself = match self.road {
            Road::Types { .. } | Road::Providers => !self.unfinished.some_only(),
            Road::Object(_) | Road::Customer { .. } | Road::ErrorCode(_) => false,
        };
        let common = [EndState::Processed, EndState::Ignored];
        by_itself && common.iter().any(|end| self.ends.contains(&end.as_str()))
    }
}

impl Unfinished {
    const ALL: Self = Self {
        pending: true,
        processing: true,
        failed: true,
    };

    pub(super) const fn any(self) -> bool {
        self.pending || self.processing || self.failed
    }

    /// Whether the states have to be told apart.
    pub(super) fn some_only(self) -> bool {
        self.any() && self != Self::ALL
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
