//! Launch templates: which versions there are, and whether a machine is still what its version says.
//!
//! A version never changes, so its data are asked for once; a list of versions is asked for again when the template has a
//! new one, and now and then, since a version can be deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_autoscaling::types::AutoScalingGroup;
use aws_sdk_ec2::types::{
    Instance, LaunchTemplate, LaunchTemplateVersion, ResponseLaunchTemplateData,
};
use futures::future::try_join_all;
use kprov_provider::rotation::TemplateId;
use kprov_provider::rotation::world::{Template, Trust};

use super::super::source;
use super::super::template::Pinned;
use super::members::Machines;
use crate::api::Api;
use crate::resource::Result;

/// How long a list of versions is believed while the template has no new one.
const SETTLED: Duration = Duration::from_secs(5 * 60);

/// Versions by number, with what is in them.
type Versions = Arc<BTreeMap<i64, Option<ResponseLaunchTemplateData>>>;

/// What is known of templates.
#[derive(Default)]
pub(super) struct Templates {
    ids: Vec<TemplateId>,
    data: BTreeMap<TemplateId, ResponseLaunchTemplateData>,
}

/// Looks at all templates of the account, and at the versions of those that these groups or their machines are of. Of the
/// others the newest and the default one are told: a group may be about to go to one.
pub(super) async fn look(
    api: &Api,
    groups: &[&AutoScalingGroup],
    machines: &Machines,
) -> Result<Templates> {
    if groups.is_empty() {
        return Ok(Templates::default());
    }
    let of_groups = groups.iter().filter_map(|group| source::of_group(group));
    let mut used: BTreeSet<String> = of_groups.map(|pinned| pinned.template).collect();
    used.extend(machines.all().filter_map(of_machine));
    let ask = |token| api.ec2().describe_launch_templates().set_next_token(token).send();
    let all = api.pages("ec2", "DescribeLaunchTemplates", ask, |answer| {
        (answer.launch_templates, answer.next_token)
    });
    let all = all.await?;
    let (ours, others): (Vec<&LaunchTemplate>, Vec<&LaunchTemplate>) =
        all.iter().partition(|it| used.contains(it.launch_template_id().unwrap_or_default()));
    let listed = try_join_all(ours.into_iter().map(|it| versions(api, it))).await?;
    let mut found = Templates::default();
    for (template, versions) in listed {
        for (number, data) in versions.iter() {
            let id = Pinned::new(&template, &number.to_string()).id();
            found.data.extend(data.clone().map(|data| (id.clone(), data)));
            found.ids.push(id);
        }
        // A group that does not pin its version can still go back to what it says.
        found.ids.extend(["$Latest", "$Default"].map(|word| Pinned::new(&template, word).id()));
    }
    for other in others {
        let numbers = [other.default_version_number(), other.latest_version_number()];
        let numbers: BTreeSet<i64> = numbers.into_iter().flatten().collect();
        let id = other.launch_template_id().unwrap_or_default();
        found.ids.extend(numbers.iter().map(|number| Pinned::new(id, &number.to_string()).id()));
    }
    Ok(found)
}

fn of_machine(instance: &Instance) -> Option<String> {
    let tag = instance.tags().iter().find(|tag| tag.key() == Some("aws:ec2launchtemplate:id"))?;
    tag.value().map(str::to_owned)
}

async fn versions(api: &Api, template: &LaunchTemplate) -> Result<(String, Versions)> {
    let id = template.launch_template_id().unwrap_or_default().to_owned();
    let newest = template.latest_version_number();
    let fits = |known: &Versions| known.keys().next_back().copied() >= newest;
    let ask = || async {
        let ask = |token| {
            let call = api.ec2().describe_launch_template_versions().launch_template_id(&id);
            call.set_next_token(token).send()
        };
        let all = api.pages("ec2", "DescribeLaunchTemplateVersions", ask, |answer| {
            (answer.launch_template_versions, answer.next_token)
        });
        let all: Vec<LaunchTemplateVersion> = match all.await {
            Err(error) if error.is_not_found() => Vec::new(),
            all => all?,
        };
        let data =
            all.into_iter().filter_map(|it| Some((it.version_number?, it.launch_template_data)));
        Ok(Arc::new(data.collect()))
    };
    let versions = api.remember("rotation: versions", &id, SETTLED, fits, ask).await?;
    Ok((id, versions))
}

impl Templates {
    /// All that exist. What is in them is the plan's to say.
    pub(super) fn all(&self) -> Vec<Template> {
        let one = |id: &TemplateId| Template {
            id: id.clone(),
            kubelet: None,
            api: None,
            trust: Trust::default(),
        };
        self.ids.iter().map(one).collect()
    }

    /// Is a machine something else than its template says: image, security groups, and its type, where the group does
    /// not choose among several (`mixed`)?
    pub(super) fn changed(&self, template: &TemplateId, machine: &Instance, mixed: bool) -> bool {
        self.data.get(template).is_some_and(|data| differs(data, machine, mixed))
    }
}

fn differs(data: &ResponseLaunchTemplateData, machine: &Instance, mixed: bool) -> bool {
    // One that is looked up when a machine is launched is not told here.
    let image = data.image_id().filter(|image| image.starts_with("ami-"));
    if image.is_some() && image != machine.image_id() {
        return true;
    }
    let kind = data.instance_type().filter(|_| !mixed).map(|kind| kind.as_str());
    if kind.is_some() && kind != machine.instance_type().map(|kind| kind.as_str()) {
        return true;
    }
    let first = data.network_interfaces().iter().min_by_key(|it| it.device_index());
    let wanted = match first.map(|it| it.groups()) {
        Some(groups) if !groups.is_empty() => groups,
        _ => data.security_group_ids(),
    };
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let has = machine.security_groups().iter().filter_map(|it| it.group_id());
    !wanted.is_empty() && wanted != has.collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{GroupIdentifier, InstanceType};

    use super::*;

    fn machine(image: &str, kind: InstanceType, groups: &[&str]) -> Instance {
        let groups = groups.iter().map(|id| GroupIdentifier::builder().group_id(*id).build());
        Instance::builder()
            .image_id(image)
            .instance_type(kind)
            .set_security_groups(Some(groups.collect()))
            .build()
    }

    #[test]
    fn what_somebody_changed_by_hand_is_seen() {
        let data = ResponseLaunchTemplateData::builder()
            .image_id("ami-1")
            .instance_type(InstanceType::M5Large)
            .security_group_ids("sg-1")
            .security_group_ids("sg-2")
            .build();
        let as_said = machine("ami-1", InstanceType::M5Large, &["sg-2", "sg-1"]);
        assert!(!differs(&data, &as_said, false));
        for (other, what) in [
            (machine("ami-2", InstanceType::M5Large, &["sg-1", "sg-2"]), "image"),
            (machine("ami-1", InstanceType::M5Large, &["sg-1"]), "security groups"),
        ] {
            assert!(differs(&data, &other, false), "{what}");
        }
        let larger = machine("ami-1", InstanceType::M5Xlarge, &["sg-1", "sg-2"]);
        assert!(differs(&data, &larger, false));
        assert!(!differs(&data, &larger, true), "a policy chooses among types");
    }

    #[test]
    fn what_a_template_does_not_say_is_no_difference() {
        let data = ResponseLaunchTemplateData::builder().image_id("resolve:ssm:/image").build();
        assert!(!differs(&data, &machine("ami-7", InstanceType::M5Large, &["sg-1"]), false));
    }
}
