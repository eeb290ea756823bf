"""Security groups and their rules.

EC2 API Reference: CreateSecurityGroup, DeleteSecurityGroup, AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress,
DescribeSecurityGroupRules, ModifySecurityGroupRules, "Error codes". VPC User Guide: "Security group rules".
"""

import pytest

from builders import filters, tag_specification
from cloud import refused

UNKNOWN = "sg-0123456789abcdef0"


def described(ec2, group):
    return ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]


def rules(ec2, group, egress=False):
    found = ec2.describe_security_group_rules(Filters=filters(group_id=group))["SecurityGroupRules"]
    return [r for r in found if r["IsEgress"] is egress]


def cidr(port=22, block="10.0.0.0/8", **more):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": block, **more}]}


@pytest.fixture
def group(make):
    return make.group(make.vpc())


def test_new_group_lets_everything_out_and_nothing_in(ec2, make, cloud):
    vpc = make.vpc()
    made = ec2.create_security_group(GroupName="nodes", Description="what for", VpcId=vpc)
    assert made["GroupId"].startswith("sg-")
    assert made["SecurityGroupArn"] == f"arn:aws:ec2:us-west-2:{cloud.account}:security-group/{made['GroupId']}"
    seen = described(ec2, made["GroupId"])
    assert (seen["GroupName"], seen["Description"], seen["VpcId"]) == ("nodes", "what for", vpc)
    assert seen["OwnerId"] == cloud.account
    assert seen["IpPermissions"] == []
    (out,) = seen["IpPermissionsEgress"]
    assert (out["IpProtocol"], out["IpRanges"]) == ("-1", [{"CidrIp": "0.0.0.0/0"}])
    assert "FromPort" not in out


def test_name_is_unique_in_a_vpc(make):
    vpc = make.vpc()
    make.group(vpc)
    with refused("InvalidGroup.Duplicate"):
        make.group(vpc)
    make.group(make.vpc("10.1.0.0/16"))


@pytest.mark.parametrize("name", ["default", "sg-mine"])
def test_reserved_names(make, name):
    # CreateSecurityGroup: a name cannot start with sg-; "InvalidGroup.Reserved": the name `default` is reserved.
    with refused("InvalidParameterValue", "InvalidGroup.Reserved", "InvalidGroup.Duplicate"):
        make.group(make.vpc(), name)


def test_needs_a_description(cloud, make):
    with refused("MissingParameter"):
        cloud.raw("ec2").create_security_group(GroupName="x", VpcId=make.vpc())


def test_description_characters(ec2, make):
    # CreateSecurityGroup: "a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*", up to 255.
    vpc = make.vpc()
    with refused("InvalidParameterValue"):
        ec2.create_security_group(GroupName="x", Description="a<b", VpcId=vpc)
    with refused("InvalidParameterValue"):
        ec2.create_security_group(GroupName="x", Description="a" * 256, VpcId=vpc)


def test_unknown_group(ec2):
    with refused("InvalidGroup.NotFound"):
        described(ec2, UNKNOWN)
    with refused("InvalidGroup.NotFound"):
        ec2.delete_security_group(GroupId=UNKNOWN)
    with refused("InvalidGroup.NotFound"):
        ec2.authorize_security_group_ingress(GroupId=UNKNOWN, IpPermissions=[cidr()])


def test_delete(ec2, group, step):
    ec2.delete_security_group(GroupId=group)
    step(10)
    with refused("InvalidGroup.NotFound"):
        described(ec2, group)


def test_default_group_cannot_be_deleted(ec2, make, step):
    vpc = make.vpc()
    step(10)
    default = ec2.describe_security_groups(Filters=filters(vpc_id=vpc, group_name="default"))["SecurityGroups"][0]
    with refused("CannotDelete"):
        ec2.delete_security_group(GroupId=default["GroupId"])


def test_held_by_an_interface(ec2, make, step):
    # DeleteSecurityGroup: "If you attempt to delete a security group that is associated with an instance or network
    # interface, is referenced by another security group in the same VPC ... DependencyViolation".
    vpc = make.vpc()
    group = make.group(vpc)
    interface = make.interface(make.subnet(vpc), Groups=[group])
    step(10)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    step(10)
    ec2.delete_security_group(GroupId=group)


