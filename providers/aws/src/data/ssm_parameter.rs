//! `data.aws_ssm_parameter`: one of ours, or one of AWS's public ones (ids of images).

use async_trait::async_trait;
use aws_sdk_ssm::types::ParameterType;

use super::AwsData;
use crate::api::{Api, AwsError};
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;
use crate::ssm::parameter::parameters;

#[derive(Debug)]
pub(crate) struct SsmParameter;

#[async_trait]
impl AwsData for SsmParameter {
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let name = config.str("name").unwrap_or_default();
        // A version or label can be part of the name, and a call for one may leave the value sealed.
        let sealed = config.bool("with_decryption") == Some(false);
        let found = match sealed || name.contains(':') {
            false => api.load("ssm parameter", name, parameters).await?,
            true => {
                let ask = || api.ssm().get_parameter().name(name).with_decryption(!sealed).send();
                match api.call("ssm", "GetParameter", ask).await {
                    Err(error) if error.is_not_found() => None,
                    answer => answer?.parameter,
                }
            }
        };
        let found = found.ok_or_else(|| {
            let message = format!("There is no parameter {name:?} in {}", api.region());
            AwsError::refused("ParameterNotFound", message).at("name")
        })?;
        let kind = found.r#type().map_or("String", ParameterType::as_str);
        let value = found.value().unwrap_or_default();
        let open = if kind == "SecureString" { "" } else { value };
        let mut row = Row::new();
        row.set("id", name)
            .set("arn", found.arn())
            .set("type", kind)
            .set("value", value)
            .set("insecure_value", open)
            .set("version", found.version());
        Ok(row)
    }
}
