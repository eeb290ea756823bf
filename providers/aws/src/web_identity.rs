//! [`WebIdentity`]: credentials of a role for a token from another identity provider.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};

/// assume_role_with_web_identity
#[derive(Debug)]
pub(crate) struct WebIdentity {
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) role_arn: String,
    pub(crate) session_name: String,
    pub(crate) token: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) seconds: Option<i32>,
}

impl WebIdentity {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let token = match (&self.token, &self.file) {
            (Some(token), _) => token.clone(),
            // Read each time: whoever gives the token renews it in the file.
            (None, Some(path)) => std::fs::read_to_string(path)
                .map_err(CredentialsError::invalid_configuration)?
                .trim()
                .to_owned(),
            (None, None) => return Err(CredentialsError::not_loaded("no web identity token")),
        };
        let answer = self
            .sts
            .assume_role_with_web_identity()
            .role_arn(&self.role_arn)
            .role_session_name(&self.session_name)
            .web_identity_token(token)
            .set_policy(self.policy.clone())
            .set_duration_seconds(self.seconds)
            .send()
            .await
            .map_err(CredentialsError::provider_error)?;
        let given = answer.credentials.ok_or_else(|| CredentialsError::not_loaded("no answer"))?;
        let expiry = std::time::SystemTime::try_from(*given.expiration()).ok();
        let (key, secret) = (given.access_key_id(), given.secret_access_key());
        let token = Some(given.session_token().to_owned());
        Ok(Credentials::new(key, secret, token, expiry, "kprov web identity"))
    }
}

impl ProvideCredentials for WebIdentity {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
