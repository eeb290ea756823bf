"""Lifecycle hooks.

Auto Scaling API Reference: PutLifecycleHook, CompleteLifecycleAction, RecordLifecycleActionHeartbeat.
Auto Scaling User Guide: "How lifecycle hooks work", "Amazon EC2 Auto Scaling instance lifecycle".
"""

import json

import pytest

from cloud import refused

NAME, HOOK = "nodes", "ready"
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


def states(make):
    return {i["InstanceId"]: i["LifecycleState"] for i in make.described_group()["Instances"]}


@pytest.fixture
def group(make):
    """group(transition, ...): a group of one with the hook since its creation."""

    def build(transition, timeout=300, result="ABANDON", count=1):
        hook = {
            "LifecycleHookName": HOOK,
            "LifecycleTransition": transition,
            "HeartbeatTimeout": timeout,
            "DefaultResult": result,
        }
        make.scaling_group(NAME, count, LifecycleHookSpecificationList=[hook])

    return build


@pytest.fixture
def waiting(make, until):
    """waiting(state): the id of the instance that waits."""

    def wait(state="Pending:Wait"):
        return until(lambda: next((i for i, s in states(make).items() if s == state), None))

    return wait


def complete(autoscaling, instance, result):
    autoscaling.complete_lifecycle_action(
        LifecycleHookName=HOOK, AutoScalingGroupName=NAME, InstanceId=instance, LifecycleActionResult=result
    )


def put(autoscaling, **more):
    asked = {"LifecycleHookName": HOOK, "AutoScalingGroupName": NAME, "LifecycleTransition": LAUNCHING}
    autoscaling.put_lifecycle_hook(**{**asked, **more})


def test_put_and_describe(autoscaling, make):
    make.scaling_group(NAME, count=0)
    put(autoscaling)
    (hook,) = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=NAME)["LifecycleHooks"]
    assert (hook["LifecycleHookName"], hook["LifecycleTransition"]) == (HOOK, LAUNCHING)
    # PutLifecycleHook: HeartbeatTimeout 3600, DefaultResult ABANDON. LifecycleHook, GlobalTimeout: "172800 seconds (48
    # hours) or 100 times HeartbeatTimeout, whichever is smaller".
    assert (hook["HeartbeatTimeout"], hook["GlobalTimeout"], hook["DefaultResult"]) == (3600, 172800, "ABANDON")


def test_global_timeout(autoscaling, make):
    make.scaling_group(NAME, count=0)
    put(autoscaling, HeartbeatTimeout=60)
    (hook,) = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=NAME)["LifecycleHooks"]
    assert hook["GlobalTimeout"] == 6000


@pytest.mark.parametrize("timeout", [29, 7201])
def test_heartbeat_has_a_range(autoscaling, make, timeout):
    make.scaling_group(NAME, count=0)
    with refused("ValidationError"):
        put(autoscaling, HeartbeatTimeout=timeout)


def test_transition_and_result_are_checked(autoscaling, make):
    make.scaling_group(NAME, count=0)
    with refused("ValidationError"):
        put(autoscaling, LifecycleTransition="autoscaling:EC2_INSTANCE_SLEEPING")
    with refused("ValidationError"):
        put(autoscaling, DefaultResult="MAYBE")


def test_put_again_changes(autoscaling, make):
    make.scaling_group(NAME, count=0)
    put(autoscaling, HeartbeatTimeout=60)
    autoscaling.put_lifecycle_hook(AutoScalingGroupName=NAME, LifecycleHookName=HOOK, HeartbeatTimeout=90)
    (hook,) = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=NAME)["LifecycleHooks"]
    assert (hook["HeartbeatTimeout"], hook["LifecycleTransition"]) == (90, LAUNCHING)


def test_new_hook_needs_a_transition(autoscaling, make):
    make.scaling_group(NAME, count=0)
    with refused("ValidationError"):
        autoscaling.put_lifecycle_hook(AutoScalingGroupName=NAME, LifecycleHookName=HOOK)


def test_delete(autoscaling, make):
    make.scaling_group(NAME, count=0)
    put(autoscaling)
    autoscaling.delete_lifecycle_hook(AutoScalingGroupName=NAME, LifecycleHookName=HOOK)
    assert autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=NAME)["LifecycleHooks"] == []
    with refused("ValidationError"):
        autoscaling.delete_lifecycle_hook(AutoScalingGroupName=NAME, LifecycleHookName=HOOK)


def test_unknown_group(autoscaling):
    with refused("ValidationError"):
        put(autoscaling, AutoScalingGroupName="nobody")


def test_launch_waits_until_completed(autoscaling, make, group, waiting, step, until):
    group(LAUNCHING)
    instance = waiting()
    assert make.instance_state(instance) == "running"
    step(120)
    assert states(make) == {instance: "Pending:Wait"}
    complete(autoscaling, instance, "CONTINUE")
    until(lambda: states(make) == {instance: "InService"}, 60)


def test_abandoned_launch_is_replaced(autoscaling, make, group, waiting, until):
    group(LAUNCHING)
    first = waiting()
    complete(autoscaling, first, "ABANDON")
    until(lambda: any(s == "Pending:Wait" for i, s in states(make).items() if i != first))
    until(lambda: make.instance_state(first) in ("shutting-down", "terminated"))


def test_timeout_gives_the_default_result(make, group, waiting, step, until):
    group(LAUNCHING, timeout=60, result="CONTINUE")
    instance = waiting()
    step(30)
    assert states(make) == {instance: "Pending:Wait"}
    step(40)
    until(lambda: states(make) == {instance: "InService"}, 60)


