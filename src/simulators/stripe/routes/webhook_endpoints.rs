use reqwest::Url;
use secrecy::SecretString;
use serde_json::json;

use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::listing::Page;
use super::super::objects::{API_VERSION, WebhookEndpoint};
use super::super::params::Update;
use super::{Answer, Call};

fn missing(id: &str) -> ApiError {
    ApiError::no_such("webhook endpoint", id, "id")
}

pub(super) fn list(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let page = Page::take(&mut call.params)?;
    call.params.finish()?;
    page.of(
        &cx.state.endpoints,
        "/v1/webhook_endpoints",
        |_| true,
        |endpoint| endpoint.render(false, cx.state.livemode),
    )
}

pub(super) fn read(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    let endpoint = cx
        .state
        .endpoints
        .get(&call.id)
        .ok_or_else(|| missing(&call.id))?;
    Ok(endpoint.render(false, cx.state.livemode))
}

fn read_url(text: &str) -> Result<Url, ApiError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| {
            ApiError::invalid_param("url", "Invalid URL: URL must be an absolute http or https URL.")
        })
}

/// Made-up events stay on this machine, whatever URL is registered.
fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

pub(super) fn create(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let url = read_url(&params.required("url")?)?;
    let enabled = params.texts("enabled_events")?;
    if enabled.is_empty() {
        return Err(ApiError::missing_param("enabled_events"));
    }
    let description = params.text("description")?;
    let metadata = params.metadata()?.fresh();
    params.choice("api_version", &[(API_VERSION, ())])?;
    params.ignore(&["connect"]);
    call.params.finish()?;
    let secret = SecretString::from(format!("whsec_{}", cx.state.ids.token(32)));
    let id = cx.state.ids.make("we");
    let delivers = is_local(&url);
    let mut endpoint = WebhookEndpoint::new(id, cx.now(), url, vec![secret], enabled);
    endpoint.description = description;
    endpoint.metadata = metadata;
    endpoint.delivers = delivers;
    let object = endpoint.render(true, cx.state.livemode);
    cx.state.endpoints.insert(endpoint);
    Ok(object)
}

pub(super) fn update(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let disabled = params.boolean("disabled")?;
    let enabled_events = params.texts("enabled_events")?;
    let description: Update<String> = params.update("description")?;
    let metadata = params.metadata()?;
    call.params.finish()?;
    let live = cx.state.livemode;
    let endpoint = cx
        .state
        .endpoints
        .get_mut(&call.id)
        .ok_or_else(|| missing(&call.id))?;
    if let Some(disabled) = disabled {
        endpoint.set_open(!disabled);
    }
    if !enabled_events.is_empty() {
        endpoint.enabled_events = enabled_events;
    }
    description.apply(&mut endpoint.description);
    metadata.apply(&mut endpoint.metadata);
    Ok(endpoint.render(false, live))
}

pub(super) fn delete(cx: &mut Cx<'_>, call: Call) -> Answer {
    call.params.finish()?;
    let endpoint = cx
        .state
        .endpoints
        .remove(&call.id)
        .ok_or_else(|| missing(&call.id))?;
    endpoint.set_open(false);
    Ok(json!({ "id": call.id, "object": "webhook_endpoint", "deleted": true }))
}
