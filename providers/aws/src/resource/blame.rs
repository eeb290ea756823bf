//! [`blame`]: the attribute at fault, where AWS's refusal tells it.
//!
//! AWS quotes what it does not like, or says by its code what kind of thing it is. What a type says
//! itself goes before. Nothing is guessed: two attributes that may be meant are none.

use kprov_core::{Path, Str, Value};

use crate::api::AwsError;
use crate::fields::Fields;

/// What beginnings of codes are about, and the attributes that may hold it.
const ABOUT: [(&str, &[&str]); 22] = [
    ("InsufficientInstanceCapacity", &["availability_zone", "subnet_id", "instance_type"]),
    ("InvalidAMIID", &["ami", "image_id"]),
    ("InvalidAllocationID", &["allocation_id"]),
    ("InvalidAttachmentID", &["network_interface_id"]),
    ("InvalidCidr", &["cidr_block", "destination_cidr_block"]),
    ("InvalidDhcpOption", &["dhcp_options_id"]),
    ("InvalidGroup", &["security_group_id", "vpc_security_group_ids", "security_groups"]),
    ("InvalidInstanceID", &["instance_id", "instance"]),
    ("InvalidInternetGatewayID", &["gateway_id", "internet_gateway_id"]),
    ("InvalidKeyPair", &["key_name"]),
    ("InvalidNatGatewayID", &["nat_gateway_id"]),
    ("InvalidRouteTableID", &["route_table_id"]),
    ("InvalidSecurityGroupID", &["security_group_id", "vpc_security_group_ids", "security_groups"]),
    ("InvalidSnapshot", &["snapshot_id"]),
    ("InvalidSubnet.", &["cidr_block"]),
    ("InvalidSubnetID", &["subnet_id", "subnet_ids", "subnets", "vpc_zone_identifier"]),
    ("InvalidVolume", &["volume_id"]),
    ("InvalidVpc.Range", &["cidr_block"]),
    ("InvalidVpcID", &["vpc_id"]),
    ("InvalidVpcRange", &["cidr_block"]),
    ("MalformedPolicyDocument", &["policy", "assume_role_policy"]),
    ("NatGatewayNotFound", &["nat_gateway_id"]),
];

/// Attributes that are never meant.
const NEVER: [&str; 5] = ["description", "region", "tags", "tags_all", "timeouts"];

/// Shorter values may stand in a message by chance.
const SHORTEST: usize = 4;

/// The error with the attribute of the configuration that it is about.
pub(super) fn blame(config: Fields<'_>, error: AwsError) -> AwsError {
    if error.attribute.is_some() || !error.is_refusal() || error.is_about_account() {
        return error;
    }
    let name = quoted(config, &error.message).or_else(|| by_code(config, &error.code));
    match name {
        Some(name) => AwsError { attribute: Some(Path::attribute(name)), ..error },
        None => error,
    }
}

/// The attribute that has the longest value that stands in the message.
fn quoted(config: Fields<'_>, message: &str) -> Option<Str> {
    let entries = config.0.as_entries()?.iter().filter(|(name, _)| !NEVER.contains(&name.as_str()));
    let all = entries.filter_map(|(name, value)| Some((longest(value, message)?, name)));
    let all: Vec<(usize, &Str)> = all.collect();
    let most = all.iter().map(|(length, _)| *length).max()?;
    let mut best = all.iter().filter(|(length, _)| *length == most);
    match (best.next(), best.next()) {
        (Some((_, name)), None) => Some((*name).clone()),
        _ => None,
    }
}

/// Length of the longest text of a value that stands in the message as a word of its own.
fn longest(value: &Value, message: &str) -> Option<usize> {
    if let Some(text) = value.as_str() {
        return (text.len() >= SHORTEST && has_word(message, text)).then_some(text.len());
    }
    if let Some(items) = value.as_items() {
        return items.iter().filter_map(|item| longest(item, message)).max();
    }
    value.as_entries()?.iter().filter_map(|(_, part)| longest(part, message)).max()
}

fn has_word(message: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "-_/".contains(c));
    message.match_indices(word).any(|(at, _)| {
        !inside(message[..at].chars().next_back())
            && !inside(message[at + word.len()..].chars().next())
    })
}

/// The one attribute that is set of those that the code may be about.
fn by_code(config: Fields<'_>, code: &str) -> Option<Str> {
    let (_, names) = ABOUT.iter().find(|(start, _)| code.starts_with(start))?;
    names.iter().find(|name| config.is_given(name)).map(|name| Str::from(*name))
}

#[cfg(test)]
mod tests {
    use kprov_core::Type;

    use super::*;

    fn at(config: &[(&str, Value)], code: &str, message: &str) -> Option<String> {
        let config = Value::object(config.iter().cloned());
        let error = blame(Fields(&config), AwsError::refused(code, message));
        error.attribute.map(|path| path.to_string())
    }

    #[test]
    fn what_is_quoted_is_at_fault_and_what_may_be_two_things_is_not() {
        let config = [
            ("vpc_id", Value::string("vpc-12345678")),
            ("name", Value::string("web")),
            ("peer_vpc_id", Value::string("vpc-1234567")),
            ("subnets", Value::list(Type::String, vec![Value::string("subnet-9")])),
        ];
        let said = |message: &str| at(&config, "InvalidParameterValue", message);
        assert_eq!(said("The vpc ID 'vpc-12345678' does not exist").as_deref(), Some(".vpc_id"));
        assert_eq!(said("no such thing: subnet-9").as_deref(), Some(".subnets"));
        assert_eq!(said("subnet-99 and web"), None);
        let twice = [("a", Value::string("same")), ("b", Value::string("same"))];
        assert_eq!(at(&twice, "X", "same is wrong"), None);
    }

    #[test]
    fn a_code_tells_what_it_is_about() {
        let config = [("cidr_block", Value::string("10.0.0.0/24"))];
        assert_eq!(at(&config, "InvalidSubnet.Conflict", "no").as_deref(), Some(".cidr_block"));
        assert_eq!(at(&config, "InvalidVpcID.NotFound", "no"), None);
        assert_eq!(at(&config, "UnauthorizedOperation", "not for 10.0.0.0/24"), None);
    }
}
