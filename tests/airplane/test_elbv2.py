"""Network load balancers, target groups, listeners, targets.

Elastic Load Balancing API Reference (2015-12-01): CreateLoadBalancer, CreateTargetGroup, CreateListener,
RegisterTargets, DeregisterTargets, DescribeTargetHealth, DeleteTargetGroup, "Common Errors".
User Guide for Network Load Balancers: "Target groups", "Health checks", "Register targets" (deregistration delay).
"""

import pytest

from builders import tags
from cloud import refused

UNKNOWN_GROUP = "arn:aws:elasticloadbalancing:us-west-2:{}:targetgroup/none/0123456789abcdef"
UNKNOWN_BALANCER = "arn:aws:elasticloadbalancing:us-west-2:{}:loadbalancer/net/none/0123456789abcdef"


@pytest.fixture
def network(make):
    vpc = make.vpc()
    return vpc, make.subnets(vpc, 2)


@pytest.fixture
def balancer(make, network):
    return make.balancer(network[1])


@pytest.fixture
def group(make, network):
    return make.target_group(network[0])


def seen(elbv2, balancer):
    return elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]


def active(elbv2, balancer):
    return lambda: seen(elbv2, balancer)["State"]["Code"] == "active"


def health(elbv2, group):
    found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}


def listen(elbv2, balancer, group, port=6443, protocol="TCP", **more):
    answer = elbv2.create_listener(
        LoadBalancerArn=balancer, Protocol=protocol, Port=port,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}], **more,
    )  # fmt: skip
    return answer["Listeners"][0]


# Load balancers.


def test_provisioning_and_then_active(elbv2, network, cloud, until):
    vpc, subnets = network
    answer = elbv2.create_load_balancer(
        Name="api", Type="network", Scheme="internal", Subnets=subnets, Tags=tags(Name="api")
    )
    (made,) = answer["LoadBalancers"]
    prefix = f"arn:aws:elasticloadbalancing:us-west-2:{cloud.account}:loadbalancer/net/api/"
    assert made["LoadBalancerArn"].startswith(prefix)
    assert made["State"]["Code"] == "provisioning"
    assert (made["Type"], made["Scheme"], made["VpcId"], made["IpAddressType"]) == ("network", "internal", vpc, "ipv4")
    assert {z["SubnetId"] for z in made["AvailabilityZones"]} == set(subnets)
    assert made["DNSName"].endswith(".elb.us-west-2.amazonaws.com")
    assert made["CanonicalHostedZoneId"].startswith("Z")
    until(active(elbv2, made["LoadBalancerArn"]), 600)
    (described,) = elbv2.describe_tags(ResourceArns=[made["LoadBalancerArn"]])["TagDescriptions"]
    assert described["Tags"] == tags(Name="api")


def test_same_again_is_the_same(elbv2, network, balancer):
    # CreateLoadBalancer: "This operation is idempotent ... if multiple requests have the same settings, each succeeds".
    again = elbv2.create_load_balancer(Name="api", Type="network", Scheme="internal", Subnets=network[1])
    assert again["LoadBalancers"][0]["LoadBalancerArn"] == balancer


def test_same_name_with_other_settings(elbv2, network, balancer):
    with refused("DuplicateLoadBalancerName"):
        elbv2.create_load_balancer(Name="api", Type="network", Scheme="internal", Subnets=network[1][:1])


@pytest.mark.parametrize("name", ["a" * 33, "-api", "api-", "internal-api", "a_b"])
def test_names(elbv2, network, name):
    # CreateLoadBalancer, Name: 32 characters, alphanumeric or hyphens, not at the ends, not starting with internal-.
    with refused("ValidationError"):
        elbv2.create_load_balancer(Name=name, Type="network", Scheme="internal", Subnets=network[1])


def test_needs_subnets(elbv2):
    with refused("ValidationError", "SubnetNotFound"):
        elbv2.create_load_balancer(Name="api", Type="network")


