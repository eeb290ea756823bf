//! `aws_autoscaling_attachment`: a load balancer or target group that a group serves.

use async_trait::async_trait;

use super::group::traffic;
use super::groups;
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Attachment;

#[async_trait]
impl AwsResource for Attachment {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.needs_one(config, &["lb_target_group_arn", "elb"]);
        problems.conflicts(config, &["lb_target_group_arn", "elb"]);
        if let Some(arn) = config.text("lb_target_group_arn")
            && !(arn.starts_with("arn:") && arn.contains(":targetgroup/"))
        {
            let message = format!("{arn:?} is not the ARN of a target group.");
            problems.add("lb_target_group_arn", "Invalid ARN", message);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let name = prior.str("autoscaling_group_name").unwrap_or_default();
        let Some(group) = api.load("autoscaling group", name, groups).await? else {
            return Ok(None);
        };
        let is_there = match prior.string("lb_target_group_arn") {
            Some(arn) => group.target_group_arns().contains(&arn),
            None => prior.string("elb").is_some_and(|it| group.load_balancer_names().contains(&it)),
        };
        let mut row = Row::new();
        row.set("id", id(prior));
        Ok(is_there.then_some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = planned.str("autoscaling_group_name").unwrap_or_default();
        match planned.string("lb_target_group_arn") {
            Some(arn) => traffic::attach_target_groups(api, name, &[arn]).await?,
            None => traffic::attach_balancers(api, name, &planned.strings_of("elb")).await?,
        }
        Ok(Made::id(id(planned)))
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let name = prior.str("autoscaling_group_name").unwrap_or_default();
        match prior.string("lb_target_group_arn") {
            Some(arn) => traffic::detach_target_groups(api, name, &[arn]).await,
            None => traffic::detach_balancers(api, name, &prior.strings_of("elb")).await,
        }
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let found = self.read(api, create.planned).await?;
        Ok(found.map(|_| Made::id(id(create.planned))))
    }

    fn import(
        &self,
        _id: &str,
    ) -> std::result::Result<Vec<(&'static str, kprov_core::Value)>, String> {
        Err("aws_autoscaling_attachment cannot be imported: apply it; to attach what is attached \
             already changes nothing."
            .to_owned())
    }
}

fn id(object: Fields<'_>) -> String {
    let name = object.str("autoscaling_group_name").unwrap_or_default();
    let what = object.str("lb_target_group_arn").or(object.str("elb")).unwrap_or_default();
    format!("{name}-{what}")
}
