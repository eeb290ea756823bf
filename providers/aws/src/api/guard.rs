//! Account guards: asks once who we are, before the first call, where the configuration wants it.

use tokio::sync::OnceCell;

use super::{Api, AwsError};

/// allowed_account_ids, forbidden_account_ids and expected_account_id.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountRules {
    pub(crate) allowed: Vec<String>,
    pub(crate) forbidden: Vec<String>,
    pub(crate) expected: Option<String>,
}

impl AccountRules {
    fn is_empty(&self) -> bool {
        self.allowed.is_empty() && self.forbidden.is_empty() && self.expected.is_none()
    }

    fn check(&self, account: &str) -> Result<(), AwsError> {
        let fail = |attribute: &str, why: String| {
            let message = format!(
                "The credentials are of AWS account {account}, {why}. Nothing was changed. Use \
                 credentials of the right account."
            );
            Err(AwsError::refused("AccountMismatch", message).at(attribute))
        };
        if let Some(expected) = &self.expected
            && expected != account
        {
            return fail("expected_account_id", format!("but {expected} is expected"));
        }
        if self.forbidden.iter().any(|id| id == account) {
            return fail("forbidden_account_ids", "which is forbidden".to_owned());
        }
        if !self.allowed.is_empty() && !self.allowed.iter().any(|id| id == account) {
            let allowed = self.allowed.join(", ");
            return fail("allowed_account_ids", format!("but allowed are {allowed}"));
        }
        Ok(())
    }
}

/// Who the credentials are.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
}

#[derive(Default)]
pub(super) struct Guard {
    identity: OnceCell<Identity>,
}

impl Api {
    /// Who the credentials are; asked once.
    ///
    /// # Errors
    /// When AWS does not say, or the account is not one to work on.
    pub(crate) async fn identity(&self) -> Result<&Identity, AwsError> {
        let guard = &self.shared.identity;
        let identity = guard.identity.get_or_try_init(|| self.ask()).await?;
        self.shared.settings.accounts.check(&identity.account)?;
        Ok(identity)
    }

    async fn ask(&self) -> Result<Identity, AwsError> {
        let home = self.at(&self.shared.settings.region).plain();
        let ask = || async { home.sts().get_caller_identity().send().await };
        let answer = self.call("sts", "GetCallerIdentity", ask).await?;
        Ok(Identity {
            account: answer.account.unwrap_or_default(),
            arn: answer.arn.unwrap_or_default(),
            user_id: answer.user_id.unwrap_or_default(),
        })
    }

    /// Once, before the first call of a client: may this account be worked on?
    ///
    /// # Errors
    /// As [`Api::identity`].
    pub(crate) async fn check_account(&self) -> Result<(), AwsError> {
        match self.shared.settings.accounts.is_empty() {
            true => Ok(()),
            false => self.identity().await.map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_account_is_refused_at_the_attribute_that_says_so() {
        let rules = AccountRules { expected: Some("1".into()), ..AccountRules::default() };
        assert!(rules.check("1").is_ok());
        let error = rules.check("2").unwrap_err();
        assert_eq!(error.attribute, Some(kprov_core::Path::attribute("expected_account_id")));
        let rules = AccountRules { forbidden: vec!["2".into()], ..AccountRules::default() };
        assert!(rules.check("2").is_err() && rules.check("1").is_ok());
        let rules = AccountRules { allowed: vec!["1".into()], ..AccountRules::default() };
        assert!(rules.check("2").is_err() && rules.check("1").is_ok());
    }
}