def test_held_by_an_instance(ec2, make):
    vpc = make.vpc()
    group = make.group(vpc)
    make.instance(make.subnet(vpc), SecurityGroupIds=[group])
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)


def test_held_by_a_rule_of_another_group(ec2, make, step):
    vpc = make.vpc()
    one, two = make.group(vpc, "one"), make.group(vpc, "two")
    permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": one}]}
    ec2.authorize_security_group_ingress(GroupId=two, IpPermissions=[permission])
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=one)
    ec2.revoke_security_group_ingress(GroupId=two, IpPermissions=[permission])
    step(10)
    ec2.delete_security_group(GroupId=one)


def test_groups_that_refer_to_each_other_are_both_held(ec2, make):
    vpc = make.vpc()
    one, two = make.group(vpc, "one"), make.group(vpc, "two")
    for group, peer in ((one, two), (two, one)):
        pair = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": peer}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[pair])
    for group in (one, two):
        with refused("DependencyViolation"):
            ec2.delete_security_group(GroupId=group)


def test_group_that_refers_to_itself_is_not_held(ec2, group):
    permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    ec2.delete_security_group(GroupId=group)


def test_authorize_answers_with_the_rules(ec2, group, cloud):
    permission = cidr(22, "10.0.0.0/8", Description="ssh")
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    assert answer["Return"] is True
    (rule,) = answer["SecurityGroupRules"]
    assert rule["SecurityGroupRuleId"].startswith("sgr-")
    assert rule["SecurityGroupRuleArn"].endswith(f":security-group-rule/{rule['SecurityGroupRuleId']}")
    assert (rule["GroupId"], rule["GroupOwnerId"], rule["IsEgress"]) == (group, cloud.account, False)
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 22, 22)
    assert (rule["CidrIpv4"], rule["Description"]) == ("10.0.0.0/8", "ssh")


def test_permissions_are_grouped_by_protocol_and_ports(ec2, group, step):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(22, "10.0.0.0/8")])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(22, "11.0.0.0/8"), cidr(443)])
    step(10)
    seen = {p["FromPort"]: {r["CidrIp"] for r in p["IpRanges"]} for p in described(ec2, group)["IpPermissions"]}
    assert seen == {22: {"10.0.0.0/8", "11.0.0.0/8"}, 443: {"10.0.0.0/8"}}
    assert len(rules(ec2, group)) == 3


def test_rule_twice(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(Description="one")])
    with refused("InvalidPermission.Duplicate"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(Description="two")])


def test_one_duplicate_refuses_the_whole_call(ec2, group, step):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(22)])
    with refused("InvalidPermission.Duplicate"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(443), cidr(22)])
    step(10)
    assert [r["FromPort"] for r in rules(ec2, group)] == [22]


def test_the_same_rule_twice_in_a_call(ec2, group):
    with refused("InvalidParameterValue", "InvalidPermission.Duplicate"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(22), cidr(22)])


def test_egress_duplicate_of_the_default(ec2, group):
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    with refused("InvalidPermission.Duplicate"):
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[everything])
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    assert described(ec2, group)["IpPermissionsEgress"] == []


def test_revoke_what_is_not_there(ec2, group):
    # RevokeSecurityGroupIngress: "[Nondefault VPC] ... InvalidPermission.NotFound".
    with refused("InvalidPermission.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[cidr(23)])


def test_revoke_by_rule_id(ec2, group, step):
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(22), cidr(443)])
    ids = [r["SecurityGroupRuleId"] for r in answer["SecurityGroupRules"]]
    assert len(set(ids)) == 2
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids[:1])
    step(10)
    assert [r["SecurityGroupRuleId"] for r in rules(ec2, group)] == ids[1:]
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids[:1])


@pytest.mark.parametrize("first,last", [(443, 22), (-2, 22), (22, 65536)])
def test_ports_must_make_sense(ec2, group, first, last):
    permission = {**cidr(), "FromPort": first, "ToPort": last}
    with refused("InvalidParameterValue", "InvalidPermission.Malformed"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


@pytest.mark.parametrize("block", ["10.0.0.0/33", "300.0.0.0/8", "anywhere"])
def test_cidr_must_be_one(ec2, group, block):
    with refused("InvalidParameterValue"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(22, block)])


