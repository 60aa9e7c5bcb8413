use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Record, unix};

#[derive(Clone, Debug)]
pub(crate) struct PortalSession {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) configuration: String,
    pub(crate) customer: String,
    pub(crate) return_url: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) url: String,
    /// Kind of a flow that goes straight to one task, and the subscription it is about.
    pub(crate) flow: Option<(String, Option<String>)>,
}

impl Record for PortalSession {
    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> Timestamp {
        self.created
    }
}

impl PortalSession {
    pub(crate) fn render(&self, livemode: bool) -> Value {
        json!({
            "id": self.id,
            "object": "billing_portal.session",
            "configuration": self.configuration,
            "created": unix(self.created),
            "customer": self.customer,
            "customer_account": null,
            "flow": self.flow.as_ref().map(|(kind, subscription)| render_flow(kind, subscription.as_deref())),
            "livemode": livemode,
            "locale": self.locale,
            "on_behalf_of": null,
            "return_url": self.return_url,
            "url": self.url,
        })
    }
}

fn render_flow(kind: &str, subscription: Option<&str>) -> Value {
    let mut flow = json!({
        "after_completion": { "hosted_confirmation": null, "redirect": null, "type": "portal_homepage" },
        "subscription_cancel": null,
        "subscription_update": null,
        "subscription_update_confirm": null,
        "type": kind,
    });
    if let Some(subscription) = subscription {
        match kind {
            "subscription_cancel" => {
                flow["subscription_cancel"] = json!({ "retention": null, "subscription": subscription });
            }
            "subscription_update" => flow["subscription_update"] = json!({ "subscription": subscription }),
            _ => {}
        }
    }
    flow
}
