//! [`AwsError`]: what went wrong with a call, told apart by what it means for the object.
//!
//! Messages are AWS's own words, code and request id, and what to do; never request parameters.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use kprov_core::Path;
use kprov_provider::{ErrorClass, ProviderError};

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Too many calls: nothing happened.
    Throttled,
    /// AWS could not: nothing happened.
    Unavailable,
    /// The request never left this machine.
    Unreachable,
    /// The request left; no answer that tells what became of it.
    Lost,
    /// AWS did as it was told, and answered what nobody understands.
    Garbled,
    /// AWS refused.
    Refused,
}

/// A failed call.
#[derive(Clone, Debug)]
pub(crate) struct AwsError {
    pub(crate) kind: Kind,
    /// `InvalidVpcID.NotFound`; empty where there was no answer.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
    /// "ec2:CreateVpc"
    pub(crate) operation: String,
    /// May the object exist or be changed?
    pub(crate) class: ErrorClass,
    pub(crate) attribute: Option<Path>,
}

/// Codes by which AWS says that there were too many calls.
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Codes by which AWS says that it did nothing because it could not, also because others
/// changed the object at the same moment.
const UNAVAILABLE: &[&str] = &[
    "ConcurrentModification",
    "ConcurrentModificationException",
    "OperationAborted",
    "RequestTimeTooSkewedRetry",
    "ServiceUnavailable",
    "Unavailable",
];

impl AwsError {
    /// From the SDK's error of a call.
    pub(crate) fn from_sdk<E>(
        error: &SdkError<E, HttpResponse>,
        service: &str,
        operation: &str,
    ) -> AwsError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.code().unwrap_or_default().to_owned();
        let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
        let kind = match error {
            SdkError::ConstructionFailure(_) => Kind::Refused,
            SdkError::ResponseError(_) if (200..300).contains(&status) => Kind::Garbled,
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Kind::Lost,
            SdkError::DispatchFailure(_) if never_left(error) => Kind::Unreachable,
            SdkError::DispatchFailure(_) => Kind::Lost,
            _ => kind_of(service, &code, status),
        };
        let message = match error {
            SdkError::ServiceError(_) if kind != Kind::Garbled => match error.message() {
                Some(text) if !text.is_empty() => text.to_owned(),
                _ if code.is_empty() => format!("AWS answered HTTP {status} and did not say why"),
                _ => String::new(),
            },
            error => chain(error),
        };
        AwsError {
            kind,
            code,
            message,
            request_id: error.request_id().map(str::to_owned),
            operation: format!("{service}:{operation}"),
            class: class_of(kind, is_read(operation)),
            attribute: None,
        }
    }

    /// A refusal in our own words.
    pub(crate) fn refused(code: &str, message: impl Into<String>) -> AwsError {
        AwsError {
            kind: Kind::Refused,
            code: code.to_owned(),
            message: message.into(),
            request_id: None,
            operation: String::new(),
            class: ErrorClass::Rejected,
            attribute: None,
        }
    }

    /// It may have happened, in our own words.
    pub(crate) fn lost(code: &str, message: impl Into<String>) -> AwsError {
        AwsError {
            kind: Kind::Lost,
            class: ErrorClass::Ambiguous,
            ..AwsError::refused(code, message)
        }
    }

    /// Says which attribute is at fault.
    pub(crate) fn at(mut self, attribute: &str) -> AwsError {
        self.attribute = Some(Path::attribute(attribute));
        self
    }

    /// The object exists already (or is changed in part), whatever the error says.
    pub(crate) fn after_effect(mut self) -> AwsError {
        self.class = ErrorClass::Ambiguous;
        self
    }

    /// Is it known what happened? Then AWS refused, or we waited in vain; no answer was lost.
    pub(crate) fn is_conclusion(&self) -> bool {
        self.kind == Kind::Refused || self.operation.is_empty()
    }

    /// Is the code one of these?
    pub(crate) fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }

    /// Does AWS say that the object is not there?
    pub(crate) fn is_not_found(&self) -> bool {
        let code = self.code.as_str();
        code.ends_with(".NotFound")
            || code.ends_with("NotFoundException")
            || code.ends_with("NotFound")
            || self.is(&[
                "AWS.SimpleQueueService.NonExistentQueue",
                "InvalidVpcPeeringConnectionId.NotFound",
                "NatGatewayNotFound",
                "NoSuchBucket",
                "NoSuchEntity",
                "NoSuchEntityException",
                "NoSuchHostedZone",
                "NoSuchKey",
                "ParameterNotFound",
                "QueueDoesNotExist",
                "ResourceNotFoundException",
            ])
    }

    /// Did AWS say no, so that nothing happened?
    pub(crate) fn is_refusal(&self) -> bool {
        self.kind == Kind::Refused
    }

    /// Is it about who asks, or how much they may have, and not about what was asked for?
    pub(crate) fn is_about_account(&self) -> bool {
        is_quota(&self.code)
            || self.code.starts_with("Expired")
            || self.is(&[
                "AccessDenied",
                "AccessDeniedException",
                "AuthFailure",
                "InvalidAccessKeyId",
                "InvalidClientTokenId",
                "OptInRequired",
                "RequestExpired",
                "SignatureDoesNotMatch",
                "UnauthorizedOperation",
                "UnrecognizedClientException",
            ])
    }

    /// Does AWS refuse because another object still needs this one?
    pub(crate) fn is_in_use(&self) -> bool {
        self.code.ends_with(".InUse")
            || self.is(&[
                "DeleteConflict",
                "DependencyViolation",
                "InUse",
                "ResourceInUse",
                "ResourceInUseException",
                "ScalingActivityInProgress",
            ])
    }
}

