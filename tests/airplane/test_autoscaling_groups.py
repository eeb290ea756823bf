"""Auto Scaling groups: capacity, zones, health, standby, detaching, protection, suspended processes, activities.

Auto Scaling API Reference: CreateAutoScalingGroup, UpdateAutoScalingGroup, DeleteAutoScalingGroup, EnterStandby,
DetachInstances, SetInstanceProtection, SetInstanceHealth, SuspendProcesses, TerminateInstanceInAutoScalingGroup.
Auto Scaling User Guide: "Instance distribution" (balance across zones), "Default termination policy".
"""

import collections

import pytest

from builders import filters
from cloud import refused

NAME = "nodes"


def members(make, state="InService"):
    return sorted(i["InstanceId"] for i in make.described_group()["Instances"] if i["LifecycleState"] == state)


@pytest.fixture
def group(make, until):
    """group(count, zones, ...): a group whose instances are in service."""

    def build(count=1, zones=1, **more):
        make.scaling_group(NAME, count, zones, **more)
        until(lambda: len(members(make)) == count)
        return members(make)

    return build


def test_create_and_describe(autoscaling, make, cloud):
    make.scaling_group(NAME, count=0, zones=2)
    seen = make.described_group()
    assert seen["AutoScalingGroupARN"].startswith(f"arn:aws:autoscaling:us-west-2:{cloud.account}:autoScalingGroup:")
    assert seen["AutoScalingGroupARN"].endswith(f":autoScalingGroupName/{NAME}")
    assert (seen["MinSize"], seen["MaxSize"], seen["DesiredCapacity"]) == (0, 10, 0)
    assert seen["AvailabilityZones"] == make.zones[:2]
    # CreateAutoScalingGroup: documented defaults.
    assert (seen["DefaultCooldown"], seen["HealthCheckType"], seen["HealthCheckGracePeriod"]) == (300, "EC2", 0)
    assert seen["TerminationPolicies"] == ["Default"]
    assert seen["NewInstancesProtectedFromScaleIn"] is False
    assert seen["LaunchTemplate"]["Version"] == "1" and seen["LaunchTemplate"]["LaunchTemplateName"] == NAME
    assert seen["ServiceLinkedRoleARN"].endswith(
        "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )


def test_desired_is_min_unless_told(autoscaling, make):
    vpc = make.vpc()
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=NAME, MinSize=2, MaxSize=3, VPCZoneIdentifier=make.subnet(vpc),
        LaunchTemplate={"LaunchTemplateId": make.template(), "Version": "$Latest"},
    )  # fmt: skip
    assert make.described_group()["DesiredCapacity"] == 2


def test_name_is_taken_once(autoscaling, make):
    make.scaling_group(NAME, count=0)
    subnet = make.described_group()["VPCZoneIdentifier"]
    with refused("AlreadyExists"):
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=NAME, MinSize=0, MaxSize=1, VPCZoneIdentifier=subnet,
            LaunchTemplate={"LaunchTemplateName": NAME, "Version": "1"},
        )  # fmt: skip


@pytest.mark.parametrize("least,most,wanted", [(2, 1, 1), (1, 3, 0), (1, 3, 4)])
def test_capacity_stays_between_min_and_max(make, least, most, wanted):
    with refused("ValidationError"):
        make.scaling_group(NAME, MinSize=least, MaxSize=most, DesiredCapacity=wanted)


def test_needs_a_template_and_subnets(autoscaling, make):
    subnet = make.subnet(make.vpc())
    with refused("ValidationError"):
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=NAME, MinSize=0, MaxSize=1, VPCZoneIdentifier=subnet
        )
    with refused("ValidationError"):
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=NAME, MinSize=0, MaxSize=1,
            LaunchTemplate={"LaunchTemplateId": make.template(), "Version": "1"},
        )  # fmt: skip


def test_unknown_template_and_subnet(make):
    with refused("ValidationError"):
        make.scaling_group(NAME, LaunchTemplate={"LaunchTemplateId": "lt-0123456789abcdef0", "Version": "1"})