def test_timeout_abandons_by_default(make, group, waiting, step, until):
    group(LAUNCHING, timeout=60)
    first = waiting()
    step(70)
    until(lambda: states(make).get(first) not in ("Pending:Wait", "InService"), 60)


def test_heartbeat_extends(autoscaling, make, group, waiting, step):
    group(LAUNCHING, timeout=60, result="CONTINUE")
    instance = waiting()
    for _ in range(4):
        step(40)
        autoscaling.record_lifecycle_action_heartbeat(
            LifecycleHookName=HOOK, AutoScalingGroupName=NAME, InstanceId=instance
        )
    step(40)
    assert states(make) == {instance: "Pending:Wait"}
    step(40)
    assert states(make) == {instance: "InService"}


def test_heartbeats_end_at_the_global_timeout(autoscaling, make, group, waiting, step):
    group(LAUNCHING, timeout=30, result="CONTINUE")
    instance = waiting()
    for _ in range(160):
        step(20)
        if states(make) != {instance: "Pending:Wait"}:
            break
        autoscaling.record_lifecycle_action_heartbeat(
            LifecycleHookName=HOOK, AutoScalingGroupName=NAME, InstanceId=instance
        )
    else:
        raise AssertionError("waits longer than 100 heartbeat timeouts")
    assert states(make) == {instance: "InService"}


def test_nothing_to_complete(autoscaling, make, until):
    make.scaling_group(NAME, 1)
    until(lambda: "InService" in states(make).values())
    put(autoscaling)
    (instance,) = states(make)
    with refused("ValidationError", says="No active Lifecycle Action"):
        complete(autoscaling, instance, "CONTINUE")
    with refused("ValidationError"):
        autoscaling.record_lifecycle_action_heartbeat(
            LifecycleHookName=HOOK, AutoScalingGroupName=NAME, InstanceId=instance
        )


def test_result_is_checked(autoscaling, group, waiting):
    group(LAUNCHING)
    instance = waiting()
    with refused("ValidationError"):
        complete(autoscaling, instance, "MAYBE")


@pytest.mark.parametrize("result", ["CONTINUE", "ABANDON"])
def test_both_results_terminate(autoscaling, make, group, waiting, until, step, result):
    group(TERMINATING)
    until(lambda: "InService" in states(make).values())
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=0)
    instance = waiting("Terminating:Wait")
    step(120)
    assert states(make) == {instance: "Terminating:Wait"}
    assert make.instance_state(instance) == "running"
    complete(autoscaling, instance, result)
    until(lambda: states(make) == {})
    assert make.instance_state(instance) in ("shutting-down", "terminated")


def test_termination_goes_on_after_the_timeout(autoscaling, make, group, waiting, until, step):
    group(TERMINATING, timeout=60)
    until(lambda: "InService" in states(make).values())
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=0)
    waiting("Terminating:Wait")
    step(70)
    until(lambda: states(make) == {}, 300)


def test_hook_after_the_launch_misses_it(autoscaling, make, until):
    make.scaling_group(NAME, 1)
    until(lambda: "InService" in states(make).values())
    put(autoscaling)
    assert list(states(make).values()) == ["InService"]


def test_target_is_registered_only_after_the_hook(elbv2, autoscaling, make, group, waiting, until, step):
    group(LAUNCHING, count=0)
    vpc = make.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"][0]["VpcId"]
    target_group = make.target_group(vpc)
    autoscaling.attach_load_balancer_target_groups(AutoScalingGroupName=NAME, TargetGroupARNs=[target_group])
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)
    instance = waiting()
    step(60)
    targets = lambda: elbv2.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    assert targets() == []
    complete(autoscaling, instance, "CONTINUE")
    until(lambda: [t["Target"]["Id"] for t in targets()] == [instance])


def test_force_delete_does_not_wait_for_hooks(autoscaling, make, group, until):
    # DeleteAutoScalingGroup, ForceDelete: "also deletes any outstanding lifecycle actions".
    group(TERMINATING, timeout=7200)
    until(lambda: "InService" in states(make).values())
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
    gone = lambda: autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"] == []
    until(gone)


def test_hook_types(autoscaling):
    assert set(autoscaling.describe_lifecycle_hook_types()["LifecycleHookTypes"]) >= {LAUNCHING, TERMINATING}


def test_target_is_told(autoscaling, sqs, cloud, make, until):
    # Auto Scaling User Guide, "Amazon SQS": a test message when the hook is made, and one for each action.
    url = sqs.create_queue(QueueName="hooks")["QueueUrl"]
    arn = f"arn:aws:sqs:us-west-2:{cloud.account}:hooks"
    role = make.role("hooks")
    make.scaling_group(NAME, 0)
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=NAME, LifecycleHookName=HOOK, LifecycleTransition=LAUNCHING, NotificationTargetARN=arn,
        RoleARN=role,
    )  # fmt: skip

    def told():
        return [json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=url).get("Messages", [])]

    (test,) = told()
    assert (test["Event"], test["AutoScalingGroupName"]) == ("autoscaling:TEST_NOTIFICATION", NAME)
    autoscaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)
    (action,) = until(told, 120)
    assert (action["LifecycleTransition"], action["LifecycleHookName"]) == (LAUNCHING, HOOK)
    assert (action["Service"], action["AccountId"]) == ("AWS Auto Scaling", cloud.account)
    assert action["LifecycleActionToken"] and action["EC2InstanceId"] in states(make)
