//! Which types there are: one line per type, and nothing else decides it.

use kprov_provider::{DataSource, Resource};

use crate::data::{self, Reads};
use crate::ec2;
use crate::ecr;
use crate::elbv2;
use crate::events;
use crate::iam;
use crate::kms;
use crate::resource::Adapter;
use crate::route53;
use crate::sqs;
use crate::ssm;

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
    resource!("aws_cloudwatch_event_rule", events::rule::EventRule),
    resource!("aws_cloudwatch_event_target", events::target::EventTarget),
    resource!("aws_ecr_repository", ecr::repository::Repository),
    resource!("aws_iam_instance_profile", iam::instance_profile::InstanceProfile),
    resource!(
        "aws_iam_openid_connect_provider",
        iam::openid_connect_provider::OpenIdConnectProvider
    ),
    resource!("aws_iam_policy", iam::policy::Policy),
    resource!("aws_iam_role", iam::role::Role),
    resource!("aws_iam_role_policy", iam::role_policy::RolePolicy),
    resource!("aws_iam_role_policy_attachment", iam::role_policy_attachment::RolePolicyAttachment),
    resource!("aws_kms_alias", kms::alias::Alias),
    resource!("aws_kms_key", kms::key::Key),
    resource!("aws_lb", elbv2::load_balancer::LoadBalancer),
    resource!("aws_lb_listener", elbv2::listener::Listener),
    resource!("aws_lb_target_group", elbv2::target_group::TargetGroup),
    resource!(
        "aws_lb_target_group_attachment",
        elbv2::target_group_attachment::TargetGroupAttachment
    ),
    resource!("aws_route53_record", route53::record::Record),
    resource!("aws_route53_zone", route53::zone::HostedZone),
    resource!("aws_route53_zone_association", route53::zone_association::ZoneAssociation),
    resource!("aws_sqs_queue", sqs::queue::Queue),
    resource!("aws_sqs_queue_policy", sqs::queue_policy::QueuePolicy),
    resource!("aws_ssm_parameter", ssm::parameter::Parameter),
    resource!("aws_subnet", ec2::subnet::Subnet),
    resource!("aws_vpc", ec2::vpc::Vpc),
];

/// `data` types. Sorted.
pub(crate) static DATA_SOURCES: &[Entry<dyn DataSource>] = &[
    data!("aws_availability_zones", data::availability_zones::AvailabilityZones),
    data!("aws_caller_identity", data::caller_identity::CallerIdentity),
    data!("aws_iam_policy_document", data::iam_policy_document::IamPolicyDocument),
];