def test_unknown_subnet(elbv2):
    with refused("SubnetNotFound", "InvalidSubnet"):
        elbv2.create_load_balancer(Name="api", Type="network", Subnets=["subnet-0123456789abcdef0"])


def test_one_subnet_a_zone(make):
    # CreateLoadBalancer, Subnets: "You can specify only one subnet per Availability Zone."
    vpc = make.vpc()
    subnets = [make.subnet(vpc, f"10.0.{n}.0/24", make.zones[0]) for n in (1, 2)]
    with refused("InvalidConfigurationRequest"):
        make.balancer(subnets)


def test_internet_facing_needs_a_gateway(elbv2, network):
    # CreateLoadBalancer, InvalidSubnet: "The specified subnet is out of available addresses" / VPC has no internet gateway.
    with refused("InvalidSubnet"):
        elbv2.create_load_balancer(Name="api", Type="network", Scheme="internet-facing", Subnets=network[1])


def test_unknown_balancer(elbv2, cloud):
    with refused("LoadBalancerNotFound"):
        elbv2.describe_load_balancers(Names=["nobody"])
    with refused("LoadBalancerNotFound"):
        elbv2.describe_load_balancers(LoadBalancerArns=[UNKNOWN_BALANCER.format(cloud.account)])


def test_attributes(elbv2, balancer):
    def attributes():
        found = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
        return {a["Key"]: a["Value"] for a in found}

    assert attributes()["deletion_protection.enabled"] == "false"
    # LoadBalancerAttribute: cross-zone is false by default for network load balancers.
    assert attributes()["load_balancing.cross_zone.enabled"] == "false"
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=balancer, Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]
    )
    assert attributes()["load_balancing.cross_zone.enabled"] == "true"
    with refused("ValidationError", "InvalidConfigurationRequest"):
        elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=balancer, Attributes=[{"Key": "no.such.key", "Value": "true"}]
        )


def test_deletion_protection(elbv2, balancer):
    protect = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=protect)
    with refused("OperationNotPermitted"):
        elbv2.delete_load_balancer(LoadBalancerArn=balancer)


def test_delete_is_repeatable(elbv2, balancer, group, step):
    # DeleteLoadBalancer: "If the load balancer does not exist or has already been deleted, the call succeeds."
    listen(elbv2, balancer, group)
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    step(120)
    with refused("LoadBalancerNotFound"):
        seen(elbv2, balancer)
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    # DeleteLoadBalancer: "Deleting a load balancer also deletes its listeners."
    elbv2.delete_target_group(TargetGroupArn=group)


def test_its_interfaces_hold_the_subnets(ec2, elbv2, network, balancer, until, step):
    until(active(elbv2, balancer), 600)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=network[1][0])
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    step(900)
    ec2.delete_subnet(SubnetId=network[1][0])


def test_groups_only_when_created_with_groups(elbv2, make, network, balancer):
    # SetSecurityGroups: "You can't perform this operation on a Network Load Balancer unless you specified a security
    # group for the load balancer when you created it."
    group = make.group(network[0])
    with refused("InvalidConfigurationRequest", "ValidationError"):
        elbv2.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[group])
    other = make.balancer(network[1], "with", SecurityGroups=[group])
    second = make.group(network[0], "second")
    answer = elbv2.set_security_groups(LoadBalancerArn=other, SecurityGroups=[second])
    assert answer["SecurityGroupIds"] == [second]


def test_set_subnets(elbv2, make, network, balancer):
    third = make.subnet(network[0], "10.0.9.0/24", make.zones[2])
    elbv2.set_subnets(LoadBalancerArn=balancer, Subnets=[*network[1], third])
    assert {z["SubnetId"] for z in seen(elbv2, balancer)["AvailabilityZones"]} == {*network[1], third}


# Target groups.