/// Is it that the account may not have more?
fn is_quota(code: &str) -> bool {
    code.ends_with("LimitExceeded")
        || code.ends_with("LimitExceededException")
        || code.starts_with("TooMany")
        || code == "QuotaExceededException"
}

fn kind_of(service: &str, code: &str, status: u16) -> Kind {
    let quota = code == "LimitExceededException" && service != "kms" && service != "ssm";
    match code {
        _ if (200..300).contains(&status) => Kind::Garbled,
        _ if quota => Kind::Refused,
        _ if THROTTLED.contains(&code) || status == 429 => Kind::Throttled,
        // Told as AWS's own failure, but a refusal: nothing was started.
        _ if code.starts_with("Insufficient") => Kind::Refused,
        _ if UNAVAILABLE.contains(&code) || status == 503 => Kind::Unavailable,
        _ if status >= 500 => Kind::Lost,
        _ => Kind::Refused,
    }
}

fn class_of(kind: Kind, read: bool) -> ErrorClass {
    match kind {
        Kind::Throttled | Kind::Unavailable | Kind::Unreachable => ErrorClass::Retryable,
        Kind::Lost if read => ErrorClass::Retryable,
        Kind::Lost => ErrorClass::Ambiguous,
        Kind::Garbled if !read => ErrorClass::Ambiguous,
        Kind::Garbled | Kind::Refused => ErrorClass::Rejected,
    }
}

/// Does the operation only look?
pub(crate) fn is_read(operation: &str) -> bool {
    ["Describe", "Get", "List", "Head"].iter().any(|prefix| operation.starts_with(prefix))
}

/// Is it the same to do it twice? Where the first time succeeded and its answer was lost, the second
/// finds things as it wants them, or nothing that is still to be removed.
pub(crate) fn is_repeatable(operation: &str) -> bool {
    const VERBS: [&str; 14] = [
        "Delete",
        "Deregister",
        "Detach",
        "Disable",
        "Disassociate",
        "Enable",
        "Modify",
        "Put",
        "Release",
        "Remove",
        "Revoke",
        "Set",
        "Terminate",
        "Update",
    ];
    // The first may not be there yet when it is written; of the second every write is a version.
    let makes = ["PutParameter", "PutObject"].contains(&operation);
    operation == "CreateTags" || !makes && VERBS.iter().any(|verb| operation.starts_with(verb))
}

/// Did the connection fail before anything was sent (refused, no such host, no credentials)?
fn never_left(error: &(dyn Error + 'static)) -> bool {
    let mut here = Some(error);
    while let Some(cause) = here {
        let text = cause.to_string();
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return true;
        }
        if text.contains("dns error") || text.contains("loading credentials") {
            return true;
        }
        if cause.is::<aws_credential_types::provider::error::CredentialsError>() {
            return true;
        }
        here = cause.source();
    }
    false
}

/// All causes, without repeating one that the next already says.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut here = Some(error);
    while let Some(cause) = here {
        let text = cause.to_string();
        if !text.is_empty() && texts.last() != Some(&text) {
            texts.push(text);
        }
        here = cause.source();
    }
    texts.join(": ")
}

