//! Which types there are: one line per type, and nothing else decides it.

use kprov_provider::{DataSource, Resource};

use crate::autoscaling;
use crate::data::{self, Reads};
use crate::ec2;
use crate::ec2::group_rules::Direction;
use crate::resource::Adapter;
use crate::{ecr, elbv2, events, iam, kms, route53, s3, sqs, ssm};

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
    resource!("aws_cloudwatch_event_rule", events::rule::EventRule),
    resource!("aws_cloudwatch_event_target", events::target::EventTarget),
    resource!("aws_default_network_acl", ec2::default_network_acl::DefaultNetworkAcl),
    resource!("aws_default_route_table", ec2::default_route_table::DefaultRouteTable),
    resource!("aws_default_security_group", ec2::default_security_group::DefaultSecurityGroup),
    resource!("aws_ebs_volume", ec2::ebs_volume::EbsVolume),
    resource!("aws_ec2_tag", ec2::tag::Tag),
    resource!("aws_ecr_repository", ecr::repository::Repository),
    resource!(
        "aws_egress_only_internet_gateway",
        ec2::egress_only_internet_gateway::EgressOnlyInternetGateway
    ),
    resource!("aws_eip", ec2::eip::Eip),
    resource!("aws_eip_association", ec2::eip_association::EipAssociation),
    resource!("aws_iam_instance_profile", iam::instance_profile::InstanceProfile),
    resource!(
        "aws_iam_openid_connect_provider",
        iam::openid_connect_provider::OpenIdConnectProvider
    ),
    resource!("aws_iam_policy", iam::policy::Policy),
    resource!("aws_iam_role", iam::role::Role),
    resource!("aws_iam_role_policy", iam::role_policy::RolePolicy),
    resource!("aws_iam_role_policy_attachment", iam::role_policy_attachment::RolePolicyAttachment),
    resource!("aws_instance", ec2::instance::Instance),
    resource!("aws_internet_gateway", ec2::internet_gateway::InternetGateway),
    resource!("aws_key_pair", ec2::key_pair::KeyPair),
    resource!("aws_kms_alias", kms::alias::Alias),
    resource!("aws_kms_key", kms::key::Key),
    resource!("aws_launch_template", ec2::launch_template::LaunchTemplate),
    resource!("aws_lb", elbv2::load_balancer::LoadBalancer),
    resource!("aws_lb_listener", elbv2::listener::Listener),
    resource!("aws_lb_target_group", elbv2::target_group::TargetGroup),
    resource!(
        "aws_lb_target_group_attachment",
        elbv2::target_group_attachment::TargetGroupAttachment
    ),
    resource!("aws_nat_gateway", ec2::nat_gateway::NatGateway),
    resource!("aws_network_acl", ec2::network_acl::NetworkAcl),
    resource!("aws_route", ec2::route::Route),
    resource!("aws_route53_record", route53::record::Record),
    resource!("aws_route53_zone", route53::zone::HostedZone),
    resource!("aws_route53_zone_association", route53::zone_association::ZoneAssociation),
    resource!("aws_route_table", ec2::route_table::RouteTable),
    resource!("aws_route_table_association", ec2::route_table_association::RouteTableAssociation),
    resource!("aws_s3_bucket", s3::bucket::Bucket),
    resource!("aws_s3_bucket_ownership_controls", s3::ownership_controls::BucketOwnershipControls),
    resource!("aws_s3_bucket_policy", s3::policy::BucketPolicy),
    resource!("aws_s3_bucket_public_access_block", s3::public_access_block::PublicAccessBlock),
    resource!("aws_s3_bucket_server_side_encryption_configuration", s3::encryption::Encryption),
    resource!("aws_s3_bucket_versioning", s3::versioning::Versioning),
    resource!("aws_s3_object", s3::object::S3Object),
    resource!("aws_security_group", ec2::security_group::SecurityGroup),
    resource!("aws_security_group_rule", ec2::security_group_rule::SecurityGroupRule),
    resource!("aws_sqs_queue", sqs::queue::Queue),
    resource!("aws_sqs_queue_policy", sqs::queue_policy::QueuePolicy),
    resource!("aws_ssm_parameter", ssm::parameter::Parameter),
    resource!("aws_subnet", ec2::subnet::Subnet),
    resource!("aws_volume_attachment", ec2::volume_attachment::VolumeAttachment),
    resource!("aws_vpc", ec2::vpc::Vpc),
    resource!("aws_vpc_dhcp_options", ec2::vpc_dhcp_options::VpcDhcpOptions),
    resource!(
        "aws_vpc_dhcp_options_association",
        ec2::vpc_dhcp_options_association::VpcDhcpOptionsAssociation
    ),
    resource!("aws_vpc_endpoint", ec2::vpc_endpoint::VpcEndpoint),
    resource!(
        "aws_vpc_ipv4_cidr_block_association",
        ec2::vpc_ipv4_cidr_block_association::VpcIpv4CidrBlockAssociation
    ),
    resource!("aws_vpc_peering_connection", ec2::vpc_peering_connection::VpcPeeringConnection),
    resource!(
        "aws_vpc_peering_connection_accepter",
        ec2::vpc_peering_connection_accepter::VpcPeeringConnectionAccepter
    ),
    resource!(
        "aws_vpc_peering_connection_options",
        ec2::vpc_peering_connection_options::VpcPeeringConnectionOptions
    ),
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
    data!("aws_default_tags", data::default_tags::DefaultTags),
    data!("aws_iam_policy_document", data::iam_policy_document::IamPolicyDocument),
    data!("aws_iam_role", data::iam_role::IamRole),
    data!("aws_instances", data::instances::Instances),
    data!("aws_internet_gateway", data::internet_gateway::InternetGateway),
    data!("aws_partition", data::partition::Partition),
    data!("aws_region", data::region::Region),
    data!("aws_route53_zone", data::route53_zone::Route53Zone),
    data!("aws_route_table", data::route_table::RouteTable),
    data!("aws_security_group", data::security_group::SecurityGroup),
    data!("aws_ssm_parameter", data::ssm_parameter::SsmParameter),
    data!("aws_subnet", data::subnet::Subnet),
    data!("aws_subnets", data::subnets::Subnets),
    data!("aws_vpc", data::vpc::Vpc),
];
