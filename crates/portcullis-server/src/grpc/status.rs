//! Statuses: what a failure over HTTP is over gRPC. The proto says to clients what each means.

use http::StatusCode;
use tonic::{Code, Status};

use crate::http::Failure;
use crate::{Hearing, Refusal};

/// As the header of HTTP.
const REVISION: &str = "portcullis-revision";

/// The status of a failure.
pub(super) fn of(failure: Failure) -> Status {
    let retry = failure.retry_after().cloned();
    let revision = failure.revision().and_then(|token| token.parse().ok());
    let code = match failure.status {
        StatusCode::BAD_REQUEST => Code::InvalidArgument,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::NotFound,
        // A revision that is yet to come, and one that will never come.
        StatusCode::CONFLICT if retry.is_some() => Code::Unavailable,
        StatusCode::CONFLICT => Code::FailedPrecondition,
        StatusCode::REQUEST_TIMEOUT => Code::DeadlineExceeded,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => Code::ResourceExhausted,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        _ => Code::Internal,
    };
    let mut status = Status::new(code, failure.message);
    if let Some(seconds) = retry.and_then(|seconds| seconds.to_str().ok()?.parse().ok()) {
        status.metadata_mut().insert("retry-after", seconds);
    }
    if let Some(token) = revision {
        status.metadata_mut().insert(REVISION, token);
    }
    status
}

/// The same of a message that is not as it must be, or has no place: it names the revision that its sender was heard under.
pub(super) fn under(mut status: Status, hearing: &Hearing) -> Status {
    if let Ok(token) = hearing.revision().parse() {
        status.metadata_mut().insert(REVISION, token);
    }
    status
}

/// The status of a refusal in the middle of a stream.
pub(super) fn of_refusal(refusal: Refusal) -> Status {
    of(refusal.into())
}

/// What tonic says of a frame that is none, which it takes for a failure of ours.
pub(super) fn of_frame(status: Status) -> Status {
    match status.code() {
        Code::Internal => Status::invalid_argument(status.message()),
        _ => status,
    }
}

/// The status with which streams end when the server does.
pub(super) fn stops() -> Status {
    Status::unavailable("the server stops")
}

/// The word of a code in metrics.
pub(super) const fn word(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::Unknown => "unknown",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}
