"""Queues. SQS API Reference: CreateQueue, DeleteQueue, SetQueueAttributes, ReceiveMessage, PurgeQueue, TagQueue."""

import hashlib
import json

import pytest

from cloud import refused

GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


@pytest.fixture
def queue(sqs, step):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    step(2)
    return url


def attributes(sqs, queue, *names):
    return sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(names) or ["All"])["Attributes"]


def test_create(sqs, cloud, step):
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"}, tags={"a": "1"})["QueueUrl"]
    step(2)
    assert url.endswith(f"/{cloud.account}/q")
    seen = attributes(sqs, url)
    assert seen["QueueArn"] == f"arn:aws:sqs:us-west-2:{cloud.account}:q"
    # CreateQueue: documented defaults.
    assert (seen["VisibilityTimeout"], seen["DelaySeconds"], seen["MessageRetentionPeriod"]) == ("60", "0", "345600")
    assert (seen["ReceiveMessageWaitTimeSeconds"], seen["SqsManagedSseEnabled"]) == ("0", "true")
    # SetQueueAttributes, MaximumMessageSize: up to 1,048,576 bytes (1 MiB), the default since 2025.
    assert seen["MaximumMessageSize"] in ("262144", "1048576")
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "1"}
    assert sqs.get_queue_url(QueueName="q")["QueueUrl"] == url
    assert sqs.list_queues()["QueueUrls"] == [url]


def test_same_again_is_the_same(sqs, queue):
    assert sqs.create_queue(QueueName="q")["QueueUrl"] == queue


def test_same_name_with_other_attributes(sqs, queue):
    with refused("QueueAlreadyExists", "QueueNameExists"):
        sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "60"})


@pytest.mark.parametrize("name", ["a b", "a" * 81, "q.fifo.x"])
def test_names(sqs, name):
    with refused("InvalidParameterValue"):
        sqs.create_queue(QueueName=name)


@pytest.mark.parametrize(
    "name,value",
    [("VisibilityTimeout", "43201"), ("MessageRetentionPeriod", "59"), ("DelaySeconds", "901"), ("VisibilityTimeout", "x")],
)
def test_attribute_values(sqs, name, value):
    with refused("InvalidAttributeValue"):
        sqs.create_queue(QueueName="q", Attributes={name: value})


def test_unknown_attribute(sqs):
    with refused("InvalidAttributeName"):
        sqs.create_queue(QueueName="q", Attributes={"Colour": "red"})


def test_unknown_queue(sqs, queue):
    with refused(*GONE, status=400):
        sqs.get_queue_url(QueueName="nothing")
    with refused(*GONE):
        sqs.send_message(QueueUrl=queue + "x", MessageBody="x")


def test_name_rests_for_sixty_seconds(sqs, queue, step):
    # DeleteQueue: "When you delete a queue, you must wait at least 60 seconds before creating a queue with the same name."
    sqs.delete_queue(QueueUrl=queue)
    with refused("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"):
        sqs.create_queue(QueueName="q")
    step(30)
    with refused("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"):
        sqs.create_queue(QueueName="q")
    step(35)
    sqs.create_queue(QueueName="q")


def test_deleted_is_gone(sqs, queue, step):
    sqs.delete_queue(QueueUrl=queue)
    step(61)
    with refused(*GONE):
        sqs.get_queue_url(QueueName="q")
    assert "QueueUrls" not in sqs.list_queues()


def test_set_attributes(sqs, queue, step, cloud):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": f"arn:aws:sqs:us-west-2:{cloud.account}:q",
            }
        ],
    }
    wanted = {"MessageRetentionPeriod": "300", "Policy": json.dumps(policy)}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=wanted)
    step(60)
    seen = attributes(sqs, queue, "MessageRetentionPeriod", "Policy")
    assert seen["MessageRetentionPeriod"] == "300"
    assert json.loads(seen["Policy"]) == policy
    assert set(seen) == {"MessageRetentionPeriod", "Policy"}


def test_malformed_policy(sqs, queue):
    with refused("InvalidAttributeValue"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": "{"})


def test_messages(sqs, queue, step):
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hello")
    assert sent["MD5OfMessageBody"] == hashlib.md5(b"hello").hexdigest()
    (got,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert (got["MessageId"], got["Body"]) == (sent["MessageId"], "hello")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert attributes(sqs, queue)["ApproximateNumberOfMessagesNotVisible"] == "1"
    step(31)
    (again,) = sqs.receive_message(QueueUrl=queue, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=again["ReceiptHandle"])
    step(31)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_visibility_can_change(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (got,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
    assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1


def test_messages_expire(sqs, step):
    url = sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
    step(2)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    step(61)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_batches(sqs, queue):
    answer = sqs.send_message_batch(
        QueueUrl=queue, Entries=[{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "2"}]
    )
    assert [e["Id"] for e in answer["Successful"]] == ["a", "b"]
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert sorted(m["Body"] for m in got) == ["1", "2"]
    entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(got)]
    assert len(sqs.delete_message_batch(QueueUrl=queue, Entries=entries)["Successful"]) == 2
    with refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "BatchEntryIdsNotDistinct"):
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "MessageBody": "1"}] * 2)
    with refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "TooManyEntriesInBatchRequest"):
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": str(n), "MessageBody": "1"} for n in range(11)])


@pytest.mark.parametrize("count", [0, 11])
def test_receive_count(sqs, queue, count):
    with refused("InvalidParameterValue"):
        sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=count)


def test_purge(sqs, queue, step):
    # PurgeQueue: one purge every 60 seconds.
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.purge_queue(QueueUrl=queue)
    with refused("AWS.SimpleQueueService.PurgeQueueInProgress", "PurgeQueueInProgress"):
        sqs.purge_queue(QueueUrl=queue)
    step(61)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_fifo(sqs, step):
    with refused("InvalidParameterValue"):
        sqs.create_queue(QueueName="q", Attributes={"FifoQueue": "true"})
    url = sqs.create_queue(
        QueueName="q.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    step(2)
    with refused("MissingParameter"):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    for _ in range(2):
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g")
    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 1


def test_tags(sqs, queue):
    sqs.tag_queue(QueueUrl=queue, Tags={"a": "1", "b": "2"})
    sqs.untag_queue(QueueUrl=queue, TagKeys=["a"])
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"b": "2"}


def test_list_by_prefix(sqs):
    for name in ("ab", "ac", "b"):
        sqs.create_queue(QueueName=name)
    assert [u.split("/")[-1] for u in sqs.list_queues(QueueNamePrefix="a")["QueueUrls"]] == ["ab", "ac"]
