"""Clients for one server: every answer that they get is checked against botocore's models."""

import contextlib
import itertools

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

import shapes

REGION = "us-west-2"
OTHER_REGION = "eu-central-1"
READS = ("Describe", "Get", "List", "Head", "Receive")

_accounts = itertools.count(210000000001)


class _Keys(Credentials):
    """Credentials whose access key is the account under test: clients are made once, accounts per test."""

    def __init__(self):
        super().__init__("000000000000", "secret")

    def use(self, account):
        self.access_key = account


class Cloud:
    """The server seen by two accounts that nobody else has."""

    def __init__(self, target):
        self.target = target
        self._session = botocore.session.Session()
        self._session.set_config_variable("region", REGION)
        self._keys = {"own": _Keys(), "other": _Keys()}
        self._clients = {}
        self.problems = []
        self.account = self.other_account = None

    def fresh(self):
        """New accounts; what went wrong with answers before is forgotten."""
        self.account, self.other_account = (str(next(_accounts)) for _ in range(2))
        self._keys["own"].use(self.account)
        self._keys["other"].use(self.other_account)
        self.problems.clear()

    def client(self, service, region=REGION, who="own", **config):
        """A client; `who` is `own` or `other`. Nothing is retried, so that each answer is seen."""
        key = (service, region, who, tuple(sorted(config.items())))
        if key not in self._clients:
            self._clients[key] = self._make(service, region, who, config)
        return self._clients[key]

    def raw(self, service, **kwargs):
        """A client that sends what it is told, to see how the server refuses it."""
        return self.client(service, parameter_validation=False, **kwargs)

    def _make(self, service, region, who, config):
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self.target.endpoint,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                connect_timeout=5,
                read_timeout=30,
                s3={"addressing_style": "path"},
                **config,
            ),
        )
        client._request_signer._credentials = self._keys[who]
        client.meta.events.register("after-call", self._check)
        if self.target.name == "moto":
            client.meta.events.register("before-sign", self._name_account(who))
        return client

    def _name_account(self, who):
        def add(request, **_):
            request.headers["x-moto-account-id"] = self._keys[who].access_key

        return add

    def _check(self, http_response, parsed, model, **_):
        where = f"{model.service_model.service_name}:{model.name}"
        if http_response.status_code >= 300:
            self._check_error(where, http_response, parsed, model)
            return
        self.problems += [f"{where}: {problem}" for problem in shapes.problems_of(model, http_response, parsed)]
        if not _request_id(parsed):
            self.problems.append(f"{where}: no request id")

    def _check_error(self, where, http_response, parsed, model):
        error = parsed.get("Error", {})
        if model.has_streaming_output or model.name.startswith("Head"):
            return
        if not error.get("Code") or "Message" not in error:
            self.problems.append(f"{where}: an error without code or message: {error}")
        if not _request_id(parsed):
            self.problems.append(f"{where}: an error without a request id")


def _request_id(parsed):
    return parsed.get("ResponseMetadata", {}).get("RequestId")


@contextlib.contextmanager
def refused(*codes, status=None, says=None):
    """The call inside must be refused with one of these codes."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        assert code in codes, f"refused with {code} and not {' or '.join(codes)}: {error}"
        if status is not None:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, error.response
        if says is not None:
            assert says.lower() in error.response["Error"]["Message"].lower(), error
    else:
        raise AssertionError(f"accepted; should be refused with {' or '.join(codes)}")