def test_unknown_subnet(autoscaling, make):
    with refused("ValidationError"):
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=NAME, MinSize=0, MaxSize=1, VPCZoneIdentifier="subnet-0123456789abcdef0",
            LaunchTemplate={"LaunchTemplateId": make.template(), "Version": "1"},
        )  # fmt: skip


def test_unknown_group(autoscaling):
    # DescribeAutoScalingGroups answers with the groups that there are; changes are refused.
    assert autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["nobody"])["AutoScalingGroups"] == []
    with refused("ValidationError"):
        autoscaling.update_auto_scaling_group(AutoScalingGroupName="nobody", MaxSize=1)
    with refused("ValidationError"):
        autoscaling.set_desired_capacity(AutoScalingGroupName="nobody", DesiredCapacity=1)


def test_launches_what_is_desired(ec2, autoscaling, make, until):
    make.scaling_group(NAME, count=2)
    until(lambda: len(make.described_group()["Instances"]) == 2, 120)
    until(lambda: len(members(make)) == 2)
    (one, two) = make.described_group()["Instances"]
    assert one["HealthStatus"] == two["HealthStatus"] == "Healthy"
    assert one["ProtectedFromScaleIn"] is False
    instance = ec2.describe_instances(InstanceIds=[one["InstanceId"]])["Reservations"][0]["Instances"][0]
    tags = {t["Key"]: t["Value"] for t in instance["Tags"]}
    # EC2 User Guide: Auto Scaling adds a tag with the key aws:autoscaling:groupName.
    assert tags["aws:autoscaling:groupName"] == NAME
    seen = autoscaling.describe_auto_scaling_instances(InstanceIds=[one["InstanceId"]])["AutoScalingInstances"]
    assert (seen[0]["AutoScalingGroupName"], seen[0]["LifecycleState"]) == (NAME, "InService")


def test_tags_reach_instances_when_told(ec2, autoscaling, make, until):
    make.scaling_group(
        NAME,
        Tags=[
            {"Key": "a", "Value": "1", "PropagateAtLaunch": True},
            {"Key": "b", "Value": "2", "PropagateAtLaunch": False},
        ],
    )
    until(lambda: members(make))
    (instance,) = members(make)
    found = ec2.describe_tags(Filters=filters(resource_id=instance))["Tags"]
    tags = {t["Key"]: t["Value"] for t in found}
    assert tags["a"] == "1" and "b" not in tags
    found = autoscaling.describe_tags(Filters=[{"Name": "auto-scaling-group", "Values": [NAME]}])["Tags"]
    assert {(t["Key"], t["Value"], t["PropagateAtLaunch"], t["ResourceId"]) for t in found} == {
        ("a", "1", True, NAME),
        ("b", "2", False, NAME),
    }


def test_tags_change(autoscaling, make):
    make.scaling_group(NAME, count=0)
    tag = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": "a"}
    autoscaling.create_or_update_tags(Tags=[{**tag, "Value": "1", "PropagateAtLaunch": True}])
    assert [t["Value"] for t in make.described_group()["Tags"]] == ["1"]
    autoscaling.delete_tags(Tags=[tag])
    assert make.described_group()["Tags"] == []


def test_spreads_over_zones(group, make):
    group(5, zones=3)
    counts = collections.Counter(i["AvailabilityZone"] for i in make.described_group()["Instances"])
    assert sorted(counts.values()) == [1, 2, 2]


def test_scale_in_keeps_the_balance(autoscaling, group, make, until):
    group(6, zones=3)
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=3)
    until(lambda: len(make.described_group()["Instances"]) == 3)
    counts = collections.Counter(i["AvailabilityZone"] for i in make.described_group()["Instances"])
    assert sorted(counts.values()) == [1, 1, 1]


def test_set_desired_is_held_to_min_and_max(autoscaling, make):
    make.scaling_group(NAME, count=1, MinSize=1, MaxSize=2)
    for count in (0, 3):
        with refused("ValidationError"):
            autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=count)


