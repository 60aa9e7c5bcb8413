//! What the API says when it says no.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::objects::Decline;

/// An error answer. `executed` tells whether work had begun, which decides if an idempotency key remembers it.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
    details: Option<Box<Value>>,
    pub(crate) executed: bool,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            code: None,
            message: message.into(),
            param: None,
            details: None,
            executed: false,
        }
    }

    fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    fn executed(mut self) -> Self {
        self.executed = true;
        self
    }

    pub(crate) fn unauthorized(key: Option<&str>) -> Self {
        let message = match key {
            None => "You did not provide an API key. You need to provide your API key in the Authorization \
                     header, using Bearer auth or as the user name of Basic auth."
                .to_owned(),
            Some(key) => {
                let end: String = key
                    .chars()
                    .rev()
                    .take(4)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .collect();
                format!("Invalid API Key provided: ****{end}")
            }
        };
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
    }

    pub(crate) fn unknown_url(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", message)
    }

    pub(crate) fn unknown_version(version: &str, spoken: &str) -> Self {
        let message = format!("Invalid Stripe API version: {version}. This simulator speaks {spoken} only.");
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    pub(crate) fn unreadable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    pub(crate) fn missing_param(param: impl Into<String>) -> Self {
        let param = param.into();
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            format!("Missing required param: {param}."),
        )
        .code("parameter_missing")
        .param(param)
    }

    pub(crate) fn unknown_param(param: impl Into<String>) -> Self {
        let param = param.into();
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            format!("Received unknown parameter: {param}"),
        )
        .code("parameter_unknown")
        .param(param)
    }

    pub(crate) fn invalid_param(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message).param(param)
    }

    pub(crate) fn invalid_integer(param: impl Into<String>, value: &str) -> Self {
        Self::invalid_param(param, format!("Invalid integer: {value}")).code("parameter_invalid_integer")
    }

    /// The object that the request is about, or one that it names in `param`, does not exist.
    pub(crate) fn no_such(what: &str, id: &str, param: &str) -> Self {
        let status = if param == "id" {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::BAD_REQUEST
        };
        Self::new(status, "invalid_request_error", format!("No such {what}: '{id}'"))
            .code("resource_missing")
            .param(param)
            .executed()
    }

    /// The request is well formed, but the object is in no state for it.
    pub(crate) fn not_now(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message).executed()
    }

    pub(crate) fn with_code(self, code: &'static str) -> Self {
        self.code(code)
    }

    pub(crate) fn declined(decline: &Decline, charge: Option<&str>, payment_intent: Option<Value>) -> Self {
        let mut details = json!({ "decline_code": decline.decline_code() });
        if let Some(charge) = charge {
            details["charge"] = json!(charge);
        }
        if let Some(intent) = payment_intent {
            details["payment_intent"] = intent;
        }
        let mut error = Self::new(StatusCode::PAYMENT_REQUIRED, "card_error", decline.message())
            .code(decline.code())
            .executed();
        error.details = Some(Box::new(details));
        error
    }

    pub(crate) fn other_parameters(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. \
             Try using a key other than '{key}' if you meant to execute a different request."
        );
        Self::new(StatusCode::BAD_REQUEST, "idempotency_error", message)
    }

    pub(crate) fn key_too_long() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "idempotency_error",
            "An idempotency key has at most 255 characters.",
        )
    }

    pub(crate) fn key_in_use(key: &str) -> Self {
        let message =
            format!("There is currently another in-progress request using this idempotency key: {key}.");
        Self::new(StatusCode::CONFLICT, "invalid_request_error", message).code("idempotency_key_in_use")
    }

    pub(crate) fn rate_limited() -> Self {
        let message = "Request rate limit exceeded. Learn more about rate limits in the API documentation.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "invalid_request_error", message).code("rate_limit")
    }

    pub(crate) fn broken(status: StatusCode) -> Self {
        Self::new(status, "api_error", "An unknown error occurred.").executed()
    }

    pub(crate) fn body(&self, request_id: &str) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] = json!(format!(
                "https://stripe.com/docs/error-codes/{}",
                code.replace('_', "-")
            ));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        error["request_log_url"] = json!(format!("https://dashboard.stripe.com/test/logs/{request_id}"));
        if let (Some(error), Some(Value::Object(details))) = (error.as_object_mut(), self.details.as_deref())
        {
            error.extend(details.clone());
        }
        json!({ "error": error })
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}
