//! Filters and pages, as list commands take them: named like the columns.

use std::{fmt, str::FromStr};

use clap::Args;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

use super::{customers::customer_of_id, error::CliError};
use crate::{
    domain::{
        customer::Scope,
        ids::CustomerId,
        views::{
            Direction, PageRequest,
            customer::{CustomerFilter, CustomerSort},
        },
    },
    runtime::Process,
    store::customer_list::customer_list,
};

/// A point in time: how long ago, or when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(pub(super) Timestamp);

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "expected how long ago (`90s`, `2h`, `7d`), a date or an RFC 3339 time";
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self(at));
        }
        if let Ok(zoned) = text.parse::<Date>().and_then(|date| date.to_zoned(TimeZone::UTC)) {
            return Ok(Self(zoned.timestamp()));
        }
        let span: Span = text.parse().map_err(|_| wanted.to_owned())?;
        if span.is_negative() {
            return Err("it lies in the future".to_owned());
        }
        let now = Timestamp::now().to_zoned(TimeZone::UTC);
        let at = now
            .checked_sub(span)
            .map_err(|_| "that is too long ago".to_owned())?;
        Ok(Self(at.timestamp()))
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, Args)]
pub(super) struct PageArgs {
    /// Rows at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Go on where an earlier page ended: its `next_cursor`
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl PageArgs {
    /// As the store takes it.
    pub(super) fn request(&self) -> PageRequest {
        PageRequest {
            limit: self.limit,
            cursor: self.cursor.clone(),
            backward: false,
        }
    }
}

/// A column to sort by, with a `-` in front for largest or newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort<C> {
    /// The column.
    pub(super) column: C,
    /// Up or down.
    pub(super) direction: Direction,
}

/// The columns that a list can be sorted by.
pub(super) trait SortColumn: Copy + 'static {
    /// The columns and their names.
    const NAMES: &'static [(&'static str, Self)];
}

impl<C: SortColumn> FromStr for Sort<C> {
    type Err = NoSuchColumn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, direction) = match text.strip_prefix('-') {
            Some(name) => (name, Direction::Descending),
            None => (text, Direction::Ascending),
        };
        let found = C::NAMES.iter().find(|(known, _)| *known == name);
        match found {
            Some((_, column)) => Ok(Self {
                column: *column,
                direction,
            }),
            None => Err(NoSuchColumn(C::NAMES.iter().map(|(name, _)| *name).collect())),
        }
    }
}

/// No column of that name can be sorted by.
#[derive(Clone, Debug)]
pub(super) struct NoSuchColumn(Vec<&'static str>);

impl fmt::Display for NoSuchColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this list can be sorted by {}, each with a `-` in front for newest or largest first",
            self.0.join(", ")
        )
    }
}

impl std::error::Error for NoSuchColumn {}

/// One customer, named in any way.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct CustomerArgs {
    /// The customer with this id: billdeck's, a provider's or the application's
    #[arg(long, value_name = "ID", group = "whose")]
    customer: Option<String>,
    /// The organization with this id in the application
    #[arg(long, value_name = "ID", group = "whose")]
    org: Option<String>,
    /// The user with this id in the application
    #[arg(long, value_name = "ID", group = "whose")]
    user: Option<String>,
    /// The customer with this e-mail address
    #[arg(long, value_name = "EMAIL", group = "whose")]
    email: Option<String>,
}

impl CustomerArgs {
    /// One was named.
    pub(super) fn is_given(&self) -> bool {
        [&self.customer, &self.org, &self.user, &self.email]
            .into_iter()
            .any(Option::is_some)
    }

    /// The customer that was named; none where none was.
    pub(super) async fn find(&self, process: &Process) -> Result<Option<CustomerId>, CliError> {
        if let Some(id) = &self.customer {
            return customer_of_id(process, id).await.map(Some);
        }
        let owner = |scope, id: &String| CustomerFilter {
            scope: Some(scope),
            external_id: Some(id.clone()),
            ..CustomerFilter::default()
        };
        let (filter, id) = match (&self.org, &self.user, &self.email) {
            (Some(id), _, _) => (owner(Scope::Organization, id), id),
            (None, Some(id), _) => (owner(Scope::User, id), id),
            (None, None, Some(email)) => {
                let filter = CustomerFilter {
                    email: Some(email.clone()),
                    ..CustomerFilter::default()
                };
                (filter, email)
            }
            (None, None, None) => return Ok(None),
        };
        let mut tx = process.reads().begin_read_only().await?;
        let page = PageRequest::first(2);
        let found = customer_list(
            &mut tx,
            process.viewpoint(),
            &filter,
            CustomerSort::default(),
            &page,
        )
        .await?;
        match found.items.as_slice() {
            [] => Err(CliError::not_found("customer", id, process)),
            [one] => Ok(Some(one.id)),
            _ => Err(CliError::usage(
                "several customers have this e-mail address",
                format!("`billdeck customers list --email {id}` shows them; name one with `--customer`"),
            )),
        }
    }

    /// The customer that was named; one has to be.
    pub(super) async fn required(&self, process: &Process) -> Result<CustomerId, CliError> {
        match self.find(process).await? {
            Some(id) => Ok(id),
            None => Err(CliError::usage(
                "no customer is named",
                "name one with `--customer`, `--org`, `--user` or `--email`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_lengths_dates_and_times() {
        let at = |text: &str| text.parse::<Since>().map(|since| since.0);
        let ago = Timestamp::now().duration_since(at("2h").unwrap());
        assert!((ago.as_secs() - 7_200).abs() < 5, "{ago}");
        let ago = Timestamp::now().duration_since(at("7d").unwrap());
        assert_eq!((ago.as_secs() + 60) / 86_400, 7);
        assert_eq!(at("2026-11-20").unwrap().to_string(), "2026-11-20T00:00:00Z");
        assert_eq!(
            at("2026-11-20T10:00:00+02:00").unwrap().to_string(),
            "2026-11-20T08:00:00Z"
        );
        assert_eq!(at("-2h").unwrap_err(), "it lies in the future");
        assert!(at("yesterday").unwrap_err().starts_with("expected how long ago"));
        assert_eq!(at("19000y").unwrap_err(), "that is too long ago");
    }
}
