"""Instance refresh.

Auto Scaling API Reference: StartInstanceRefresh, CancelInstanceRefresh, RollbackInstanceRefresh,
DescribeInstanceRefreshes, RefreshPreferences. Auto Scaling User Guide: "How an instance refresh works".
"""

import pytest

from cloud import refused

NAME = "nodes"


@pytest.fixture
def group(make, ec2, until):
    """group(count): a group in service, whose template has a second version."""

    def build(count=2, **more):
        make.scaling_group(NAME, count, **more)
        until(lambda: len(in_service(make)) == count)
        ec2.create_launch_template_version(
            LaunchTemplateName=NAME, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
        )
        return in_service(make)

    return build


def in_service(make):
    return sorted(i["InstanceId"] for i in make.described_group()["Instances"] if i["LifecycleState"] == "InService")


def wanted(version="2"):
    return {"LaunchTemplate": {"LaunchTemplateName": NAME, "Version": version}}


def start(autoscaling, version="2", **preferences):
    preferences = {"InstanceWarmup": 0, "MinHealthyPercentage": 50, **preferences}
    more = {"DesiredConfiguration": wanted(version)} if version else {}
    return autoscaling.start_instance_refresh(AutoScalingGroupName=NAME, Preferences=preferences, **more)[
        "InstanceRefreshId"
    ]


def seen(autoscaling, refresh=None):
    more = {"InstanceRefreshIds": [refresh]} if refresh else {}
    return autoscaling.describe_instance_refreshes(AutoScalingGroupName=NAME, **more)["InstanceRefreshes"][0]


def finished(autoscaling, refresh, *states):
    return lambda: seen(autoscaling, refresh)["Status"] in states


def test_replaces_every_instance(autoscaling, make, group, until):
    old = group(2)
    refresh = start(autoscaling)
    first = seen(autoscaling, refresh)
    assert first["Status"] in ("Pending", "InProgress")
    assert (first["AutoScalingGroupName"], first["InstanceRefreshId"]) == (NAME, refresh)
    until(finished(autoscaling, refresh, "Successful"), 3600, 15)
    last = seen(autoscaling, refresh)
    assert (last["PercentageComplete"], last["InstancesToUpdate"]) == (100, 0)
    assert last["EndTime"] >= last["StartTime"]
    assert not set(in_service(make)) & set(old)
    assert {i["InstanceType"] for i in make.described_group()["Instances"]} == {"t3.small"}


def test_group_takes_the_desired_configuration(autoscaling, make, group, until):
    # DesiredConfiguration: "Once the instance refresh succeeds, Auto Scaling updates the settings of the group".
    group(1)
    refresh = start(autoscaling, MinHealthyPercentage=0)
    assert seen(autoscaling, refresh)["DesiredConfiguration"]["LaunchTemplate"]["Version"] == "2"
    until(finished(autoscaling, refresh, "Successful"), 3600, 15)
    assert make.described_group()["LaunchTemplate"]["Version"] == "2"


def test_keeps_min_healthy(autoscaling, make, group, step):
    group(4)
    refresh = start(autoscaling, MinHealthyPercentage=75)
    for _ in range(400):
        assert len(in_service(make)) >= 3
        if seen(autoscaling, refresh)["Status"] == "Successful":
            break
        step(10)
    else:
        raise AssertionError("the refresh does not end")


def test_launches_before_it_terminates_when_told(autoscaling, make, group, step):
    # RefreshPreferences, MinHealthyPercentage 100 and MaxHealthyPercentage above 100: launch before terminate.
    group(2)
    refresh = start(autoscaling, MinHealthyPercentage=100, MaxHealthyPercentage=150)
    most = 0
    for _ in range(400):
        assert len(in_service(make)) >= 2
        # MaxHealthyPercentage: "the maximum percentage of the group that can be in service and healthy, or pending".
        states = [i["LifecycleState"] for i in make.described_group()["Instances"]]
        most = max(most, sum(not state.startswith("Terminating") for state in states))
        if seen(autoscaling, refresh)["Status"] == "Successful":
            break
        step(10)
    else:
        raise AssertionError("the refresh does not end")
    assert most == 3


def test_one_at_a_time(autoscaling, group):
    group(2)
    start(autoscaling)
    with refused("InstanceRefreshInProgress"):
        start(autoscaling)


