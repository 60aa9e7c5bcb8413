//! The line that says that a process is ready, for whoever started it and waits.

use serde::Serialize;

/// Where a process can be reached, once it can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// Always true.
    pub ready: bool,
    /// `http://127.0.0.1:PORT`.
    pub listen: String,
    /// Complete for a private cluster, without its password where it was given; none without a database.
    pub database_url: Option<String>,
    /// The simulators' address, if there are any.
    pub simulator: Option<String>,
}

impl Ready {
    /// A listener is ready.
    pub fn new(listen: impl Into<String>) -> Self {
        Self {
            ready: true,
            listen: listen.into(),
            database_url: None,
            simulator: None,
        }
    }

    /// With its database.
    #[must_use]
    pub fn database(mut self, shown: impl Into<String>) -> Self {
        self.database_url = Some(shown.into());
        self
    }

    /// With its simulators.
    #[must_use]
    pub fn simulator(mut self, url: impl Into<String>) -> Self {
        self.simulator = Some(url.into());
        self
    }
}

impl std::fmt::Display for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ready on {}", self.listen)?;
        if let Some(url) = &self.database_url {
            write!(f, "  database {url}")?;
        }
        if let Some(url) = &self.simulator {
            write!(f, "  simulators {url}")?;
        }
        Ok(())
    }
}
