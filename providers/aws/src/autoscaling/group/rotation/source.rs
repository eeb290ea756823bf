//! What a group launches from, as AWS tells and takes it: a launch template, or a mixed instances policy over one.

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, LaunchTemplate, LaunchTemplateOverrides, LaunchTemplateSpecification,
    MixedInstancesPolicy,
};
use kprov_provider::rotation::TemplateId;

use super::template::Pinned;

/// A template of AWS's, where it is known by id.
pub(super) fn pinned(it: &LaunchTemplateSpecification) -> Option<Pinned> {
    Some(Pinned::new(it.launch_template_id()?, it.version().unwrap_or("$Default")))
}

/// What the group launches from now.
pub(super) fn of_group(group: &AutoScalingGroup) -> Option<Pinned> {
    let policy = group.mixed_instances_policy().and_then(MixedInstancesPolicy::launch_template);
    let specification = policy.and_then(LaunchTemplate::launch_template_specification);
    group.launch_template().or(specification).and_then(pinned)
}

/// The same by its name in rotations. What is launched by a launch configuration is of no template that could be gone
/// to.
pub(super) fn template_of(group: &AutoScalingGroup) -> TemplateId {
    match of_group(group) {
        Some(pinned) => pinned.id(),
        None => TemplateId::new(&format!(
            "lc/{}",
            group.launch_configuration_name().unwrap_or_default()
        )),
    }
}

/// What an update says so that a group launches from that template: one of the two.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) template: Option<LaunchTemplateSpecification>,
    pub(super) policy: Option<MixedInstancesPolicy>,
}

impl Source {
    /// As the group says it otherwise.
    pub(super) fn new(group: &AutoScalingGroup, wanted: &Pinned) -> Source {
        let specification = LaunchTemplateSpecification::builder()
            .launch_template_id(&wanted.template)
            .version(&wanted.version)
            .build();
        let Some(policy) = group.mixed_instances_policy() else {
            return Source { template: Some(specification), policy: None };
        };
        let mut policy = policy.clone();
        let mut launch =
            policy.launch_template.take().unwrap_or_else(|| LaunchTemplate::builder().build());
        launch.launch_template_specification = Some(specification);
        launch.overrides = launch.overrides.map(|all| all.into_iter().map(by_id).collect());
        policy.launch_template = Some(launch);
        Source { template: None, policy: Some(policy) }
    }
}

/// AWS tells id and name, and takes one of them.
fn by_id(mut it: LaunchTemplateOverrides) -> LaunchTemplateOverrides {
    if let Some(own) = &mut it.launch_template_specification
        && own.launch_template_id.is_some()
    {
        own.launch_template_name = None;
    }
    it
}
