//! `data.aws_security_group`: the one group that matches.

use async_trait::async_trait;

use super::{AwsData, filters, only};
use crate::api::Api;
use crate::ec2::{filter, pairs, security_group};
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct SecurityGroup;

#[async_trait]
impl AwsData for SecurityGroup {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.needs_one(config, &["id", "name", "vpc_id", "tags", "filter"]);
    }

    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let mut by = filters(config);
        for (name, attribute) in [("group-id", "id"), ("group-name", "name"), ("vpc-id", "vpc_id")]
        {
            by.extend(config.str(attribute).map(|text| filter(name, [text])));
        }
        let tags = config.map("tags");
        by.extend(tags.into_iter().map(|(key, value)| filter(&format!("tag:{key}"), [value])));
        let ask = |token| {
            let call = api.ec2().describe_security_groups().set_filters(Some(by.clone()));
            call.set_next_token(token).send()
        };
        let all = api.pages("ec2", "DescribeSecurityGroups", ask, |answer| {
            (answer.security_groups, answer.next_token)
        });
        let group = only(all.await?, "security group")?;
        let id = group.group_id().unwrap_or_default();
        let mut row = Row::new();
        row.set("id", id)
            .set("arn", security_group::arn(api, group.owner_id().unwrap_or_default(), id))
            .set("name", group.group_name())
            .set("description", group.description())
            .set("vpc_id", group.vpc_id())
            .tags(pairs(group.tags()));
        Ok(row)
    }
}
