//! Which types there are: one line per type, and nothing else decides it.

use kprov_provider::{DataSource, Resource};

use crate::autoscaling;
use crate::data::{self, Reads};
use crate::ec2;
use crate::ec2::group_rules::Direction;
use crate::resource::Adapter;

/// The `provider` block.
pub(crate) const PROVIDER: &str = include_str!("../schemas/provider.json");

/// A type of resource, or of data source.
pub(crate) struct Entry<T: ?Sized + 'static> {
    /// `aws_vpc`
    pub(crate) name: &'static str,
    /// Its schema file.
    pub(crate) schema: &'static str,
    /// What it does.
    pub(crate) code: &'static T,
}

macro_rules! resource {
    ($name:literal, $code:expr) => {
        Entry {
            name: $name,
            schema: include_str!(concat!("../schemas/", $name, ".json")),
            code: &Adapter { name: $name, inner: $code },
        }
    };
}

macro_rules! data {
    ($name:literal, $code:expr) => {
        Entry {
            name: $name,
            schema: include_str!(concat!("../schemas/data_", $name, ".json")),
            code: &Reads { name: $name, inner: $code },
        }
    };
}

/// `resource` types. Sorted.
pub(crate) static RESOURCES: &[Entry<dyn Resource>] = &[
    resource!("aws_autoscaling_attachment", autoscaling::attachment::Attachment),
    resource!("aws_autoscaling_group", autoscaling::group::Group),
    resource!("aws_autoscaling_lifecycle_hook", autoscaling::lifecycle_hook::LifecycleHook),
    resource!("aws_autoscaling_policy", autoscaling::policy::Policy),
    resource!("aws_autoscaling_schedule", autoscaling::schedule::Schedule),
    resource!("aws_default_security_group", ec2::default_security_group::DefaultSecurityGroup),
    resource!("aws_ebs_volume", ec2::ebs_volume::EbsVolume),
    resource!("aws_instance", ec2::instance::Instance),
    resource!("aws_key_pair", ec2::key_pair::KeyPair),
    resource!("aws_launch_template", ec2::launch_template::LaunchTemplate),
    resource!("aws_security_group", ec2::security_group::SecurityGroup),
    resource!("aws_security_group_rule", ec2::security_group_rule::SecurityGroupRule),
    resource!("aws_subnet", ec2::subnet::Subnet),
    resource!("aws_volume_attachment", ec2::volume_attachment::VolumeAttachment),
    resource!("aws_vpc", ec2::vpc::Vpc),
    resource!(
        "aws_vpc_security_group_egress_rule",
        ec2::vpc_security_group_rule::VpcSecurityGroupRule(Direction::Egress)
    ),
    resource!(
        "aws_vpc_security_group_ingress_rule",
        ec2::vpc_security_group_rule::VpcSecurityGroupRule(Direction::Ingress)
    ),
];

/// `data` types. Sorted.
pub(crate) static DATA_SOURCES: &[Entry<dyn DataSource>] = &[
    data!("aws_ami", data::ami::Ami),
    data!("aws_autoscaling_groups", data::autoscaling_groups::AutoscalingGroups),
    data!("aws_availability_zones", data::availability_zones::AvailabilityZones),
    data!("aws_caller_identity", data::caller_identity::CallerIdentity),
    data!("aws_instances", data::instances::Instances),
    data!("aws_security_group", data::security_group::SecurityGroup),
];
