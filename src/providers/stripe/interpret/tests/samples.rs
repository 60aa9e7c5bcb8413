//! Stripe's own shapes, where somebody has laid them out: every `*.json` in `$BILLDECK_SPECS/stripe-events` is an event
//! that must be understood whole.

use std::path::PathBuf;

use super::*;

#[test]
fn every_laid_out_event_is_understood() {
    let folder = std::env::var_os("BILLDECK_SPECS").map(PathBuf::from);
    let folder = folder.expect("BILLDECK_SPECS names the folder with stripe-events");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("stripe-events")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let body = std::fs::read(&path).unwrap();
        let envelope = crate::providers::stripe::envelope::envelope(&body).unwrap();
        let interpretation = interpret(&body).unwrap();
        let Interpretation::Whole {
            subject,
            observations,
            ..
        } = &interpretation
        else {
            panic!("{}: {interpretation:?}", path.display());
        };
        assert_eq!(envelope.object.as_ref(), Some(subject), "{}", path.display());
        assert!(
            observations
                .iter()
                .any(|observation| observation.object() == *subject)
        );
        seen += 1;
    }
    assert!(seen > 0, "the folder holds no events");
}