def test_its_configuration_is_not_changed_meanwhile(autoscaling, group):
    # UpdateAutoScalingGroup: "An active instance refresh with a desired configuration exists."
    group(2)
    start(autoscaling)
    with refused("ValidationError", says="active instance refresh"):
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=NAME, **wanted("2"))
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=NAME, MaxSize=9)


def test_unknown_group(autoscaling):
    with refused("ValidationError"):
        start(autoscaling)


def test_auto_rollback_needs_a_desired_configuration(autoscaling, group):
    group(1)
    with refused("ValidationError"):
        start(autoscaling, version=None, AutoRollback=True)


def test_auto_rollback_needs_a_fixed_version(autoscaling, make, until):
    # AutoRollback: not supported when the group uses the template's $Latest or $Default version.
    vpc = make.vpc()
    template = make.template(NAME)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=NAME, MinSize=1, MaxSize=2, VPCZoneIdentifier=make.subnet(vpc),
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
    )  # fmt: skip
    until(lambda: len(in_service(make)) == 1)
    with refused("ValidationError"):
        start(autoscaling, "1", AutoRollback=True)


def test_auto_rollback_needs_a_fixed_image(autoscaling, ec2, ssm, make, group):
    # AutoRollback: not supported when the template names its image by an SSM parameter.
    group(1)
    ssm.put_parameter(Name="/images/node", Value=make.image, Type="String", DataType="aws:ec2:image")
    data = {"ImageId": "resolve:ssm:/images/node", "InstanceType": "t3.small"}
    ec2.create_launch_template_version(LaunchTemplateName=NAME, LaunchTemplateData=data)
    with refused("ValidationError"):
        start(autoscaling, "3", AutoRollback=True)
    start(autoscaling, "3")


@pytest.mark.parametrize(
    "preferences",
    [
        {"MinHealthyPercentage": 101},
        {"MinHealthyPercentage": 0, "MaxHealthyPercentage": 110},
        {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 99},
        {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 201},
        {"CheckpointDelay": 60},
        {"CheckpointPercentages": [50, 20, 100]},
        {"CheckpointPercentages": [50], "CheckpointDelay": 172801},
    ],
    ids=["min", "spread", "max", "max200", "delay-alone", "descending", "delay-long"],
)
def test_preferences_are_checked(cloud, group, preferences):
    group(1)
    with refused("ValidationError"):
        start(cloud.raw("autoscaling"), **preferences)


def test_unknown_version(autoscaling, group):
    group(1)
    with refused("ValidationError"):
        start(autoscaling, "9")


def test_cancel(autoscaling, make, group, until):
    group(4)
    refresh = start(autoscaling, MinHealthyPercentage=75)
    assert autoscaling.cancel_instance_refresh(AutoScalingGroupName=NAME)["InstanceRefreshId"] == refresh
    assert seen(autoscaling, refresh)["Status"] in ("Cancelling", "Cancelled")
    until(finished(autoscaling, refresh, "Cancelled"), 1800)
    # CancelInstanceRefresh: "this does not roll back any changes that it made".
    assert make.described_group()["LaunchTemplate"]["Version"] == "1"
    with refused("ActiveInstanceRefreshNotFound"):
        autoscaling.cancel_instance_refresh(AutoScalingGroupName=NAME)


def test_nothing_to_cancel_or_roll_back(autoscaling, group):
    group(1)
    with refused("ActiveInstanceRefreshNotFound"):
        autoscaling.cancel_instance_refresh(AutoScalingGroupName=NAME)
    with refused("ActiveInstanceRefreshNotFound"):
        autoscaling.rollback_instance_refresh(AutoScalingGroupName=NAME)


def test_rollback(autoscaling, make, group, until):
    group(4)
    refresh = start(autoscaling, MinHealthyPercentage=75)
    new = lambda: [i for i in make.described_group()["Instances"] if i["LaunchTemplate"]["Version"] == "2"]
    until(lambda: new(), 1800)
    assert autoscaling.rollback_instance_refresh(AutoScalingGroupName=NAME)["InstanceRefreshId"] == refresh
    assert seen(autoscaling, refresh)["Status"] == "RollbackInProgress"
    until(finished(autoscaling, refresh, "RollbackSuccessful"), 3600, 15)
    assert {i["LaunchTemplate"]["Version"] for i in make.described_group()["Instances"]} == {"1"}
    assert make.described_group()["LaunchTemplate"]["Version"] == "1"
    assert "RollbackDetails" in seen(autoscaling, refresh)


