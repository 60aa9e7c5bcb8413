//! What a demo leaves in its database, so that every command that is pointed there acts on its simulators.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use sqlx::PgConnection;

use super::RuntimeError;
use crate::{
    config::{ProviderCredentials, Settings},
    domain::provider::Environment,
    store::{
        StoreError,
        setting::{setting_get, setting_put},
    },
};

/// The key of the `setting` row.
const KEY: &str = "demo";

/// The demo's simulators and what they are called with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DemoSetting {
    /// Simulated Stripe.
    pub stripe: SimulatedProvider,
    /// The demo's own copy of the catalogue. Where the file is there, it is the one in force for everybody who works on
    /// this database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<PathBuf>,
}

/// A simulated provider's address and made-up credentials. They open nothing but the simulator on this machine, so they
/// may be stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimulatedProvider {
    /// Where its API is, without a slash at the end.
    pub api_base: String,
    /// The key that calls carry.
    #[serde(serialize_with = "exposed")]
    pub secret_key: SecretString,
    /// The secret that deliveries are signed with.
    #[serde(serialize_with = "exposed")]
    pub webhook_secret: SecretString,
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

impl DemoSetting {
    /// What a demo left in this database, if one made it.
    pub async fn read(conn: &mut PgConnection) -> Result<Option<Result<Self, RuntimeError>>, StoreError> {
        let value = setting_get(conn, KEY).await?;
        Ok(value.map(|value| serde_json::from_value(value).map_err(RuntimeError::DemoSetting)))
    }

    /// Leaves it in the database.
    pub async fn write(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        // Texts only: they always serialise.
        setting_put(conn, KEY, &serde_json::to_value(self).unwrap_or_default()).await
    }

    /// Lets the simulators win over whatever was configured: nothing that is done on a demo's database can reach a real
    /// account.
    pub fn apply(&self, settings: &mut Settings) {
        settings.environment = Environment::Test;
        settings.stripe.credentials = ProviderCredentials {
            secret_key: Some(self.stripe.secret_key.clone()),
            webhook_secrets: vec![self.stripe.webhook_secret.clone()],
            api_base: self.stripe.api_base.clone(),
        };
    }
}