def test_target_group(elbv2, network, cloud):
    answer = elbv2.create_target_group(Name="nodes", Protocol="TCP", Port=6443, VpcId=network[0])
    (made,) = answer["TargetGroups"]
    assert made["TargetGroupArn"].startswith(
        f"arn:aws:elasticloadbalancing:us-west-2:{cloud.account}:targetgroup/nodes/"
    )
    assert made["TargetType"] == "instance"
    # CreateTargetGroup: documented defaults for TCP.
    assert (made["HealthCheckProtocol"], made["HealthCheckPort"], made["HealthCheckEnabled"]) == (
        "TCP", "traffic-port", True,
    )  # fmt: skip
    assert (made["HealthCheckIntervalSeconds"], made["HealthyThresholdCount"]) == (30, 5)
    assert (made["HealthCheckTimeoutSeconds"], made["UnhealthyThresholdCount"]) == (10, 2)
    assert made["LoadBalancerArns"] == []


def test_target_group_again(elbv2, network, group):
    # CreateTargetGroup: "This operation is idempotent"; other settings give DuplicateTargetGroupName.
    again = elbv2.create_target_group(
        Name="nodes", Protocol="TCP", Port=6443, VpcId=network[0], TargetType="instance"
    )
    assert again["TargetGroups"][0]["TargetGroupArn"] == group
    with refused("DuplicateTargetGroupName"):
        elbv2.create_target_group(Name="nodes", Protocol="TCP", Port=6444, VpcId=network[0])


def test_target_group_needs_a_vpc_and_a_port(elbv2, network):
    with refused("ValidationError"):
        elbv2.create_target_group(Name="nodes", Protocol="TCP", Port=6443)
    with refused("ValidationError"):
        elbv2.create_target_group(Name="nodes", Protocol="TCP", VpcId=network[0])


@pytest.mark.parametrize(
    "asked",
    [
        {"HealthCheckIntervalSeconds": 4},
        {"HealthCheckIntervalSeconds": 301},
        {"HealthyThresholdCount": 1},
        {"UnhealthyThresholdCount": 11},
        {"HealthCheckTimeoutSeconds": 1},
        {"HealthCheckProtocol": "HTTP", "HealthCheckPath": "livez"},
        {"Matcher": {"HttpCode": "200"}},
    ],
    ids=lambda a: "-".join(a),
)
def test_health_check_settings(cloud, network, asked):
    with refused("ValidationError", "InvalidConfigurationRequest"):
        cloud.raw("elbv2").create_target_group(Name="nodes", Protocol="TCP", Port=1, VpcId=network[0], **asked)


def test_target_group_attributes(elbv2, group):
    def attributes():
        found = elbv2.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
        return {a["Key"]: a["Value"] for a in found}

    # TargetGroupAttribute: defaults.
    assert attributes()["deregistration_delay.timeout_seconds"] == "300"
    assert attributes()["deregistration_delay.connection_termination.enabled"] == "false"
    assert attributes()["preserve_client_ip.enabled"] == "true"
    assert attributes()["proxy_protocol_v2.enabled"] == "false"
    elbv2.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
    )
    assert attributes()["deregistration_delay.timeout_seconds"] == "5"
    for value in ("3601", "-1", "soon"):
        with refused("ValidationError", "InvalidConfigurationRequest"):
            elbv2.modify_target_group_attributes(
                TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": value}]
            )


def test_unknown_target_group(elbv2, cloud):
    with refused("TargetGroupNotFound"):
        elbv2.describe_target_groups(Names=["nobody"])
    with refused("TargetGroupNotFound"):
        elbv2.describe_target_health(TargetGroupArn=UNKNOWN_GROUP.format(cloud.account))


def test_target_group_in_use_is_held(elbv2, balancer, group):
    listener = listen(elbv2, balancer, group)["ListenerArn"]
    assert elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"] == [balancer]
    with refused("ResourceInUse"):
        elbv2.delete_target_group(TargetGroupArn=group)
    elbv2.delete_listener(ListenerArn=listener)
    elbv2.delete_target_group(TargetGroupArn=group)
    with refused("TargetGroupNotFound"):
        elbv2.describe_target_groups(TargetGroupArns=[group])


