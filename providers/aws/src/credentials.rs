//! Credentials, fetched once before anything else: what is wrong with them is told once, at the
//! provider's block, and not by every call that lacks them.

use std::error::Error;
use std::sync::Mutex;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_types::SdkConfig;
use aws_types::request_id::RequestId;
use kprov_core::Path;
use kprov_provider::ProviderError;

use crate::api::chain;
use crate::fields::Fields;

/// A constant phrase for what is wrong with a `provider` block.
pub(crate) const SUMMARY: &str = "Invalid provider configuration";

/// The same configuration, with credentials at hand.
///
/// # Errors
/// When there are none, or nobody gives them.
pub(crate) async fn fetched(
    config: Fields<'_>,
    sdk: SdkConfig,
) -> Result<SdkConfig, ProviderError> {
    let Some(source) = sdk.credentials_provider() else { return Err(nowhere()) };
    let first = source.provide_credentials().await.map_err(|error| refused(config, &error))?;
    let at_hand = AtHand { first: Mutex::new(Some(first)), source };
    let provider = SharedCredentialsProvider::new(at_hand);
    Ok(sdk.into_builder().credentials_provider(provider).build())
}

/// Hands out what was fetched already, then asks the source again.
#[derive(Debug)]
struct AtHand {
    first: Mutex<Option<Credentials>>,
    source: SharedCredentialsProvider,
}

impl ProvideCredentials for AtHand {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        match first {
            Some(first) => future::ProvideCredentials::ready(Ok(first)),
            None => self.source.provide_credentials(),
        }
    }
}

fn nowhere() -> ProviderError {
    let message = "No AWS credentials were found. Set \"profile\" (of the shared files), \
                   \"access_key\" and \"secret_key\", or the AWS_* environment; on a machine of \
                   AWS, give it a role. Without an account, -airplane needs none.";
    ProviderError::rejected(SUMMARY, message)
}

fn refused(config: Fields<'_>, error: &CredentialsError) -> ProviderError {
    let role = |name: &str| config.blocks(name).any(|block| block.str("role_arn").is_some());
    let assumes = ["assume_role", "assume_role_with_web_identity"].into_iter().find(|it| role(it));
    let problem = match answer(error) {
        Some(answer) => {
            let message = format!("AWS gave no credentials of the role. {answer}");
            ProviderError::rejected(SUMMARY, message)
        }
        None if is_nowhere(error) => nowhere(),
        None => {
            let message = format!("AWS credentials cannot be fetched: {}.", chain(error));
            ProviderError::rejected(SUMMARY, message)
        }
    };
    match assumes {
        Some(block) => problem.at(Path::attribute(block)),
        None => problem,
    }
}

/// Was there nothing to be found, down to the machine's own role, which is asked last?
fn is_nowhere(error: &CredentialsError) -> bool {
    matches!(error, CredentialsError::CredentialsNotLoaded(_)) || chain(error).contains("IMDS")
}

/// What STS said.
fn answer(error: &CredentialsError) -> Option<String> {
    let mut here: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = here {
        if let Some(said) = cause.downcast_ref::<AssumeRoleError>() {
            return Some(words(said.meta()));
        }
        if let Some(said) = cause.downcast_ref::<AssumeRoleWithWebIdentityError>() {
            return Some(words(said.meta()));
        }
        here = cause.source();
    }
    None
}

fn words(said: &aws_smithy_types::error::ErrorMetadata) -> String {
    let (code, message) = (said.code().unwrap_or("Error"), said.message().unwrap_or_default());
    let id = said.request_id().map(|id| format!(" (request id {id})")).unwrap_or_default();
    let advice = match code {
        "AccessDenied" => {
            " The role's trust policy must name who asks, and a policy of who asks allow \
             sts:AssumeRole."
        }
        code if code.starts_with("Expired") => " Log in again, and run again.",
        _ => "",
    };
    format!("{code}: {}.{id}{advice}", message.trim_end_matches('.'))
}
