//! Versions of PostgreSQL, as its programs tell them.

use std::fmt;

/// The oldest major version billdeck works with.
pub(super) const OLDEST_MAJOR: u32 = 14;

/// A version of PostgreSQL, such as 15.18. Versions in preparation (`19beta1`) have minor 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Clusters are readable only by the major version that made them.
    pub major: u32,
    /// Minor versions of one major version read each other's clusters.
    pub minor: u32,
}

impl Version {
    /// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, what `postgres --version` prints.
    pub(super) fn from_program_output(output: &str) -> Option<Self> {
        let (_, after) = output.split_once("(PostgreSQL) ")?;
        let major = leading_number(after)?;
        let minor = after
            .split_once('.')
            .and_then(|(_, rest)| leading_number(rest))
            .unwrap_or(0);
        Some(Self { major, minor })
    }
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_programs_print() {
        let read = |text| Version::from_program_output(text).map(|version| version.to_string());
        assert_eq!(
            read("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n").as_deref(),
            Some("15.18")
        );
        assert_eq!(read("postgres (PostgreSQL) 9.6.24\n").as_deref(), Some("9.6"));
        assert_eq!(read("postgres (PostgreSQL) 19beta1\n").as_deref(), Some("19.0"));
        assert_eq!(read("postgres (PostgreSQL) 18devel"), Some("18.0".to_owned()));
        assert_eq!(read("postgres: command not found"), None);
        assert_eq!(read("postgres (PostgreSQL) "), None);
    }
}