def test_modify_target_group(elbv2, group):
    answer = elbv2.modify_target_group(TargetGroupArn=group, HealthCheckIntervalSeconds=10, HealthyThresholdCount=2)
    made = answer["TargetGroups"][0]
    assert (made["HealthCheckIntervalSeconds"], made["HealthyThresholdCount"]) == (10, 2)


# Listeners.


def test_listener(elbv2, balancer, group):
    made = listen(elbv2, balancer, group)
    assert made["ListenerArn"].startswith(balancer.replace(":loadbalancer/", ":listener/") + "/")
    assert (made["LoadBalancerArn"], made["Port"], made["Protocol"]) == (balancer, 6443, "TCP")
    action = made["DefaultActions"][0]
    assert (action["Type"], action["TargetGroupArn"]) == ("forward", group)
    found = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    assert [x["ListenerArn"] for x in found] == [made["ListenerArn"]]


def test_port_is_listened_once(elbv2, make, network, balancer, group):
    listen(elbv2, balancer, group)
    with refused("DuplicateListener"):
        listen(elbv2, balancer, make.target_group(network[0], "others"))


def test_target_group_belongs_to_one_balancer(elbv2, make, network, balancer, group):
    # CreateListener, TargetGroupAssociationLimit: "You've reached the limit on the number of load balancers per target
    # group"; quotas: one for Network Load Balancers.
    listen(elbv2, balancer, group)
    with refused("TargetGroupAssociationLimit"):
        listen(elbv2, make.balancer(network[1], "other"), group)


@pytest.mark.parametrize("protocol", ["HTTP", "HTTPS"])
def test_network_balancer_speaks_no_http(elbv2, balancer, group, protocol):
    # CreateListener, Protocol: "For Network Load Balancers, the supported protocols are TCP, TLS, UDP, TCP_UDP, QUIC ...".
    with refused("UnsupportedProtocol", "InvalidConfigurationRequest", "ValidationError"):
        listen(elbv2, balancer, group, protocol=protocol)


def test_protocols_must_fit(elbv2, make, network, balancer):
    udp = make.target_group(network[0], "udp", Protocol="UDP", Port=53, HealthCheckPort="80")
    with refused("InvalidConfigurationRequest", "IncompatibleProtocols", "ValidationError"):
        listen(elbv2, balancer, udp)


def test_tls_needs_a_certificate(elbv2, make, network, balancer):
    group = make.target_group(network[0], "tls", Protocol="TLS")
    with refused("ValidationError", "CertificateNotFound"):
        listen(elbv2, balancer, group, protocol="TLS")


@pytest.mark.parametrize("port", [0, 65536])
def test_ports(cloud, balancer, group, port):
    with refused("ValidationError"):
        listen(cloud.raw("elbv2"), balancer, group, port)


def test_listener_with_unknown_parts(elbv2, balancer, group, cloud):
    with refused("TargetGroupNotFound"):
        listen(elbv2, balancer, UNKNOWN_GROUP.format(cloud.account))
    with refused("LoadBalancerNotFound"):
        listen(elbv2, UNKNOWN_BALANCER.format(cloud.account), group)
    with refused("ListenerNotFound"):
        elbv2.delete_listener(ListenerArn=balancer.replace(":loadbalancer/", ":listener/") + "/0123456789abcdef")


def test_modify_listener(elbv2, make, network, balancer, group):
    listener = listen(elbv2, balancer, group)["ListenerArn"]
    other = make.target_group(network[0], "others")
    answer = elbv2.modify_listener(
        ListenerArn=listener, Port=443, DefaultActions=[{"Type": "forward", "TargetGroupArn": other}]
    )
    made = answer["Listeners"][0]
    assert (made["Port"], made["DefaultActions"][0]["TargetGroupArn"]) == (443, other)
    elbv2.delete_target_group(TargetGroupArn=group)


