//! `aws_default_security_group`: takes over the group that every VPC has, with all its rules: what
//! the configuration does not name is removed. AWS does not let it go, so a delete only forgets it.

use async_trait::async_trait;

use super::group_rules::{Direction, converge, groups};
use super::security_group::{check_rules, default_groups, row, tell, update_rules};
use super::{filter, pairs, permission, tags};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging, retag_ec2};
use crate::row::Row;
use crate::tags::{Tags, difference};

#[derive(Debug)]
pub(crate) struct DefaultSecurityGroup;

#[async_trait]
impl AwsResource for DefaultSecurityGroup {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("security-group")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        check_rules(config, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let found = api.load("security group", prior.id(), groups).await?;
        Ok(found.map(|group| row(api, &group, prior)))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let vpc = match create.planned.string("vpc_id") {
            Some(vpc) => vpc,
            None => default_vpc(api).await?,
        };
        let group = api.load("default security group", &vpc, default_groups).await?;
        let Some(group) = group else {
            let message = format!("VPC {vpc} has no default security group: is there such a VPC?");
            return Err(AwsError::refused("NotFound", message).at("vpc_id"));
        };
        let id = group.group_id().unwrap_or_default().to_owned();
        api.tell("security group", &id, Some(group));
        Ok(Made::id(id))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let found = api.recalling().load("security group", id, groups).await?;
        let Some(mut group) = found else { return Ok(()) };
        for direction in [Direction::Ingress, Direction::Egress] {
            let now = direction.of(&group);
            let rules = create.planned.blocks(direction.name());
            let wanted = permission::all_written(rules, id);
            converge(api, id, direction, &now, &now, &wanted).await?;
        }
        let own = pairs(group.tags()).filter(|(key, _)| !key.starts_with("aws:"));
        let now: Tags = own.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let (mut removed, written) = difference(&now, &create.tags_with_token());
        removed.retain(|key| !api.tag_rules().hides(key));
        retag_ec2(api, id, &removed, &written).await?;
        let all = now.into_iter().filter(|(key, _)| !removed.contains(key)).chain(written);
        group.tags = Some(tags(&all.collect()));
        tell(api, id, group, create.planned);
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        update_rules(api, changes).await
    }

    async fn delete(&self, _api: &Api, _prior: Fields<'_>) -> Result<()> {
        Ok(())
    }
}

async fn default_vpc(api: &Api) -> Result<String> {
    let by = filter("is-default", ["true"]);
    let ask = || api.ec2().describe_vpcs().filters(by.clone()).send();
    let answer = api.call("ec2", "DescribeVpcs", ask).await?;
    let vpc = answer.vpcs.unwrap_or_default().into_iter().find_map(|vpc| vpc.vpc_id);
    vpc.ok_or_else(|| {
        let message = "There is no default VPC in this region: set \"vpc_id\".";
        AwsError::refused("NoDefaultVpc", message).at("vpc_id")
    })
}
