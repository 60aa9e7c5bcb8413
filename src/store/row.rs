//! From columns to domain types: each helper names table, column and row where a value does not fit.

use std::fmt::Display;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;

use super::StoreError;
use crate::domain::{
    ids::ObjectId,
    money::{Currency, Money},
    provider::{Book, Environment, ProviderName, UnknownWord},
    subscription::Period,
};

/// Names the row that is being read, for errors.
pub(super) struct RowReader {
    table: &'static str,
    id: String,
}

impl RowReader {
    pub(super) fn new(table: &'static str, id: impl Display) -> Self {
        Self {
            table,
            id: id.to_string(),
        }
    }

    pub(super) fn bad(&self, column: &'static str, why: impl Display) -> StoreError {
        StoreError::BadRow {
            table: self.table,
            column,
            id: self.id.clone(),
            why: why.to_string(),
        }
    }

    pub(super) fn word<T: std::str::FromStr<Err = UnknownWord>>(
        &self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        text.parse().map_err(|error| self.bad(column, error))
    }

    pub(super) fn object_id(&self, column: &'static str, text: String) -> Result<ObjectId, StoreError> {
        ObjectId::new(text).map_err(|error| self.bad(column, error))
    }

    pub(super) fn optional_object_id(
        &self,
        column: &'static str,
        text: Option<String>,
    ) -> Result<Option<ObjectId>, StoreError> {
        text.map(|text| self.object_id(column, text)).transpose()
    }

    pub(super) fn currency(&self, column: &'static str, code: &str) -> Result<Currency, StoreError> {
        code.parse().map_err(|error| self.bad(column, error))
    }

    pub(super) fn money(
        &self,
        column: &'static str,
        amount: Option<i64>,
        currency: Option<&str>,
    ) -> Result<Option<Money>, StoreError> {
        match (amount, currency) {
            (Some(minor), Some(code)) => Ok(Some(Money::new(minor, self.currency(column, code)?))),
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err(self.bad(column, "amount and currency do not agree")),
        }
    }

    pub(super) fn book(&self, provider: &str, livemode: bool) -> Result<Book, StoreError> {
        let provider: ProviderName = self.word("provider", provider)?;
        Ok(Book {
            provider,
            environment: Environment::from_livemode(livemode),
        })
    }
}

/// A stretch of time from two columns; none unless both are there.
pub(super) fn period(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<Period> {
    Some(Period {
        start: start?,
        end: end?,
    })
}

/// A time as the driver wants it.
pub(super) fn sql(time: Option<Timestamp>) -> Option<jiff_sqlx::Timestamp> {
    time.map(ToSqlx::to_sqlx)
}
