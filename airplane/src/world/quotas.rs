//! AWS's default quotas by name. A name that stands here can be overridden through the control API.

/// Name and default limit.
pub(crate) const DEFAULTS: &[(&str, u64)] = &[
    ("vpcs-per-region", 5),
    ("subnets-per-vpc", 200),
    ("network-acls-per-vpc", 200),
    ("rules-per-network-acl", 20),
    ("cidrs-per-vpc", 5),
    ("internet-gateways-per-region", 5),
    ("egress-only-internet-gateways-per-region", 5),
    ("nat-gateways-per-zone", 5),
    ("elastic-ips-per-region", 5),
    ("route-tables-per-vpc", 200),
    ("routes-per-table", 500),
    ("security-groups-per-region", 2500),
    ("rules-per-security-group", 60),
    ("security-groups-per-interface", 5),
    ("gateway-endpoints-per-region", 20),
    ("interface-endpoints-per-vpc", 50),
    ("peerings-per-vpc", 50),
    ("key-pairs-per-region", 5000),
    ("launch-templates-per-region", 5000),
    ("launch-template-versions", 10000),
    ("running-vcpus-standard", 1920),
    ("volumes-gib", 51200),
    ("autoscaling-groups-per-region", 500),
    ("lifecycle-hooks-per-group", 50),
    ("load-balancers-network-per-region", 50),
    ("target-groups-per-region", 3000),
    ("listeners-per-load-balancer", 50),
    ("targets-per-target-group", 1000),
    ("iam-roles", 1000),
    ("iam-policies", 1500),
    ("iam-instance-profiles", 1000),
    ("iam-managed-policies-per-role", 10),
    ("iam-policy-versions", 5),
    ("iam-oidc-providers", 100),
    ("hosted-zones", 500),
    ("records-per-zone", 10000),
    ("buckets", 10_000),
    ("kms-keys", 100_000),
    ("kms-aliases-per-key", 50),
    ("ssm-parameters", 10000),
    ("event-rules", 300),
    ("event-targets-per-rule", 5),
    ("ecr-repositories", 100_000),
    ("tags-per-resource", 50),
];

/// The default limit of a quota; a name without entry has no limit.
pub(crate) fn default(name: &str) -> u64 {
    DEFAULTS.iter().find(|(n, _)| *n == name).map(|(_, limit)| *limit).unwrap_or(u64::MAX)
}