/// What one can do about it.
fn advice(error: &AwsError) -> &'static str {
    let AwsError { kind, operation, .. } = error;
    let called = operation.split_once(':').map_or("", |(_, called)| called);
    match error.code.as_str() {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            " The session has expired: log in again (or refresh \"token\") and run again."
        }
        "AuthFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch" => {
            " AWS does not know these credentials: check \"access_key\", \"secret_key\", \"profile\" \
             or the AWS_* environment, and that the region is enabled for the account."
        }
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => {
            " The credentials are valid, but a policy does not allow this call: allow it, or use a \
             role that may (\"assume_role\")."
        }
        "OptInRequired" => " The account has not enabled this region or service.",
        "InsufficientInstanceCapacity" | "InsufficientVolumeCapacity" => {
            " AWS has no more of this in that zone at the moment: choose another zone or instance \
             type, or run again later."
        }
        code if is_quota(code) => {
            " A quota of the account is reached: remove what is not needed, or ask AWS for more."
        }
        _ if error.is_not_found() && !called.is_empty() && !is_read(called) => {
            " It is not in this account and region: it was deleted outside (then run again), or the \
             id belongs to another account or region."
        }
        _ if *kind == Kind::Unreachable => " Check the network, \"region\" and \"endpoints\".",
        _ => "",
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        match (self.code.is_empty(), self.message.is_empty()) {
            (true, _) => {}
            (false, true) => write!(f, "{}.", self.code)?,
            (false, false) => write!(f, "{}: ", self.code)?,
        }
        f.write_str(&self.message)?;
        if !self.message.is_empty() && !self.message.ends_with('.') {
            f.write_str(".")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request id {id})")?;
        }
        f.write_str(advice(self))
    }
}

impl AwsError {
    /// For the engine, with a constant phrase of what failed.
    pub(crate) fn provider(self, summary: impl Into<String>) -> ProviderError {
        let mut error = ProviderError::rejected(summary, self.to_string());
        error.class = self.class;
        error.attribute = self.attribute;
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(service: &str, operation: &str, code: &str, status: u16) -> ErrorClass {
        class_of(kind_of(service, code, status), is_read(operation))
    }

    #[test]
    fn what_makes_something_is_never_repeated() {
        for operation in ["CreateVpc", "RunInstances", "PutParameter", "AttachVolume"] {
            assert!(!is_repeatable(operation), "{operation}");
        }
        for operation in ["DeleteVpc", "ModifyVpcAttribute", "CreateTags", "PutRolePolicy"] {
            assert!(is_repeatable(operation), "{operation}");
        }
    }

    #[test]
    fn a_class_follows_from_code_status_and_operation() {
        use ErrorClass::*;
        assert_eq!(class("ec2", "CreateVpc", "RequestLimitExceeded", 503), Retryable);
        assert_eq!(class("ec2", "CreateVpc", "Unavailable", 503), Retryable);
        assert_eq!(class("ec2", "CreateVpc", "InternalError", 500), Ambiguous);
        assert_eq!(class("ec2", "DescribeVpcs", "InternalError", 500), Retryable);
        assert_eq!(class("ec2", "CreateVpc", "VpcLimitExceeded", 400), Rejected);
        assert_eq!(class("ecr", "CreateRepository", "LimitExceededException", 400), Rejected);
        assert_eq!(class("ec2", "DeleteVpc", "DependencyViolation", 400), Rejected);
        assert_eq!(class("ec2", "RunInstances", "InsufficientInstanceCapacity", 500), Rejected);
    }

    #[test]
    fn words_say_code_request_and_what_to_do() {
        let mut error = AwsError::refused("ExpiredToken", "The token expired");
        error.operation = "ec2:CreateVpc".to_owned();
        error.request_id = Some("r-1".to_owned());
        let text = error.to_string();
        assert!(text.starts_with("ec2:CreateVpc: ExpiredToken: The token expired."), "{text}");
        assert!(text.contains("request id r-1") && text.contains("log in again"), "{text}");
    }

    #[test]
    fn what_is_not_there_is_told_by_code() {
        for code in ["InvalidVpcID.NotFound", "NoSuchEntity", "LoadBalancerNotFound"] {
            assert!(AwsError::refused(code, "").is_not_found(), "{code}");
        }
        assert!(!AwsError::refused("DependencyViolation", "").is_not_found());
    }
}
