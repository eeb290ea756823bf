"""OpenID Connect providers.

IAM API Reference: CreateOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider,
UpdateOpenIDConnectProviderThumbprint.
"""

import pytest

from builders import tags
from cloud import refused

URL = "https://oidc.example.test/cluster"
PRINT = "990f4193972f2becf12ddeda5237f9c952f20d9e"


@pytest.fixture
def provider(iam):
    answer = iam.create_open_id_connect_provider(
        Url=URL, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[PRINT], Tags=tags(a="1")
    )
    return answer["OpenIDConnectProviderArn"]


def seen(iam, provider):
    return iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)


def test_create_and_get(iam, provider, cloud):
    assert provider == f"arn:aws:iam::{cloud.account}:oidc-provider/oidc.example.test/cluster"
    answer = seen(iam, provider)
    # GetOpenIDConnectProvider: the URL comes back without https://.
    assert answer["Url"] == "oidc.example.test/cluster"
    assert (answer["ClientIDList"], answer["ThumbprintList"]) == (["sts.amazonaws.com"], [PRINT])
    assert answer["Tags"] == tags(a="1")
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert listed == [{"Arn": provider}]


def test_url_is_taken_once(iam, provider):
    with refused("EntityAlreadyExists", status=409):
        iam.create_open_id_connect_provider(Url=URL, ThumbprintList=[PRINT])


def test_url_must_be_https(iam):
    # CreateOpenIDConnectProvider, Url: "must begin with https://".
    with refused("InvalidInput", "ValidationError"):
        iam.create_open_id_connect_provider(Url="http://oidc.example.test", ThumbprintList=[PRINT])


def test_thumbprints_are_forty_hex_digits(cloud):
    for prints in (["abc"], [PRINT] * 6):
        with refused("ValidationError", "InvalidInput"):
            cloud.raw("iam").create_open_id_connect_provider(Url=URL, ThumbprintList=prints)


def test_client_ids(iam, provider):
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="two")
    # AddClientID: "idempotent; it does not fail or return an error if you add an existing client ID".
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="two")
    assert sorted(seen(iam, provider)["ClientIDList"]) == ["sts.amazonaws.com", "two"]
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="two")
    # RemoveClientID: "idempotent; it does not fail or return an error if you try to remove a client ID that does not exist".
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="two")
    assert seen(iam, provider)["ClientIDList"] == ["sts.amazonaws.com"]


def test_thumbprint_list_is_replaced(iam, provider):
    new = PRINT.replace("9", "8")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=[new])
    assert seen(iam, provider)["ThumbprintList"] == [new]


def test_delete(iam, provider):
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    with refused("NoSuchEntity", status=404):
        seen(iam, provider)


def test_unknown_provider(iam, cloud):
    arn = f"arn:aws:iam::{cloud.account}:oidc-provider/nobody.example.test"
    with refused("NoSuchEntity"):
        seen(iam, arn)
    with refused("NoSuchEntity"):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="x")


def test_tags(iam, provider):
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider, Tags=tags(b="2"))
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider, TagKeys=["a"])
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider)["Tags"] == tags(b="2")
