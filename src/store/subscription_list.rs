//! The list of subscriptions.

use jiff::Timestamp;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{
    StoreError,
    customer_row::customer_resolve,
    keyset::{Walk, id_floor, is_storable},
    page::Fingerprint,
    road::{Road, Step, Stretch, pick},
    subscription_row::subscription_rows,
};
use crate::domain::{
    ids::CustomerId,
    provider::Environment,
    views::{
        Page, PageRequest,
        subscription::{SubscriptionFilter, SubscriptionRow, SubscriptionSort, SubscriptionSortKey},
    },
};

const PERIOD_END: &str = "s.period_end";

/// One page of subscriptions.
pub async fn subscription_list(
    conn: &mut PgConnection,
    environment: Environment,
    filter: &SubscriptionFilter,
    sort: SubscriptionSort,
    page: &PageRequest,
) -> Result<Page<SubscriptionRow>, StoreError> {
    let list = match sort.by {
        SubscriptionSortKey::Created => "subscriptions by created",
        SubscriptionSortKey::PeriodEnd => "subscriptions by period end",
    };
    let walk = Walk::<Option<Timestamp>>::begin(list, fingerprint(filter), sort.direction, page)?;
    let found = match Selection::resolve(conn, environment, filter, sort.by).await? {
        Some(selection) => {
            let by_id = sort.by == SubscriptionSortKey::Created;
            let push = |query: &mut _, stretch: &_, step| selection.push(query, stretch, step);
            pick(conn, &walk, by_id, selection.road(), push).await?
        }
        None => Vec::new(),
    };
    let cut = walk.cut(found);
    let rows = subscription_rows(conn, &cut.ids).await?;
    Ok(cut.page(rows))
}

fn fingerprint(filter: &SubscriptionFilter) -> Fingerprint {
    Fingerprint::of(&SubscriptionFilter {
        since: None,
        ..filter.clone()
    })
}

/// The part of a filter that an index serves in the list's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    All,
    Unverified,
    Statuses,
    Plan,
    Provider,
}

struct Selection<'a> {
    livemode: bool,
    filter: &'a SubscriptionFilter,
    customer: Option<CustomerId>,
    sort: SubscriptionSortKey,
    base: Base,
}

impl<'a> Selection<'a> {
    /// None where no subscription can pass.
    async fn resolve(
        conn: &mut PgConnection,
        environment: Environment,
        filter: &'a SubscriptionFilter,
        sort: SubscriptionSortKey,
    ) -> Result<Option<Self>, StoreError> {
        let texts = [
            &filter.plan,
            &filter.verification,
            &filter.provider_subscription_id,
        ];
        if !texts.into_iter().flatten().all(|text| is_storable(text)) {
            return Ok(None);
        }
        let customer = match filter.customer {
            Some(id) => match customer_resolve(conn, id).await? {
                Some(id) => Some(id),
                None => return Ok(None),
            },
            None => None,
        };
        let unverified = filter
            .verification
            .as_deref()
            .is_some_and(|word| word != "verified");
        let base = match sort {
            SubscriptionSortKey::Created if unverified => Base::Unverified,
            SubscriptionSortKey::Created | SubscriptionSortKey::PeriodEnd if !filter.statuses.is_empty() => {
                Base::Statuses
            }
            SubscriptionSortKey::Created if filter.plan.is_some() => Base::Plan,
            SubscriptionSortKey::Created if filter.provider.is_some() => Base::Provider,
            SubscriptionSortKey::Created | SubscriptionSortKey::PeriodEnd => Base::All,
        };
        Ok(Some(Self {
            livemode: environment.livemode(),
            filter,
            customer,
            sort,
            base,
        }))
    }

    fn road(&self) -> Road {
        let SubscriptionFilter {
            statuses,
            provider,
            plan,
            customer,
            verification,
            provider_subscription_id,
            since,
        } = self.filter;
        if customer.is_some() || provider_subscription_id.is_some() {
            return Road::Gather;
        }
        let checked = (!statuses.is_empty() && self.base != Base::Statuses)
            || (provider.is_some() && self.base != Base::Provider)
            || (plan.is_some() && self.base != Base::Plan)
            || (verification.is_some() && self.base != Base::Unverified)
            || (since.is_some() && self.sort != SubscriptionSortKey::Created);
        if checked { Road::LookFirst } else { Road::Walk }
    }

