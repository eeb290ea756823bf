//! Claims in SSM: PutParameter without Overwrite writes only what is not there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_ssm::types::ParameterType;

use super::Claims;
use crate::aws::refused;
use crate::problem::Problem;

/// Claims below a prefix in SSM.
#[derive(Clone, Debug)]
pub(crate) struct InSsm {
    client: aws_sdk_ssm::Client,
    prefix: String,
}

impl InSsm {
    pub(crate) fn new(aws: &SdkConfig, prefix: &str) -> InSsm {
        InSsm { client: aws_sdk_ssm::Client::new(aws), prefix: prefix.to_owned() }
    }

    fn name(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }
}

#[async_trait]
impl Claims for InSsm {
    async fn all(&self) -> Result<BTreeMap<String, String>, Problem> {
        let asked = self
            .client
            .get_parameters_by_path()
            .path(&self.prefix)
            .recursive(true)
            .with_decryption(true);
        let mut pages = asked.into_paginator().send();
        let mut all = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused("Claims cannot be read from SSM", &error))?;
            for parameter in page.parameters() {
                let name = parameter.name().and_then(|name| name.strip_prefix(&self.prefix));
                if let (Some(name), Some(value)) = (name, parameter.value()) {
                    all.insert(name.trim_start_matches('/').to_owned(), value.to_owned());
                }
            }
        }
        Ok(all)
    }

    async fn write_once(&self, name: &str, value: &str) -> Result<bool, Problem> {
        let put = self
            .client
            .put_parameter()
            .name(self.name(name))
            .value(value)
            .r#type(ParameterType::String);
        match put.overwrite(false).send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_parameter_already_exists()) =>
            {
                Ok(false)
            }
            Err(error) => {
                Err(refused(&format!("The claim {name} cannot be written to SSM"), &error))
            }
        }
    }

    async fn overwrite(&self, name: &str, value: &str) -> Result<(), Problem> {
        let put = self
            .client
            .put_parameter()
            .name(self.name(name))
            .value(value)
            .r#type(ParameterType::String);
        let done = put.overwrite(true).send().await;
        done.map(drop)
            .map_err(|error| refused(&format!("The claim {name} cannot be written to SSM"), &error))
    }

    /// SSM cannot compare before it deletes. Between the two another one may have written; nobody relies on `founder`
    /// alone, and other claims are deleted by their own machine only.
    async fn delete(&self, name: &str, value: &str) -> Result<(), Problem> {
        let what = format!("The claim {name} cannot be deleted from SSM");
        let found = self.client.get_parameter().name(self.name(name)).send().await;
        match found {
            Ok(found) if found.parameter().and_then(|it| it.value()) == Some(value) => {}
            Ok(_) => return Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) =>
            {
                return Ok(());
            }
            Err(error) => return Err(refused(&what, &error)),
        }
        match self.client.delete_parameter().name(self.name(name)).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) =>
            {
                Ok(())
            }
            Err(error) => Err(refused(&what, &error)),
        }
    }
}
