//! Errors as answers: RFC 9457 problem documents with a stable `code`. Each kind of error is mapped once, here.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::webhooks::intake::IntakeError;

/// A problem document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    hint: Option<&'static str>,
    retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            hint: None,
            retry_after: None,
        }
    }

    /// Nothing is at this path.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The path is right and the method is not.
    pub fn method_not_allowed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    /// The body did not come in time.
    pub fn slow_body(limit: Duration) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "slow_body",
            format!("the body did not arrive within {} seconds", limit.as_secs_f64()),
        )
    }

    /// The body broke off.
    pub fn broken_body() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "broken_body",
            "the body could not be read to its end",
        )
    }

    /// A fault of billdeck's own; the log says more.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong here; the log says more under this answer's x-request-id",
        )
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let status = match &error {
            IntakeError::UnknownEndpoint | IntakeError::ProviderOff(_) => StatusCode::NOT_FOUND,
            IntakeError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            IntakeError::BadSignature(_) | IntakeError::BadBody(_) | IntakeError::OtherEnvironment { .. } => {
                StatusCode::BAD_REQUEST
            }
            IntakeError::Busy { .. } | IntakeError::Unavailable { .. } | IntakeError::Closing { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            IntakeError::Refused => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let detail = match &error {
            // What was wrong with it helps who sent it, and tells a stranger nothing new.
            IntakeError::BadSignature(cause) => format!("{error}: {cause}"),
            IntakeError::BadBody(cause) => format!("{error}: {cause}"),
            IntakeError::UnknownEndpoint
            | IntakeError::ProviderOff(_)
            | IntakeError::TooLarge { .. }
            | IntakeError::OtherEnvironment { .. }
            | IntakeError::Busy { .. }
            | IntakeError::Unavailable { .. }
            | IntakeError::Closing { .. }
            | IntakeError::Refused => error.to_string(),
        };
        Self {
            hint: error.hint(),
            retry_after: error.retry_after(),
            ..Self::new(status, error.code(), detail)
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            hint: self.hint,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let content_type = HeaderValue::from_static("application/problem+json");
        let mut response = (self.status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        if let Some(after) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
        }
        response
    }
}