def test_update_of_min_raises_desired(autoscaling, make):
    # UpdateAutoScalingGroup: "If a new value for MinSize is specified without setting a value for DesiredCapacity, and
    # the new MinSize is larger than the current size of the group, this sets the group's DesiredCapacity to the new
    # MinSize value." Likewise for MaxSize.
    make.scaling_group(NAME, count=1)
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=NAME, MinSize=3)
    assert make.described_group()["DesiredCapacity"] == 3
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=NAME, MinSize=0, MaxSize=2)
    assert make.described_group()["DesiredCapacity"] == 2


def test_terminated_by_hand_is_replaced(ec2, group, make, until):
    (old,) = group(1)
    ec2.terminate_instances(InstanceIds=[old])
    until(lambda: members(make) not in ([], [old]), 1200)


def test_unhealthy_is_replaced(autoscaling, group, make, until):
    (old,) = group(1)
    autoscaling.set_instance_health(InstanceId=old, HealthStatus="Unhealthy")
    until(lambda: members(make) not in ([], [old]), 1200)


def test_grace_period_is_respected_when_told(autoscaling, make, step, until):
    # SetInstanceHealth, ShouldRespectGracePeriod: default true.
    make.scaling_group(NAME, 1, HealthCheckGracePeriod=3600)
    until(lambda: members(make))
    (old,) = members(make)
    autoscaling.set_instance_health(InstanceId=old, HealthStatus="Unhealthy")
    step(300)
    assert members(make) == [old]
    autoscaling.set_instance_health(InstanceId=old, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False)
    until(lambda: members(make) not in ([], [old]), 1200)


def test_terminate_one_and_replace(autoscaling, group, make, until):
    (old,) = group(1)
    answer = autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=old, ShouldDecrementDesiredCapacity=False
    )
    assert answer["Activity"]["AutoScalingGroupName"] == NAME
    assert answer["Activity"]["StatusCode"] in ("InProgress", "PreInService", "WaitingForELBConnectionDraining")
    until(lambda: members(make) not in ([], [old]))


def test_terminate_one_and_shrink(autoscaling, group, make, until):
    old, _ = group(2)
    autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=True)
    assert make.described_group()["DesiredCapacity"] == 1
    until(lambda: len(make.described_group()["Instances"]) == 1)


def test_terminate_does_not_go_below_min(autoscaling, group):
    (old,) = group(1, MinSize=1)
    with refused("ValidationError"):
        autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=True)


def test_terminate_of_a_stranger(autoscaling, make):
    stranger = make.instance(make.subnet(make.vpc()))
    with refused("ValidationError"):
        autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=stranger, ShouldDecrementDesiredCapacity=False
        )


def test_protected_are_not_scaled_in(autoscaling, group, make, step, until):
    one, two = group(2)
    autoscaling.set_instance_protection(AutoScalingGroupName=NAME, InstanceIds=[one], ProtectedFromScaleIn=True)
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)
    until(lambda: members(make) == [one])
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=0)
    step(600)
    assert members(make) == [one]


def test_new_instances_can_be_protected(group, make):
    group(1, NewInstancesProtectedFromScaleIn=True)
    assert make.described_group()["Instances"][0]["ProtectedFromScaleIn"] is True


def test_standby_and_back(autoscaling, group, make, until):
    (one,) = group(1)
    answer = autoscaling.enter_standby(
        AutoScalingGroupName=NAME, InstanceIds=[one], ShouldDecrementDesiredCapacity=True
    )
    assert len(answer["Activities"]) == 1
    until(lambda: members(make, "Standby") == [one])
    assert make.described_group()["DesiredCapacity"] == 0
    autoscaling.exit_standby(AutoScalingGroupName=NAME, InstanceIds=[one])
    until(lambda: members(make) == [one])
    # ExitStandby: "the desired capacity is incremented".
    assert make.described_group()["DesiredCapacity"] == 1


def test_standby_is_replaced_unless_the_group_shrinks(autoscaling, group, make, until):
    (one,) = group(1)
    autoscaling.enter_standby(AutoScalingGroupName=NAME, InstanceIds=[one], ShouldDecrementDesiredCapacity=False)
    until(lambda: members(make, "Standby") == [one] and len(members(make)) == 1)


def test_standby_does_not_go_below_min(autoscaling, group):
    (one,) = group(1, MinSize=1)
    with refused("ValidationError"):
        autoscaling.enter_standby(AutoScalingGroupName=NAME, InstanceIds=[one], ShouldDecrementDesiredCapacity=True)


