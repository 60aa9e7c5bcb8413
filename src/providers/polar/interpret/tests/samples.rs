//! Polar's own shapes, where somebody has laid them out: every event in `$BILLDECK_SPECS/polar-events` must be understood
//! whole, and its signatures under both kinds of secret must be right.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::*;
use crate::{
    domain::provider::Environment,
    providers::{
        RawDelivery,
        polar::{envelope::envelope, signature::Secrets},
    },
};

#[test]
fn every_laid_out_event_is_understood_and_rightly_signed() {
    let folder = std::env::var_os("BILLDECK_SPECS").map(PathBuf::from);
    let folder = folder
        .expect("BILLDECK_SPECS names the folder with polar-events")
        .join("polar-events");
    let text = std::fs::read_to_string(folder.join("_signatures.json")).unwrap();
    let signatures: Value = serde_json::from_str(&text).unwrap();
    let listed = signatures["events"].as_array().unwrap();
    assert_eq!(listed.len(), 18);
    for entry in listed {
        let name = entry["file"].as_str().unwrap();
        let body = std::fs::read(folder.join(name)).unwrap();
        for kind in ["standard", "legacy"] {
            let secret = SecretString::from(signatures["secrets"][kind].as_str().unwrap());
            let mut headers: BTreeMap<String, String> =
                serde_json::from_value(entry["headers"].clone()).unwrap();
            let signature = entry["webhook-signature"][kind].as_str().unwrap();
            headers.insert("webhook-signature".to_owned(), signature.to_owned());
            let sent: i64 = headers["webhook-timestamp"].parse().unwrap();
            let delivery = RawDelivery {
                headers: &headers,
                body: &body,
            };
            let now = Timestamp::from_second(sent).unwrap();
            let verified = Secrets::new(&[secret], Duration::from_mins(5)).verify(delivery, now);
            assert!(verified.is_ok(), "{name} {kind}: {verified:?}");

            let found = envelope(Environment::Test, delivery).unwrap();
            assert_eq!(found.provider_event_id.as_str(), headers["webhook-id"], "{name}");
            let Interpretation::Whole {
                subject,
                observations,
                ..
            } = interpret(&body).unwrap()
            else {
                panic!("{name} is not understood whole");
            };
            assert_eq!(found.object.as_ref(), Some(&subject), "{name}");
            assert!(found.customer.is_some(), "{name}");
            assert!(
                observations
                    .iter()
                    .any(|observation| observation.object() == subject)
            );
        }
    }
}
