//! The list of customers, with the search behind it.
//!
//! Customers belong to no environment, their links do. A customer all of whose links are in the other environment
//! is invisible; one without links is seen from both.

use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    StoreError,
    customer_row::customer_rows,
    keyset::{Walk, id_floor, is_storable},
    page::Fingerprint,
    road::{Road, Step, Stretch, pick},
    viewpoint::Viewpoint,
};
use crate::domain::{
    provider::ProviderName,
    views::{
        Page, PageRequest,
        customer::{CustomerFilter, CustomerRow, CustomerSort, CustomerSortKey},
    },
};

/// The search reads so many words, each cut at so many letters; what stands behind narrows nothing.
const MAX_WORDS: usize = 12;
const MAX_LETTERS: usize = 200;

const EMAIL: &str = "lower(c.email)";
/// The same, where a query inside has worked it out: its order is known only by that name.
const KEY: &str = "c.key";

/// One page of customers.
pub async fn customer_list(
    conn: &mut PgConnection,
    view: Viewpoint,
    filter: &CustomerFilter,
    sort: CustomerSort,
    page: &PageRequest,
) -> Result<Page<CustomerRow>, StoreError> {
    let list = match sort.by {
        CustomerSortKey::Created => "customers by created",
        CustomerSortKey::Email => "customers by email",
    };
    let walk = Walk::<Option<String>>::begin(list, fingerprint(filter), sort.direction, page)?;
    let found = match Selection::resolve(conn, view, filter, sort.by).await? {
        Some(selection) => {
            let by_id = sort.by == CustomerSortKey::Created;
            let push = |query: &mut _, stretch: &_, step| selection.push(query, stretch, step);
            pick(conn, &walk, by_id, selection.road(), push).await?
        }
        None => Vec::new(),
    };
    let cut = walk.cut(found);
    let rows = customer_rows(conn, view, &cut.ids).await?;
    Ok(cut.page(rows))
}

fn fingerprint(filter: &CustomerFilter) -> Fingerprint {
    Fingerprint::of(&CustomerFilter {
        since: None,
        ..filter.clone()
    })
}

struct Selection<'a> {
    view: Viewpoint,
    filter: &'a CustomerFilter,
    sort: CustomerSortKey,
    /// Customers whose id at a provider is among the words.
    named: Vec<Uuid>,
    /// The other words, as a text search query.
    search: Option<String>,
}

impl<'a> Selection<'a> {
    /// None where no customer can pass.
    async fn resolve(
        conn: &mut PgConnection,
        view: Viewpoint,
        filter: &'a CustomerFilter,
        sort: CustomerSortKey,
    ) -> Result<Option<Self>, StoreError> {
        let texts = [&filter.external_id, &filter.email];
        let texts = texts.into_iter().flatten().chain(&filter.words);
        if !texts.into_iter().all(|text| is_storable(text)) {
            return Ok(None);
        }
        let (named, ids) = named_by_words(conn, view, &filter.words).await?;
        let rest = filter.words.iter().filter(|word| !ids.contains(word));
        Ok(Some(Self {
            view,
            filter,
            sort,
            named,
            search: search_query(rest),
        }))
    }

    fn road(&self) -> Road {
        let CustomerFilter {
            scope,
            unlinked,
            external_id,
            email,
            provider,
            words: _,
            since,
        } = self.filter;
        if external_id.is_some() || email.is_some() || !self.named.is_empty() {
            return Road::Gather;
        }
        if self.base_provider().is_some() {
            // The links give every customer of the provider in order.
            return if scope.is_some() || *unlinked {
                Road::LookFirst
            } else {
                Road::Walk
            };
        }
        let checked = provider.is_some() || self.search.is_some();
        let out_of_order = match self.sort {
            CustomerSortKey::Created => false,
            CustomerSortKey::Email => scope.is_some() || *unlinked || since.is_some(),
        };
        if checked || out_of_order {
            Road::LookFirst
        } else {
            Road::Walk
        }
    }