# Targets.


@pytest.fixture
def node(make, network, until):
    instance = make.instance(network[1][0])
    until(lambda: make.instance_state(instance) == "running")
    return instance


def test_unused_without_a_listener(elbv2, group, node):
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": node}])
    (seen,) = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert seen["TargetHealth"]["State"] == "unused"
    assert seen["TargetHealth"]["Reason"] == "Target.NotInUse"
    # RegisterTargets: the port of the target group unless told.
    assert seen["Target"] == {"Id": node, "Port": 6443}


def test_initial_and_then_healthy(elbv2, balancer, group, node, until):
    until(active(elbv2, balancer), 600)
    listen(elbv2, balancer, group)
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": node}])
    (seen,) = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert seen["TargetHealth"]["State"] == "initial"
    assert seen["TargetHealth"]["Reason"] in ("Elb.RegistrationInProgress", "Elb.InitialHealthChecking")
    until(lambda: health(elbv2, group) == {node: "healthy"}, 900)


def test_draining_and_then_gone(elbv2, balancer, group, node, until, step):
    until(active(elbv2, balancer), 600)
    listen(elbv2, balancer, group)
    elbv2.modify_target_group_attributes(
        TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "60"}]
    )
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": node}])
    until(lambda: health(elbv2, group) == {node: "healthy"}, 900)
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": node}])
    (seen,) = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert seen["TargetHealth"]["State"] == "draining"
    assert seen["TargetHealth"]["Reason"] == "Target.DeregistrationInProgress"
    step(45)
    assert health(elbv2, group) == {node: "draining"}
    until(lambda: health(elbv2, group) == {}, 300)
    # TargetHealth, State: "unused": asked by its id, a target that is not registered is unused.
    found = elbv2.describe_target_health(TargetGroupArn=group, Targets=[{"Id": node}])["TargetHealthDescriptions"]
    assert found[0]["TargetHealth"]["State"] == "unused"
    assert found[0]["TargetHealth"]["Reason"] == "Target.NotRegistered"


def test_terminated_targets_leave(ec2, elbv2, balancer, group, node, until):
    until(active(elbv2, balancer), 600)
    listen(elbv2, balancer, group)
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": node}])
    until(lambda: health(elbv2, group) == {node: "healthy"}, 900)
    ec2.terminate_instances(InstanceIds=[node])
    until(lambda: health(elbv2, group).get(node) != "healthy", 300)


def test_unknown_target(elbv2, group):
    with refused("InvalidTarget"):
        elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "i-0123456789abcdef0"}])


def test_ip_targets(elbv2, make, network):
    group = make.target_group(network[0], "ips", TargetType="ip")
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.77"}])
    assert health(elbv2, group) == {"10.0.0.77": "unused"}
    for address in ("8.8.8.8", "not-an-address"):
        with refused("InvalidTarget", "ValidationError"):
            elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": address}])


def test_registering_again_is_no_error(elbv2, group, node):
    for _ in range(2):
        elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": node}])
    assert len(health(elbv2, group)) == 1


def test_tags(elbv2, group):
    elbv2.add_tags(ResourceArns=[group], Tags=tags(a="1", b="2"))
    elbv2.add_tags(ResourceArns=[group], Tags=tags(a="3"))
    elbv2.remove_tags(ResourceArns=[group], TagKeys=["b"])
    (found,) = elbv2.describe_tags(ResourceArns=[group])["TagDescriptions"]
    assert (found["ResourceArn"], found["Tags"]) == (group, tags(a="3"))


def test_tags_of_nothing(elbv2, cloud):
    with refused("TargetGroupNotFound"):
        elbv2.add_tags(ResourceArns=[UNKNOWN_GROUP.format(cloud.account)], Tags=tags(a="1"))