def test_cidr_with_host_bits_is_made_canonical(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(22, "10.1.2.3/8")])
    assert [r["CidrIpv4"] for r in rules(ec2, group)] == ["10.0.0.0/8"]


def test_unknown_protocol(ec2, group):
    with refused("InvalidParameterValue", "InvalidPermission.Malformed"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**cidr(), "IpProtocol": "carrier-pigeon"}])


def test_protocol_numbers_are_names(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**cidr(), "IpProtocol": "6"}])
    assert [r["IpProtocol"] for r in rules(ec2, group)] == ["tcp"]


def test_all_protocols_drop_the_ports(ec2, group):
    # AuthorizeSecurityGroupIngress: "Use -1 to specify all protocols ... allows traffic on all ports".
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**cidr(), "IpProtocol": "-1"}])
    (permission,) = described(ec2, group)["IpPermissions"]
    assert "FromPort" not in permission
    assert [(r["FromPort"], r["ToPort"]) for r in rules(ec2, group)] == [(-1, -1)]


def test_rule_to_a_group_that_is_not(ec2, group):
    permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": UNKNOWN}]}
    with refused("InvalidGroup.NotFound"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def test_ipv6_and_group_rules(ec2, make, cloud):
    vpc = make.vpc()
    group, peer = make.group(vpc, "one"), make.group(vpc, "two")
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 81,
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "UserIdGroupPairs": [{"GroupId": peer, "Description": "peer"}],
    }
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    kinds = {r.get("CidrIpv6") or r["ReferencedGroupInfo"]["GroupId"] for r in answer["SecurityGroupRules"]}
    assert kinds == {"::/0", peer}
    (seen,) = described(ec2, group)["IpPermissions"]
    assert seen["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]
    assert seen["UserIdGroupPairs"] == [{"GroupId": peer, "UserId": cloud.account, "Description": "peer"}]


def test_modify_rule_keeps_its_id(ec2, group, step):
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(22)])
    rule = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    new = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "192.168.0.0/16", "Description": "web"}
    ec2.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": new}]
    )
    step(10)
    (seen,) = rules(ec2, group)
    assert seen["SecurityGroupRuleId"] == rule
    assert (seen["FromPort"], seen["CidrIpv4"], seen["Description"]) == (443, "192.168.0.0/16", "web")


def test_update_descriptions(ec2, group, step):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[cidr(Description="old")])
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[cidr(Description="new")])
    step(10)
    assert [r["Description"] for r in rules(ec2, group)] == ["new"]


def test_rules_take_tags_at_creation(ec2, group, step):
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[cidr()], TagSpecifications=tag_specification("security-group-rule", Name="ssh")
    )
    step(10)
    (rule,) = rules(ec2, group)
    assert rule["Tags"] == [{"Key": "Name", "Value": "ssh"}]


def test_quota_of_rules(ec2, group):
    # VPC quotas: 60 inbound rules a security group; RulesPerSecurityGroupLimitExceeded.
    with refused("RulesPerSecurityGroupLimitExceeded"):
        ranges = [{"CidrIp": f"10.0.{n}.0/24"} for n in range(61)]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**cidr(), "IpRanges": ranges}])


def test_filters(ec2, make, step):
    vpc = make.vpc()
    one, two = make.group(vpc, "one"), make.group(vpc, "two")
    ec2.authorize_security_group_ingress(GroupId=two, IpPermissions=[cidr(2379, "10.3.0.0/16")])
    step(10)

    def found(**by):
        answer = ec2.describe_security_groups(Filters=filters(vpc_id=vpc, **by))
        return sorted(g["GroupId"] for g in answer["SecurityGroups"])

    assert found(group_name="one") == [one]
    assert found(group_id=[one, two]) == sorted([one, two])
    assert found(ip_permission__cidr="10.3.0.0/16") == [two]
    assert found(ip_permission__to_port="2379") == [two]
