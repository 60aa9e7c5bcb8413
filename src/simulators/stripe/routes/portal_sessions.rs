use super::super::cx::Cx;
use super::super::error::ApiError;
use super::super::objects::PortalSession;
use super::{Answer, Call};

pub(super) fn create(cx: &mut Cx<'_>, mut call: Call) -> Answer {
    let params = &mut call.params;
    let customer = params.required("customer")?;
    let return_url = params.text("return_url")?;
    let configuration = params.text("configuration")?;
    let locale = params.text("locale")?;
    let mut flow = None;
    if let Some(mut data) = params.object("flow_data")? {
        let kinds = [
            "payment_method_update",
            "customer_update",
            "subscription_cancel",
            "subscription_update",
        ];
        let kind = data
            .text("type")?
            .ok_or_else(|| ApiError::missing_param("flow_data[type]"))?;
        if !kinds.contains(&&*kind) {
            return Err(data.invalid(
                "type",
                format!("Invalid flow: must be one of {}", kinds.join(", ")),
            ));
        }
        let mut subscription = None;
        if let Some(mut inner) = data.object(&kind)? {
            subscription = Some(inner.required("subscription")?);
            inner.ignore(&["retention"]);
            inner.finish()?;
        }
        data.ignore(&["after_completion"]);
        data.finish()?;
        if let Some(subscription) = &subscription {
            cx.state.subscription(subscription, "flow_data[subscription]")?;
        }
        flow = Some((kind, subscription));
    }
    call.params.finish()?;
    cx.state.customer(&customer, "customer")?;
    let id = cx.state.ids.make("bps");
    let session = PortalSession {
        url: cx.room.page(&format!("portal/{id}")),
        id,
        created: cx.now(),
        configuration: configuration.unwrap_or_else(|| "bpc_1SDefault".to_owned()),
        customer,
        return_url,
        locale,
        flow,
    };
    let object = session.render(cx.state.livemode);
    cx.state.portal_sessions.insert(session);
    Ok(object)
}
