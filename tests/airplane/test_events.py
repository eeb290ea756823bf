"""EventBridge rules and targets, and the Auto Scaling events that go through them.

EventBridge API Reference: PutRule, DeleteRule, PutTargets, RemoveTargets, ListTargetsByRule. Auto Scaling User Guide:
"Amazon EC2 Auto Scaling event reference".
"""

import json

import pytest

from builders import queue_for_events, tags
from cloud import refused

PATTERN = json.dumps({"source": ["aws.autoscaling"], "detail-type": ["EC2 Instance-terminate Lifecycle Action"]})


@pytest.fixture
def rule(events):
    events.put_rule(Name="r", EventPattern=PATTERN)
    return "r"


@pytest.fixture
def sink(sqs, cloud, step):
    """A queue that lets EventBridge in, and its ARN."""
    url, arn = queue_for_events(sqs, cloud.account)
    step(60)
    return url, arn


def test_put_and_describe(events, cloud):
    arn = events.put_rule(Name="r", EventPattern=PATTERN, Description="x")["RuleArn"]
    assert arn == f"arn:aws:events:us-west-2:{cloud.account}:rule/r"
    seen = events.describe_rule(Name="r")
    assert (seen["Arn"], seen["State"], seen["Description"], seen["EventBusName"]) == (arn, "ENABLED", "x", "default")
    assert json.loads(seen["EventPattern"]) == json.loads(PATTERN)
    assert [r["Name"] for r in events.list_rules(NamePrefix="r")["Rules"]] == ["r"]


def test_put_replaces(events, rule):
    # PutRule: "If you are updating an existing rule, the rule is replaced with what you specify"; what is omitted goes.
    events.put_rule(Name="r", EventPattern=PATTERN, Description="x")
    events.put_rule(Name="r", EventPattern=PATTERN, State="DISABLED")
    seen = events.describe_rule(Name="r")
    assert seen["State"] == "DISABLED" and "Description" not in seen


def test_needs_a_pattern_or_a_schedule(events):
    with refused("ValidationException"):
        events.put_rule(Name="r")


@pytest.mark.parametrize("pattern", ["{", "[]", '{"source": "aws.ec2"}'])
def test_patterns(events, pattern):
    with refused("InvalidEventPatternException"):
        events.put_rule(Name="r", EventPattern=pattern)


@pytest.mark.parametrize("schedule", ["sometimes", "rate(0 minutes)", "rate(5 minute)", "cron(* * *)"])
def test_schedules(events, schedule):
    with refused("ValidationException"):
        events.put_rule(Name="r", ScheduleExpression=schedule)
    events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")