def test_exit_of_one_in_service(autoscaling, group):
    (one,) = group(1)
    with refused("ValidationError"):
        autoscaling.exit_standby(AutoScalingGroupName=NAME, InstanceIds=[one])


def test_detached_lives_on(autoscaling, group, make, until):
    (one,) = group(1)
    autoscaling.detach_instances(AutoScalingGroupName=NAME, InstanceIds=[one], ShouldDecrementDesiredCapacity=True)
    until(lambda: make.described_group()["Instances"] == [])
    assert make.described_group()["DesiredCapacity"] == 0
    assert make.instance_state(one) == "running"


def test_detached_is_replaced_unless_the_group_shrinks(autoscaling, group, make, until):
    (one,) = group(1)
    autoscaling.detach_instances(AutoScalingGroupName=NAME, InstanceIds=[one], ShouldDecrementDesiredCapacity=False)
    until(lambda: members(make) not in ([], [one]))


def test_attach(autoscaling, group, make, until):
    (one,) = group(1)
    autoscaling.detach_instances(AutoScalingGroupName=NAME, InstanceIds=[one], ShouldDecrementDesiredCapacity=True)
    until(lambda: make.described_group()["Instances"] == [])
    autoscaling.attach_instances(AutoScalingGroupName=NAME, InstanceIds=[one])
    until(lambda: members(make) == [one])
    # AttachInstances: "increases the desired capacity of the group by the number of instances being attached".
    assert make.described_group()["DesiredCapacity"] == 1


def test_suspended_launch(autoscaling, make, step, until):
    make.scaling_group(NAME, count=0)
    autoscaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Launch"])
    assert [p["ProcessName"] for p in make.described_group()["SuspendedProcesses"]] == ["Launch"]
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)
    step(300)
    assert make.described_group()["Instances"] == []
    autoscaling.resume_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Launch"])
    until(lambda: len(members(make)) == 1)
    assert make.described_group()["SuspendedProcesses"] == []


def test_suspended_replacement(autoscaling, group, make, step):
    (one,) = group(1)
    autoscaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["ReplaceUnhealthy"])
    autoscaling.set_instance_health(InstanceId=one, HealthStatus="Unhealthy")
    step(900)
    (seen,) = make.described_group()["Instances"]
    assert (seen["InstanceId"], seen["HealthStatus"]) == (one, "Unhealthy")


def test_suspend_everything(autoscaling, make):
    make.scaling_group(NAME, count=0)
    autoscaling.suspend_processes(AutoScalingGroupName=NAME)
    assert {p["ProcessName"] for p in make.described_group()["SuspendedProcesses"]} >= {
        "Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck",
        "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions",
    }  # fmt: skip


def test_unknown_process(autoscaling, make):
    make.scaling_group(NAME, count=0)
    with refused("ValidationError"):
        autoscaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Sleep"])


def test_activities(autoscaling, group, make, until):
    (one,) = group(1)
    (launch,) = autoscaling.describe_scaling_activities(AutoScalingGroupName=NAME)["Activities"]
    assert (launch["StatusCode"], launch["Progress"]) == ("Successful", 100)
    assert launch["Description"] == f"Launching a new EC2 instance: {one}"
    assert "At " in launch["Cause"]
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=0)
    until(lambda: make.described_group()["Instances"] == [])
    newest = autoscaling.describe_scaling_activities(AutoScalingGroupName=NAME)["Activities"][0]
    assert newest["Description"].startswith(f"Terminating EC2 instance: {one}")
    assert newest["StartTime"] >= launch["StartTime"]
    found = autoscaling.describe_scaling_activities(AutoScalingGroupName=NAME, ActivityIds=[launch["ActivityId"]])
    assert [a["ActivityId"] for a in found["Activities"]] == [launch["ActivityId"]]


def test_delete_is_held_by_instances(autoscaling, group, make, until):
    group(1)
    with refused("ResourceInUse", "ScalingActivityInProgress"):
        autoscaling.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=0)
    until(lambda: make.described_group()["Instances"] == [])
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    gone = lambda: autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"] == []
    until(gone)


