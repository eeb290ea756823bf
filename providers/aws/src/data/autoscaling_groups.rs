//! `data.aws_autoscaling_groups`: names and ARNs of groups that match, sorted by name.

use async_trait::async_trait;
use aws_sdk_autoscaling::types::Filter;

use super::AwsData;
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct AutoscalingGroups;

#[async_trait]
impl AwsData for AutoscalingGroups {
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let names = config.some_strings("names");
        let one = |block: Fields<'_>| {
            let values = Some(block.strings("values"));
            Filter::builder().set_name(block.string("name")).set_values(values).build()
        };
        let filters: Vec<Filter> = config.blocks("filter").map(one).collect();
        let filters = Some(filters).filter(|filters| !filters.is_empty());
        let ask = |token| {
            api.autoscaling()
                .describe_auto_scaling_groups()
                .set_auto_scaling_group_names(names.clone())
                .set_filters(filters.clone())
                .max_records(100)
                .set_next_token(token)
                .send()
        };
        let all = api.pages("autoscaling", "DescribeAutoScalingGroups", ask, |answer| {
            (answer.auto_scaling_groups, answer.next_token)
        });
        let mut found = all.await?;
        found.sort_by(|a, b| a.auto_scaling_group_name().cmp(&b.auto_scaling_group_name()));
        let mut arns: Vec<&str> =
            found.iter().filter_map(|it| it.auto_scaling_group_arn()).collect();
        arns.sort_unstable();
        let mut row = Row::new();
        row.set("id", api.region())
            .strings("names", found.iter().filter_map(|it| it.auto_scaling_group_name()))
            .strings("arns", arns);
        Ok(row)
    }
}
