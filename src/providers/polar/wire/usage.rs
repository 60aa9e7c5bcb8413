//! Meters, and what was told to them.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct IngestAnswer {
    pub(crate) inserted: u64,
    #[serde(default)]
    pub(crate) duplicates: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Meter {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CustomerMeter {
    pub(crate) meter_id: String,
    pub(crate) consumed_units: serde_json::Number,
    pub(crate) credited_units: serde_json::Number,
    pub(crate) balance: serde_json::Number,
}
