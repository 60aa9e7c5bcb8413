//! What is kept about a cluster beside it: its password, and what it was made for.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::cluster::Durability;
use super::error::{AtPath, PostgresError};
use super::place::Home;

/// The cluster's record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) password: SecretString,
    pub(super) durability: Durability,
    /// The port of the last start. It is taken again if it is free, so that a URL somebody noted keeps working.
    pub(super) last_port: Option<u16>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    password: String,
    durability: Durability,
    last_port: Option<u16>,
}

impl Record {
    /// A record with a new password of 192 random bits.
    pub(super) fn new(durability: Durability) -> Result<Self, PostgresError> {
        let mut bytes = [0; 24];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| PostgresError::NoRandomness)?;
        Ok(Self {
            password: URL_SAFE_NO_PAD.encode(bytes).into(),
            durability,
            last_port: None,
        })
    }

    /// The record of the cluster in `home`.
    pub(super) fn read(home: &Home) -> Result<Self, PostgresError> {
        let path = home.record();
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(PostgresError::NoPassword { path, source: None });
            }
            text => text.at("read", &path)?,
        };
        let Stored {
            password,
            durability,
            last_port,
        } = serde_json::from_slice(&text).map_err(|source| PostgresError::NoPassword {
            path,
            source: Some(source),
        })?;
        Ok(Self {
            password: password.into(),
            durability,
            last_port,
        })
    }

    /// Writes the record, whole or not at all, readable by its owner alone.
    pub(super) fn write(&self, home: &Home) -> Result<(), PostgresError> {
        let path = home.record();
        let draft = path.with_extension("json.new");
        let stored = Stored {
            password: self.password.expose_secret().to_owned(),
            durability: self.durability,
            last_port: self.last_port,
        };
        let text = serde_json::to_vec(&stored)
            .map_err(std::io::Error::from)
            .at("write", &draft)?;
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).at("remove", &draft);
            }
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .at("create", &draft)?;
        home.settle(&file, &draft)?;
        file.write_all(&text).at("write", &draft)?;
        file.sync_all().at("write", &draft)?;
        std::fs::rename(&draft, &path).at("write", &path)
    }
}