def test_unknown_rule(events, cloud):
    with refused("ResourceNotFoundException", status=400):
        events.describe_rule(Name="nothing")
    with refused("ResourceNotFoundException"):
        events.put_targets(Rule="nothing", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-west-2:{cloud.account}:q"}])
    with refused("ResourceNotFoundException"):
        events.list_targets_by_rule(Rule="nothing")
    # DeleteRule of a rule that is not there succeeds.
    events.delete_rule(Name="nothing")


def test_targets(events, rule, sink):
    answer = events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": sink[1]}])
    assert (answer["FailedEntryCount"], answer["FailedEntries"]) == (0, [])
    assert events.list_targets_by_rule(Rule=rule)["Targets"] == [{"Id": "queue", "Arn": sink[1]}]
    assert events.list_rule_names_by_target(TargetArn=sink[1])["RuleNames"] == ["r"]
    events.remove_targets(Rule=rule, Ids=["queue"])
    assert events.list_targets_by_rule(Rule=rule)["Targets"] == []


def test_rule_with_targets_is_held(events, rule, sink):
    # DeleteRule: "Before you can delete the rule, you must remove all targets, using RemoveTargets."
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": sink[1]}])
    with refused("ValidationException"):
        events.delete_rule(Name=rule)
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
    with refused("ResourceNotFoundException"):
        events.describe_rule(Name=rule)


def test_five_targets(events, rule, cloud):
    # Quotas: 5 targets a rule.
    arn = f"arn:aws:sqs:us-west-2:{cloud.account}:q"
    events.put_targets(Rule=rule, Targets=[{"Id": str(n), "Arn": f"{arn}{n}"} for n in range(5)])
    with refused("LimitExceededException"):
        events.put_targets(Rule=rule, Targets=[{"Id": "more", "Arn": f"{arn}more"}])


def test_removing_what_is_not_there(events, rule):
    answer = events.remove_targets(Rule=rule, Ids=["nothing"])
    assert answer["FailedEntryCount"] in (0, 1)


def test_enable_and_disable(events, rule):
    events.disable_rule(Name=rule)
    assert events.describe_rule(Name=rule)["State"] == "DISABLED"
    events.enable_rule(Name=rule)
    assert events.describe_rule(Name=rule)["State"] == "ENABLED"


def test_tags(events):
    arn = events.put_rule(Name="r", EventPattern=PATTERN, Tags=tags(a="1"))["RuleArn"]
    events.tag_resource(ResourceARN=arn, Tags=tags(b="2"))
    events.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags(b="2")


def test_default_bus(events, cloud):
    bus = events.describe_event_bus()
    assert (bus["Name"], bus["Arn"]) == ("default", f"arn:aws:events:us-west-2:{cloud.account}:event-bus/default")
    assert [b["Name"] for b in events.list_event_buses()["EventBuses"]] == ["default"]


def test_lifecycle_events_reach_the_queue(events, sqs, autoscaling, make, rule, sink, until):
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": sink[1]}])
    hook = {
        "LifecycleHookName": "drain",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "HeartbeatTimeout": 300,
        "NotificationMetadata": "meta",
    }
    make.scaling_group("nodes", 1, LifecycleHookSpecificationList=[hook])
    states = lambda: [i["LifecycleState"] for i in make.described_group()["Instances"]]
    until(lambda: states() == ["InService"])
    (instance,) = [i["InstanceId"] for i in make.described_group()["Instances"]]
    autoscaling.set_desired_capacity(AutoScalingGroupName="nodes", DesiredCapacity=0)
    until(lambda: states() == ["Terminating:Wait"])
    (message,) = until(lambda: sqs.receive_message(QueueUrl=sink[0]).get("Messages"), 60)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("aws.autoscaling", "EC2 Instance-terminate Lifecycle Action")
    assert (event["region"], event["version"]) == ("us-west-2", "0")
    detail = event["detail"]
    assert (detail["EC2InstanceId"], detail["AutoScalingGroupName"]) == (instance, "nodes")
    assert (detail["LifecycleHookName"], detail["NotificationMetadata"]) == ("drain", "meta")
    assert detail["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
    # CompleteLifecycleAction, LifecycleActionToken: "the token that was sent to the notification target".
    autoscaling.complete_lifecycle_action(
        LifecycleHookName="drain", AutoScalingGroupName="nodes", LifecycleActionResult="CONTINUE",
        LifecycleActionToken=detail["LifecycleActionToken"],
    )  # fmt: skip
    until(lambda: states() == [])


def test_instance_state_changes_reach_the_queue(ec2, events, sqs, make, sink, until):
    pattern = {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}
    events.put_rule(Name="s", EventPattern=json.dumps({**pattern, "detail": {"state": ["terminated"]}}))
    events.put_targets(Rule="s", Targets=[{"Id": "queue", "Arn": sink[1]}])
    instance = make.instance(make.subnet(make.vpc()))
    until(lambda: make.instance_state(instance) == "running")
    ec2.terminate_instances(InstanceIds=[instance])
    until(lambda: make.instance_state(instance) == "terminated")
    (message,) = until(lambda: sqs.receive_message(QueueUrl=sink[0]).get("Messages"), 60)
    assert json.loads(message["Body"])["detail"] == {"instance-id": instance, "state": "terminated"}


def test_queue_without_policy_gets_nothing(ec2, events, sqs, make, cloud, until, step):
    # EventBridge User Guide, "Using resource-based policies": the queue's policy must let events.amazonaws.com send.
    url = sqs.create_queue(QueueName="closed")["QueueUrl"]
    events.put_rule(Name="s", EventPattern=json.dumps({"source": ["aws.ec2"]}))
    arn = f"arn:aws:sqs:us-west-2:{cloud.account}:closed"
    events.put_targets(Rule="s", Targets=[{"Id": "queue", "Arn": arn}])
    instance = make.instance(make.subnet(make.vpc()))
    until(lambda: make.instance_state(instance) == "running")
    step(60)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