def test_force_delete_terminates(autoscaling, group, make, until):
    (one,) = group(1)
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
    until(lambda: make.instance_state(one) in ("shutting-down", "terminated"))
    gone = lambda: autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"] == []
    until(gone)


def test_new_template_version_only_for_new_instances(ec2, autoscaling, group, make, step):
    (one,) = group(1)
    ec2.create_launch_template_version(
        LaunchTemplateName=NAME, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )
    autoscaling.update_auto_scaling_group(
        AutoScalingGroupName=NAME, LaunchTemplate={"LaunchTemplateName": NAME, "Version": "2"}
    )
    step(600)
    (seen,) = make.described_group()["Instances"]
    assert (seen["InstanceId"], seen["LaunchTemplate"]["Version"]) == (one, "1")


def test_mixed_instances(autoscaling, make, until):
    vpc = make.vpc()
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": make.template(), "Version": "1"},
            "Overrides": [{"InstanceType": "t3.small"}, {"InstanceType": "t3.medium"}],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 100},
    }
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=NAME, MinSize=1, MaxSize=1, VPCZoneIdentifier=make.subnet(vpc), MixedInstancesPolicy=policy
    )
    seen = make.described_group()
    distribution = seen["MixedInstancesPolicy"]["InstancesDistribution"]
    assert (distribution["OnDemandBaseCapacity"], distribution["OnDemandAllocationStrategy"]) == (1, "prioritized")
    assert "LaunchTemplate" not in seen
    until(lambda: members(make))
    # InstancesDistribution: `prioritized` takes the types in the order of the overrides.
    assert make.described_group()["Instances"][0]["InstanceType"] == "t3.small"


def test_metrics_collection(autoscaling, make):
    make.scaling_group(NAME, count=0)
    autoscaling.enable_metrics_collection(AutoScalingGroupName=NAME, Granularity="1Minute", Metrics=["GroupMinSize"])
    assert [m["Metric"] for m in make.described_group()["EnabledMetrics"]] == ["GroupMinSize"]
    autoscaling.disable_metrics_collection(AutoScalingGroupName=NAME)
    assert make.described_group()["EnabledMetrics"] == []


def test_warm_pool(autoscaling, make, until):
    make.scaling_group(NAME, count=0, MaxSize=2)
    autoscaling.put_warm_pool(AutoScalingGroupName=NAME, MinSize=1)
    found = autoscaling.describe_warm_pool(AutoScalingGroupName=NAME)
    assert (found["WarmPoolConfiguration"]["MinSize"], found["WarmPoolConfiguration"]["PoolState"]) == (1, "Stopped")
    autoscaling.delete_warm_pool(AutoScalingGroupName=NAME, ForceDelete=True)
    until(lambda: "WarmPoolConfiguration" not in autoscaling.describe_warm_pool(AutoScalingGroupName=NAME))


def test_target_groups_get_the_instances(elbv2, autoscaling, group, make, until):
    (one,) = group(1)
    vpc = make.ec2.describe_vpcs(Filters=filters(is_default="false"))["Vpcs"][0]["VpcId"]
    target_group = make.target_group(vpc)
    autoscaling.attach_load_balancer_target_groups(AutoScalingGroupName=NAME, TargetGroupARNs=[target_group])

    def targets():
        found = elbv2.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
        return [t["Target"]["Id"] for t in found if t["TargetHealth"]["State"] != "draining"]

    until(lambda: targets() == [one])
    found = autoscaling.describe_load_balancer_target_groups(AutoScalingGroupName=NAME)["LoadBalancerTargetGroups"]
    assert found[0]["LoadBalancerTargetGroupARN"] == target_group
    assert found[0]["State"] in ("Adding", "Added", "InService")
    autoscaling.detach_load_balancer_target_groups(AutoScalingGroupName=NAME, TargetGroupARNs=[target_group])
    until(lambda: targets() == [])


def test_unknown_target_group(make):
    arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/no/0123456789abcdef"
    with refused("ValidationError"):
        make.scaling_group(NAME, TargetGroupARNs=[arn])
