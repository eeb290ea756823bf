"""Instances that are processes: what boto3 on such a machine finds out, through its default chain of providers.

EC2 User Guide "Use the Instance Metadata Service to access instance metadata", "Retrieve security credentials from instance
metadata"; IAM User Guide "Policy evaluation logic"; Elastic Load Balancing Guide for Network Load Balancers.
"""

import json
import os
import socket
import sys
import time
from pathlib import Path

import boto3
import pytest

import targets

pytestmark = pytest.mark.airplane_only

REGION = "us-west-2"
MACHINE = Path(__file__).with_name("machine.py")
DOCUMENT = "#cloud-config\nwrite_files:\n- content: |\n    apiVersion: kprov.dev/v1alpha1\n    kind: Node\n"
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
POLICY = [
    {
        "Effect": "Allow",
        "Action": "ssm:GetParametersByPath",
        "Resource": f"arn:aws:ssm:{REGION}:*:parameter/kprov/demo/*",
    },
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::backups/demo/*"},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::backups"},
]
PATIENCE = 60


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def flight(tmp_path, pytestconfig):
    """An airplane of its own, whose machines run machine.py."""
    with socket.socket() as taken:
        # A block of addresses that nobody else has now: whoever can listen in it has it.
        for block in range(256):
            try:
                taken.bind((f"127.79.{block}.1", 4077))
                taken.listen()
                break
            except OSError:
                continue
        machines = f"{tmp_path / 'machines'},{block},{sys.executable},{MACHINE}"
        airplane = targets.Airplane(pytestconfig.getoption("--airplane"), ["--machines", machines])
        airplane.machines = tmp_path / "machines"
        yield airplane
        airplane.stop()


def client(flight, service):
    return boto3.client(
        service, region_name=REGION, endpoint_url=flight.endpoint,
        aws_access_key_id="123456789012", aws_secret_access_key="x",
    )  # fmt: skip


def wait(flight, what, holds):
    """Steps the clock until something is so; the machines have real time."""
    until = time.monotonic() + PATIENCE
    while not (found := holds()):
        if time.monotonic() > until:
            logs = [log.read_text() for log in flight.machines.glob("*.log")]
            raise AssertionError(f"never: {what}; the machines said {logs}")
        flight.step(1)
        time.sleep(0.05)
    return found


def prepare(flight):
    iam, ssm, s3 = (client(flight, service) for service in ("iam", "ssm", "s3"))
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=document(TRUST))
    iam.put_role_policy(RoleName="node", PolicyName="own", PolicyDocument=document(*POLICY))
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    for name in ("demo", "other"):
        ssm.put_parameter(Name=f"/kprov/{name}/pki/key", Value=f"secret of {name}", Type="SecureString")
    s3.create_bucket(Bucket="backups", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("demo/one", "other/one"):
        s3.put_object(Bucket="backups", Key=key, Body=key.encode())
    flight.step(60)


def launch(flight):
    ec2 = client(flight, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zone = f"{REGION}b"
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    made = ec2.run_instances(
        ImageId="ami-0123456789abcdef0", InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet,
        UserData=DOCUMENT, IamInstanceProfile={"Name": "node"}, MetadataOptions={"HttpTokens": "required"},
    )  # fmt: skip
    return made["Instances"][0]["InstanceId"]


def test_boto3_finds_itself_and_may_do_what_its_role_may(flight, monkeypatch):
    # Nothing of whoever starts airplane leads a machine elsewhere.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    prepare(flight)
    instance = launch(flight)
    path = flight.machines / instance / "node" / "found.json"
    found = wait(flight, "the machine has asked", lambda: path.exists() and json.loads(path.read_text()))
    assert found["method"] == "iam-role"
    assert found["region"] == REGION
    assert found["zone"] == f"{REGION}b"
    assert found["who"] == f"arn:aws:sts::123456789012:assumed-role/node/{instance}"
    assert found["own"] == {"/kprov/demo/pki/key": "secret of demo"}
    assert found["others"] == "AccessDeniedException"
    assert found["listing"] == ["demo/one"]
    assert found["object"] == "demo/one"
    assert found["forbidden"] == "AccessDenied"
    assert found["user_data"] == DOCUMENT


def test_an_instance_ends_with_its_process(flight):
    prepare(flight)
    instance = launch(flight)
    path = flight.machines / instance / "node" / "found.json"
    wait(flight, "the machine has asked", path.exists)
    ec2 = client(flight, "ec2")
    (machine,) = targets.read(f"{flight.endpoint}/_airplane/machines")
    assert machine["state"] == "running"
    assert machine["private_address"] == "10.0.1.4"
    assert machine["address"].startswith("127.77.")
    os.kill(machine["pid"], 0)
    ec2.terminate_instances(InstanceIds=[instance])

    def state():
        (reservation,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
        return reservation["Instances"][0]["State"]["Name"]

    wait(flight, "it is terminated", lambda: state() == "terminated")
    with pytest.raises(ProcessLookupError):
        os.kill(machine["pid"], 0)
