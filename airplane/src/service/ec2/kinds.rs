//! What an id's prefix says: the resource type for tags, and the errors for ids that are malformed or that nothing has.
use crate::wire::fault::Fault;

/// A kind of EC2 object.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) prefix: &'static str,
    /// Name in TagSpecifications and DescribeTags; empty for what cannot be tagged.
    pub(crate) resource_type: &'static str,
    not_found: &'static str,
    /// Code for an id that is not of the form; where EC2 has none, such an id is not found.
    malformed: &'static str,
    // `{}` stands for the id.
    text: &'static str,
}

const fn kind(
    prefix: &'static str,
    resource_type: &'static str,
    not_found: &'static str,
    malformed: &'static str,
    text: &'static str,
) -> Kind {
    Kind { prefix, resource_type, not_found, malformed, text }
}

const ASSOCIATION: &str = "InvalidAssociationID.NotFound";

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    kind("vpc", "vpc", "InvalidVpcID.NotFound", "InvalidVpcID.Malformed", "The vpc ID '{}' does not exist"),
    kind("vpc-cidr-assoc", "", "InvalidVpcCidrBlockAssociationID.NotFound", "", "The vpc CIDR block association ID '{}' does not exist"),
    kind("subnet", "subnet", "InvalidSubnetID.NotFound", "", "The subnet ID '{}' does not exist"),
    kind("subnet-cidr-assoc", "", "InvalidSubnetCidrBlockAssociationID.NotFound", "", "The subnet CIDR block association ID '{}' does not exist"),
    kind("dopt", "dhcp-options", "InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsId.Malformed", "The dhcpOption ID '{}' does not exist"),
    kind("igw", "internet-gateway", "InvalidInternetGatewayID.NotFound", "InvalidInternetGatewayId.Malformed", "The internetGateway ID '{}' does not exist"),
    kind("eigw", "egress-only-internet-gateway", "InvalidGatewayID.NotFound", "InvalidEgressOnlyInternetGatewayId.Malformed", "The eigw ID '{}' does not exist"),
    kind("eipalloc", "elastic-ip", "InvalidAllocationID.NotFound", "InvalidAllocationId.Malformed", "The allocation ID '{}' does not exist"),
    kind("eipassoc", "", ASSOCIATION, "InvalidAssociationId.Malformed", "The association ID '{}' does not exist"),
    kind("nat", "natgateway", "NatGatewayNotFound", "NatGatewayMalformed", "NAT gateway {} was not found"),
    kind("rtb", "route-table", "InvalidRouteTableID.NotFound", "InvalidRouteTableId.Malformed", "The routeTable ID '{}' does not exist"),
    kind("rtbassoc", "", ASSOCIATION, "InvalidRouteTableAssociationId.Malformed", "The association ID '{}' does not exist"),
    kind("acl", "network-acl", "InvalidNetworkAclID.NotFound", "InvalidNetworkAclId.Malformed", "The networkAcl ID '{}' does not exist"),
    kind("aclassoc", "", ASSOCIATION, "InvalidAssociationId.Malformed", "The association ID '{}' does not exist"),
    kind("sg", "security-group", "InvalidGroup.NotFound", "InvalidGroupId.Malformed", "The security group '{}' does not exist"),
    kind("sgr", "security-group-rule", "InvalidSecurityGroupRuleId.NotFound", "InvalidSecurityGroupRuleId.Malformed", "The security group rule ID '{}' does not exist"),
    kind("eni", "network-interface", "InvalidNetworkInterfaceID.NotFound", "InvalidNetworkInterfaceId.Malformed", "The networkInterface ID '{}' does not exist"),
    kind("eni-attach", "", "InvalidAttachmentID.NotFound", "InvalidAttachmentID.Malformed", "The attachment ID '{}' does not exist"),
    kind("vpce", "vpc-endpoint", "InvalidVpcEndpointId.NotFound", "InvalidVpcEndpointId.Malformed", "The Vpc Endpoint Id '{}' does not exist"),
    kind("pcx", "vpc-peering-connection", "InvalidVpcPeeringConnectionID.NotFound", "InvalidVpcPeeringConnectionId.Malformed", "The vpcPeeringConnection ID '{}' does not exist"),
    kind("pl", "prefix-list", "InvalidPrefixListID.NotFound", "InvalidPrefixListId.Malformed", "The prefix list ID '{}' does not exist"),
    kind("i", "instance", "InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed", "The instance ID '{}' does not exist"),
    kind("vol", "volume", "InvalidVolume.NotFound", "InvalidParameterValue", "The volume '{}' does not exist."),
    kind("snap", "snapshot", "InvalidSnapshot.NotFound", "InvalidParameterValue", "The snapshot '{}' does not exist."),
    kind("ami", "image", "InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "The image id '[{}]' does not exist"),
    kind("lt", "launch-template", "InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.Malformed", "The specified launch template, with template ID {}, does not exist."),
    kind("key", "key-pair", "InvalidKeyPair.NotFound", "InvalidParameterValue", "The key pair '{}' does not exist"),
    kind("iip-assoc", "", ASSOCIATION, "InvalidAssociationId.Malformed", "An invalid association-id of '{}' was given"),
];

/// The kind with this prefix. Every prefix that code names stands in the table.
pub(crate) fn named(prefix: &str) -> &'static Kind {
    KINDS.iter().find(|k| k.prefix == prefix).unwrap_or(&KINDS[0])
}

/// The kind of an id.
pub(crate) fn of(id: &str) -> Option<&'static Kind> {
    let (prefix, _) = id.rsplit_once('-')?;
    KINDS.iter().find(|k| k.prefix == prefix)
}

impl Kind {
    /// The error for an id that nothing has, or that is not of the form.
    pub(crate) fn missing(&self, id: &str) -> Fault {
        if self.malformed.is_empty() || self.fits(id) {
            return Fault::new(self.not_found, self.text.replace("{}", id));
        }
        let expected = format!("(expecting \"{}-...\")", self.prefix);
        Fault::new(self.malformed, format!("Invalid id: \"{id}\" {expected}"))
    }

    /// Has the id this kind's prefix and 8 or 17 hex digits after it?
    pub(crate) fn fits(&self, id: &str) -> bool {
        id.rsplit_once('-').is_some_and(|(prefix, rest)| {
            prefix == self.prefix
                && matches!(rest.len(), 8 | 17)
                && rest.chars().all(|c| c.is_ascii_hexdigit())
        })
    }
}

/// The error for an id of this prefix's kind that nothing has.
pub(crate) fn missing(prefix: &str, id: &str) -> Fault {
    named(prefix).missing(id)
}
