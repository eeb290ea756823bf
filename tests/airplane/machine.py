"""What a machine runs in test_machines.py: boto3 that has to find everything out from its environment, as on an instance.

Started as `python machine.py node up -user-data FILE -directory DIR`. Writes what it found to DIR/found.json, and stays
until it is told to end.
"""

import json
import os
import signal
import sys
from pathlib import Path

import boto3
import botocore.exceptions
import botocore.session
from botocore.utils import IMDSFetcher


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def tried(call):
    try:
        return call()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]


def main():
    session = boto3.Session()
    credentials = session.get_credentials()
    # botocore's own reader of metadata: it opens a session with a token first.
    metadata = IMDSFetcher(base_url=os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"], user_agent="machine")
    token = metadata._fetch_metadata_token()
    zone = metadata._get_request("/latest/meta-data/placement/availability-zone", None, token=token).text
    ssm, sts, s3 = (session.client(service) for service in ("ssm", "sts", "s3"))

    def below(path):
        answer = ssm.get_parameters_by_path(Path=path, Recursive=True, WithDecryption=True)
        return {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}

    found = {
        "method": credentials.method,
        "region": session.region_name,
        "zone": zone,
        "who": sts.get_caller_identity()["Arn"],
        "own": tried(lambda: below("/kprov/demo/pki")),
        "others": tried(lambda: below("/kprov/other/pki")),
        "listing": tried(lambda: [o["Key"] for o in s3.list_objects_v2(Bucket="backups", Prefix="demo/")["Contents"]]),
        "object": tried(lambda: s3.get_object(Bucket="backups", Key="demo/one")["Body"].read().decode()),
        "forbidden": tried(lambda: s3.get_object(Bucket="backups", Key="other/one")["Body"].read().decode()),
        "user_data": Path(option("-user-data")).read_text(),
    }
    directory = Path(option("-directory"))
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "found.new").write_text(json.dumps(found))
    (directory / "found.new").rename(directory / "found.json")
    signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    # Before anything else, so that no signal is missed.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main()