    /// The provider whose links are walked: they are indexed in the order in which customers were made.
    fn base_provider(&self) -> Option<ProviderName> {
        let others = self.filter.external_id.is_some()
            || self.filter.email.is_some()
            || self.search.is_some()
            || !self.named.is_empty();
        match self.sort {
            CustomerSortKey::Created if !others => self.filter.provider,
            CustomerSortKey::Created | CustomerSortKey::Email => None,
        }
    }

    fn push_links(
        &self,
        query: &mut QueryBuilder<Postgres>,
        provider: ProviderName,
        stretch: &Stretch<String>,
        window: usize,
    ) {
        query
            .push(
                "select k.id, null::text as key from \
                 (select distinct k.customer_id as id from customer_link k where k.provider = ",
            )
            .push_bind(provider.as_str())
            .push(" and k.livemode = ")
            .push_bind(self.view.environment.livemode());
        if let Some(since) = self.filter.since {
            query.push(" and k.customer_id >= ").push_bind(id_floor(since));
        }
        stretch.push_place(query, EMAIL, "k.customer_id");
        match self.road() {
            Road::Walk => stretch.push_sequence(query, EMAIL, "k.customer_id"),
            Road::Gather | Road::LookFirst => stretch.push_order(query, EMAIL, "k.customer_id", window),
        }
        query.push(
            ") as k cross join lateral (select own.* from customer own where own.id = k.id limit 1) as c \
             where c.merged_into is null",
        );
        self.push_columns(query);
        stretch.push_order(query, EMAIL, "k.id", stretch.wanted);
    }

    /// Whether something other than the provider leads to few rows.
    fn is_narrowed(&self) -> bool {
        self.filter.external_id.is_some()
            || self.filter.email.is_some()
            || self.filter.unlinked
            || self.filter.since.is_some()
            || self.search.is_some()
            || !self.named.is_empty()
    }

    fn push(&self, query: &mut QueryBuilder<Postgres>, stretch: &Stretch<String>, step: Step) {
        let key = match self.sort {
            CustomerSortKey::Created => "null::text",
            CustomerSortKey::Email => EMAIL,
        };
        match step {
            Step::Look { window } => {
                if let Some(provider) = self.base_provider() {
                    self.push_links(query, provider, stretch, window);
                    return;
                }
                query.push("select c.id, c.key from (");
                query.push(format_args!(
                    "select c.*, {key} as key from customer c where c.merged_into is null"
                ));
                match self.sort {
                    CustomerSortKey::Created => self.push_columns(query),
                    CustomerSortKey::Email => {}
                }
                stretch.push_place(query, EMAIL, "c.id");
                // The environment alone is no reason to stop looking.
                let limit = match self.road() {
                    Road::Walk => {
                        self.push_visible(query);
                        stretch.wanted
                    }
                    Road::Gather | Road::LookFirst => window,
                };
                stretch.push_order(query, EMAIL, "c.id", limit);
                query.push(") as c where true");
                if self.road() != Road::Walk {
                    match self.sort {
                        CustomerSortKey::Created => {}
                        CustomerSortKey::Email => self.push_columns(query),
                    }
                    self.push_words(query);
                    self.push_visible(query);
                    self.push_provider(query);
                }
                stretch.push_order(query, KEY, "c.id", stretch.wanted);
            }
            Step::Gather => {
                let by_links = self.filter.provider.filter(|_| !self.is_narrowed());
                query.push("with c as materialized (select c.id, c.email from ");
                if let Some(provider) = by_links {
                    query
                        .push("(select distinct k.customer_id from customer_link k where k.provider = ")
                        .push_bind(provider.as_str())
                        .push(" and k.livemode = ")
                        .push_bind(self.view.environment.livemode())
                        .push(") as k cross join lateral (select own.* from customer own ")
                        // A lateral query with a limit stays what it is, whatever number of links is expected.
                        .push("where own.id = k.customer_id limit 1) as c where c.merged_into is null");
                } else {
                    query.push("customer c where c.merged_into is null");
                }
                self.push_columns(query);
                self.push_words(query);
                if by_links.is_none() {
                    self.push_provider(query);
                }
                // Put in order first: whether a customer is visible is asked for those of the page only.
                query.push(format_args!(
                    ") select c.id, c.key from (select c.id, {key} as key from c where true"
                ));
                stretch.push_place(query, EMAIL, "c.id");
                stretch.push_sequence(query, EMAIL, "c.id");
                query.push(") as c where true");
                self.push_visible(query);
                stretch.push_order(query, KEY, "c.id", stretch.wanted);
            }
        }
    }

