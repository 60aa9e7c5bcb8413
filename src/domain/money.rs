//! Money: integer minor units of an ISO 4217 currency. No floats, and no sum over mixed currencies.

use std::{fmt, str::FromStr};

use iso_currency::Currency as Iso;
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency by its upper-case code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(Iso);

/// A text that is no currency code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ISO 4217 currency code")]
pub struct UnknownCurrency(pub String);

impl Currency {
    /// The upper-case code, such as `MXN`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals one unit has: 2 for USD, 0 for JPY, 3 for KWD. Codes without a minor unit count as 0.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Accepts either case, since Stripe writes codes in lower case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Iso::from_code(&text.to_ascii_uppercase())
            .map(Self)
            .ok_or_else(|| UnknownCurrency(text.to_owned()))
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units (cents; whole yen) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for money going back.
    #[serde(rename = "amount")]
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why two amounts could not be put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The currencies differ.
    #[error("{0} and {1} cannot be added")]
    MixedCurrencies(Currency, Currency),
    /// The sum does not fit 64 bits.
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    /// An amount in minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum, if both are of one currency and it fits.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    /// `1,234.50 USD`: grouped, with the currency's own decimals, the code behind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent() as usize;
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        let mut text = String::with_capacity(digits.len() + 8);
        if self.minor < 0 {
            text.push('-');
        }
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        if exponent > 0 {
            text.push('.');
            text.push_str(fraction);
        }
        text.push(' ');
        text.push_str(self.currency.code());
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, code.parse().unwrap())
    }

    #[test]
    fn shows_each_currency_with_its_own_decimals() {
        assert_eq!(money(123_450, "usd").to_string(), "1,234.50 USD");
        assert_eq!(money(-1_200, "EUR").to_string(), "-12.00 EUR");
        assert_eq!(money(0, "MXN").to_string(), "0.00 MXN");
        assert_eq!(money(1_980, "JPY").to_string(), "1,980 JPY");
        assert_eq!(money(1_234_567, "KWD").to_string(), "1,234.567 KWD");
        assert_eq!(
            money(i64::MIN, "USD").to_string(),
            "-92,233,720,368,547,758.08 USD"
        );
    }

    #[test]
    fn adds_only_one_currency_and_only_what_fits() {
        assert_eq!(money(1, "USD").checked_add(money(2, "USD")), Ok(money(3, "USD")));
        assert!(matches!(
            money(1, "USD").checked_add(money(2, "EUR")),
            Err(MoneyError::MixedCurrencies(..))
        ));
        assert_eq!(
            money(i64::MAX, "USD").checked_add(money(1, "USD")),
            Err(MoneyError::Overflow)
        );
    }
}