def test_rollback_needs_a_desired_configuration(autoscaling, group):
    group(2)
    start(autoscaling, version=None)
    with refused("IrreversibleInstanceRefresh"):
        autoscaling.rollback_instance_refresh(AutoScalingGroupName=NAME)


def test_skip_matching(autoscaling, make, group, until):
    old = group(2)
    refresh = start(autoscaling, "1", SkipMatching=True)
    until(finished(autoscaling, refresh, "Successful"), 600)
    assert in_service(make) == old


def test_checkpoint_waits(autoscaling, make, group, until, step):
    group(2)
    refresh = start(autoscaling, CheckpointPercentages=[50, 100], CheckpointDelay=3600)
    new = lambda: [
        i
        for i in make.described_group()["Instances"]
        if i["LifecycleState"] == "InService" and i["LaunchTemplate"]["Version"] == "2"
    ]
    until(lambda: len(new()) == 1, 1800)
    step(1800)
    assert len(new()) == 1
    assert seen(autoscaling, refresh)["PercentageComplete"] == 50
    until(finished(autoscaling, refresh, "Successful"), 4 * 3600, 30)
    assert len(new()) == 2


def test_last_checkpoint_is_the_end(autoscaling, make, group, until):
    # CheckpointPercentages: "To replace all instances in the Auto Scaling group, the last number must be 100."
    old = group(2)
    refresh = start(autoscaling, CheckpointPercentages=[50], CheckpointDelay=60)
    until(finished(autoscaling, refresh, "Successful"), 3600, 15)
    assert (seen(autoscaling, refresh)["PercentageComplete"], seen(autoscaling, refresh)["InstancesToUpdate"]) == (50, 1)
    assert len(set(old) & set(in_service(make))) == 1


def test_percentages_come_from_the_maintenance_policy(autoscaling, group):
    # RefreshPreferences, MinHealthyPercentage: "If not specified, the default value ... instance maintenance policy".
    group(1, InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 120})
    autoscaling.start_instance_refresh(AutoScalingGroupName=NAME)
    (it,) = autoscaling.describe_instance_refreshes(AutoScalingGroupName=NAME)["InstanceRefreshes"]
    assert (it["Preferences"]["MinHealthyPercentage"], it["Preferences"]["MaxHealthyPercentage"]) == (100, 120)


def test_bake_time(autoscaling, group, until, step):
    group(1)
    refresh = start(autoscaling, MinHealthyPercentage=0, BakeTime=600)
    until(finished(autoscaling, refresh, "Baking"), 1800)
    step(500)
    assert seen(autoscaling, refresh)["Status"] == "Baking"
    step(200)
    assert seen(autoscaling, refresh)["Status"] == "Successful"


def test_standby_holds_it_unless_ignored(autoscaling, make, group, until, step):
    # StandbyInstances: Wait (default) waits one hour, "Otherwise, the instance refresh will fail".
    one, two = group(2)
    autoscaling.enter_standby(AutoScalingGroupName=NAME, InstanceIds=[one], ShouldDecrementDesiredCapacity=True)
    step(60)
    refresh = start(autoscaling, MinHealthyPercentage=0)
    until(finished(autoscaling, refresh, "Failed"), 3 * 3600, 30)
    second = start(autoscaling, MinHealthyPercentage=0, StandbyInstances="Ignore")
    until(finished(autoscaling, second, "Successful"), 3600, 15)
    standby = [i["InstanceId"] for i in make.described_group()["Instances"] if i["LifecycleState"] == "Standby"]
    assert standby == [one]


def test_protected_can_be_replaced_when_told(autoscaling, make, group, until):
    (one,) = group(1)
    autoscaling.set_instance_protection(AutoScalingGroupName=NAME, InstanceIds=[one], ProtectedFromScaleIn=True)
    refresh = start(autoscaling, MinHealthyPercentage=0, ScaleInProtectedInstances="Refresh")
    until(finished(autoscaling, refresh, "Successful"), 3600, 15)
    assert in_service(make) != [one]


def test_newest_first(autoscaling, group, until):
    group(1)
    first = start(autoscaling, MinHealthyPercentage=0)
    until(finished(autoscaling, first, "Successful"), 3600, 15)
    second = start(autoscaling, "1", MinHealthyPercentage=0)
    found = autoscaling.describe_instance_refreshes(AutoScalingGroupName=NAME)["InstanceRefreshes"]
    assert [r["InstanceRefreshId"] for r in found] == [second, first]