    fn push(&self, query: &mut QueryBuilder<Postgres>, stretch: &Stretch<Timestamp>, step: Step) {
        match step {
            Step::Look { window } => {
                query.push(format_args!("select s.id, {PERIOD_END} as key from "));
                let statuses = self.statuses();
                if self.base == Base::Statuses && statuses.len() > 1 {
                    query
                        .push("unnest(")
                        .push_bind(statuses)
                        .push("::text[]) as wanted (word) cross join lateral ");
                }
                query
                    .push("(select s.* from subscription s where s.livemode = ")
                    .push_bind(self.livemode);
                self.push_base(query);
                stretch.push_place(query, PERIOD_END, "s.id");
                stretch.push_order(query, PERIOD_END, "s.id", window);
                query.push(") as s where true");
                if self.road() != Road::Walk {
                    self.push_conditions(query);
                }
                stretch.push_order(query, PERIOD_END, "s.id", stretch.wanted);
            }
            Step::Gather => {
                query
                    .push(
                        "with s as materialized (select s.id, s.period_end from subscription s \
                         where s.livemode = ",
                    )
                    .push_bind(self.livemode);
                self.push_conditions(query);
                query.push(format_args!(
                    ") select s.id, {PERIOD_END} as key from s where true"
                ));
                stretch.push_place(query, PERIOD_END, "s.id");
                stretch.push_order(query, PERIOD_END, "s.id", stretch.wanted);
            }
        }
    }

    fn push_base(&self, query: &mut QueryBuilder<Postgres>) {
        match self.base {
            Base::All => {}
            Base::Unverified => self.push_verification(query),
            Base::Statuses => match self.statuses().as_slice() {
                // A single one comes in order by itself, so that no more is read than the page needs.
                &[one] => {
                    query.push(" and s.status = ").push_bind(one);
                }
                _ => {
                    query.push(" and s.status = wanted.word");
                }
            },
            Base::Plan => self.push_plan(query),
            Base::Provider => self.push_provider(query),
        }
        match self.sort {
            SubscriptionSortKey::Created => self.push_since(query),
            SubscriptionSortKey::PeriodEnd => {}
        }
    }

    fn push_conditions(&self, query: &mut QueryBuilder<Postgres>) {
        if !self.filter.statuses.is_empty() {
            query
                .push(" and s.status = any(")
                .push_bind(self.statuses())
                .push("::text[])");
        }
        self.push_provider(query);
        self.push_plan(query);
        self.push_verification(query);
        self.push_since(query);
        if let Some(id) = &self.filter.provider_subscription_id {
            query
                .push(" and s.provider_subscription_id = ")
                .push_bind(id.clone());
        }
        if let Some(customer) = self.customer {
            query
                .push(" and s.link_id in (select k.id from customer_link k where k.customer_id = ")
                .push_bind(customer.as_uuid())
                .push(")");
        }
    }

    fn push_provider(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(provider) = self.filter.provider {
            query.push(" and s.provider = ").push_bind(provider.as_str());
        }
    }

    fn push_plan(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(plan) = &self.filter.plan {
            query.push(" and s.plan = ").push_bind(plan.clone());
        }
    }

    fn push_verification(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(word) = &self.filter.verification {
            query.push(" and s.verification = ").push_bind(word.clone());
            if word != "verified" {
                // Said as the index over the few unverified ones says it, whatever the word.
                query.push(" and s.verification <> 'verified'");
            }
        }
    }

    fn push_since(&self, query: &mut QueryBuilder<Postgres>) {
        if let Some(since) = self.filter.since {
            query.push(" and s.id >= ").push_bind(id_floor(since));
        }
    }

    fn statuses(&self) -> Vec<&'static str> {
        let mut words: Vec<_> = self
            .filter
            .statuses
            .iter()
            .map(|status| status.as_str())
            .collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}