    /// What the customer's own row decides.
    fn push_columns(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(scope) = self.filter.scope {
            query.push(" and c.scope = ").push_bind(scope.as_str());
        }
        if self.filter.unlinked {
            query.push(" and c.scope is null");
        }
        if let Some(external_id) = &self.filter.external_id {
            query.push(" and c.external_id = ").push_bind(external_id.clone());
        }
        if let Some(email) = &self.filter.email {
            query
                .push(" and lower(c.email) = lower(")
                .push_bind(email.clone())
                .push(")");
        }
        if let Some(since) = self.filter.since {
            query.push(" and c.id >= ").push_bind(id_floor(since));
        }
    }

    fn push_words(&self, query: &mut QueryBuilder<Postgres>) {
        if !self.named.is_empty() {
            query
                .push(" and c.id = any(")
                .push_bind(self.named.clone())
                .push(")");
        }
        if let Some(search) = &self.search {
            query
                .push(" and c.search @@ to_tsquery('simple', ")
                .push_bind(search.clone())
                .push(")");
        }
    }

    /// A scalar subquery rather than `exists`, which may be carried out as one hash over all links.
    fn push_visible(&self, query: &mut QueryBuilder<Postgres>) {
        query
            .push(" and coalesce((select bool_or(k.livemode = ")
            .push_bind(self.view.environment.livemode())
            .push(") from customer_link k where k.customer_id = c.id), true)");
    }

    fn push_provider(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(provider) = self.filter.provider {
            query
                .push(" and (select bool_or(k.livemode = ")
                .push_bind(self.view.environment.livemode())
                .push(" and k.provider = ")
                .push_bind(provider.as_str())
                .push(") from customer_link k where k.customer_id = c.id)");
        }
    }
}

/// Customers that one of the words names by a provider's customer id, and those words.
async fn named_by_words(
    conn: &mut PgConnection,
    view: Viewpoint,
    words: &[String],
) -> Result<(Vec<Uuid>, Vec<String>), StoreError> {
    if words.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let links = sqlx::query!(
        "
        select customer_id, provider_customer_id
        from customer_link
        where provider_customer_id = any($1) and livemode = $2
        ",
        words,
        view.environment.livemode()
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(links
        .into_iter()
        .map(|link| (link.customer_id, link.provider_customer_id))
        .unzip())
}

/// The words as a query that finds what begins with each of them. They fall apart where the stored texts do: at
/// everything that is neither letter nor digit, so that nothing in them can be an operator.
fn search_query<'w>(words: impl Iterator<Item = &'w String>) -> Option<String> {
    let query = words
        .flat_map(|word| word.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|piece| !piece.is_empty())
        .take(MAX_WORDS)
        .map(|piece| {
            let piece: String = piece.to_lowercase().chars().take(MAX_LETTERS).collect();
            format!("'{piece}':*")
        })
        .collect::<Vec<_>>()
        .join(" & ");
    (!query.is_empty()).then_some(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(words: &[&str]) -> Option<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        search_query(words.iter())
    }

    #[test]
    fn words_become_prefixes_and_never_operators() {
        assert_eq!(query(&["Ana@Acme.mx"]).unwrap(), "'ana':* & 'acme':* & 'mx':*");
        assert_eq!(query(&["x' | 'y", "!z"]).unwrap(), "'x':* & 'y':* & 'z':*");
        assert_eq!(query(&["México"]).unwrap(), "'méxico':*");
        assert_eq!(query(&["@", "--"]), None);
    }
}
