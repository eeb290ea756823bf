"""SSM parameters.

Systems Manager API Reference: PutParameter, GetParameter, GetParameters, GetParametersByPath, DeleteParameter,
DescribeParameters, GetParameterHistory, AddTagsToResource.
"""

import pytest

from builders import tags
from cloud import refused


def test_put_and_get(ssm, cloud):
    answer = ssm.put_parameter(Name="/kube/version", Value="1.30", Type="String", Description="x")
    assert (answer["Version"], answer["Tier"]) == (1, "Standard")
    seen = ssm.get_parameter(Name="/kube/version")["Parameter"]
    assert (seen["Value"], seen["Type"], seen["Version"], seen["DataType"]) == ("1.30", "String", 1, "text")
    assert seen["ARN"] == f"arn:aws:ssm:us-west-2:{cloud.account}:parameter/kube/version"


def test_arn_of_a_flat_name(ssm, cloud):
    ssm.put_parameter(Name="flat", Value="1", Type="String")
    assert ssm.get_parameter(Name="flat")["Parameter"]["ARN"] == f"arn:aws:ssm:us-west-2:{cloud.account}:parameter/flat"


def test_exists_already(ssm):
    ssm.put_parameter(Name="a", Value="1", Type="String")
    with refused("ParameterAlreadyExists", status=400):
        ssm.put_parameter(Name="a", Value="2", Type="String")
    assert ssm.put_parameter(Name="a", Value="2", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name="a")["Parameter"]["Value"] == "2"


def test_new_one_needs_a_type(ssm):
    with refused("ValidationException"):
        ssm.put_parameter(Name="a", Value="1")


def test_unknown_parameter(ssm):
    with refused("ParameterNotFound", status=400):
        ssm.get_parameter(Name="nothing")
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name="nothing")


@pytest.mark.parametrize("name", ["/aws/mine", "aws-mine", "a b", "/a//b", "ssm/x"])
def test_names(ssm, name):
    # PutParameter, Name: "can't be prefixed with aws or ssm (case-insensitive)"; a-zA-Z0-9_.- and /.
    with refused("ValidationException", "AccessDeniedException"):
        ssm.put_parameter(Name=name, Value="1", Type="String")


def test_hierarchy_has_fifteen_levels(ssm):
    ssm.put_parameter(Name="/" + "/".join("a" * 15), Value="1", Type="String")
    with refused("HierarchyLevelLimitExceededException"):
        ssm.put_parameter(Name="/" + "/".join("a" * 16), Value="1", Type="String")


def test_value_has_a_size(ssm):
    # PutParameter, Value: 4 KB for the standard tier, 8 KB for the advanced one.
    ssm.put_parameter(Name="a", Value="x" * 4096, Type="String")
    with refused("ValidationException"):
        ssm.put_parameter(Name="b", Value="x" * 4097, Type="String")
    ssm.put_parameter(Name="b", Value="x" * 8192, Type="String", Tier="Advanced")


def test_allowed_pattern(ssm):
    ssm.put_parameter(Name="a", Value="12", Type="String", AllowedPattern=r"^\d+$")
    with refused("ParameterPatternMismatchException"):
        ssm.put_parameter(Name="b", Value="x", Type="String", AllowedPattern=r"^\d+$")
    with refused("InvalidAllowedPatternException"):
        ssm.put_parameter(Name="c", Value="x", Type="String", AllowedPattern="(")


def test_versions_and_history(ssm):
    for value in ("1", "2", "3"):
        ssm.put_parameter(Name="a", Value=value, Type="String", Overwrite=True)
    assert ssm.get_parameter(Name="a:2")["Parameter"]["Value"] == "2"
    assert ssm.get_parameter(Name="a:2")["Parameter"]["Selector"] == ":2"
    with refused("ParameterVersionNotFound"):
        ssm.get_parameter(Name="a:9")
    history = ssm.get_parameter_history(Name="a")["Parameters"]
    assert [(h["Version"], h["Value"]) for h in history] == [(1, "1"), (2, "2"), (3, "3")]


def test_secure_string(ssm):
    ssm.put_parameter(Name="a", Value="secret", Type="SecureString")
    plain = ssm.get_parameter(Name="a", WithDecryption=True)["Parameter"]
    assert (plain["Value"], plain["Type"]) == ("secret", "SecureString")
    assert ssm.get_parameter(Name="a")["Parameter"]["Value"] != "secret"
    (described,) = ssm.describe_parameters()["Parameters"]
    # PutParameter, KeyId: the account's default key alias/aws/ssm.
    assert described["KeyId"] == "alias/aws/ssm"


def test_secure_string_with_an_unknown_key(ssm):
    with refused("InvalidKeyId"):
        ssm.put_parameter(Name="a", Value="x", Type="SecureString", KeyId="alias/nothing")


def test_type_stays_when_overwritten(ssm):
    ssm.put_parameter(Name="a", Value="1,2", Type="StringList")
    ssm.put_parameter(Name="a", Value="3,4", Overwrite=True)
    assert ssm.get_parameter(Name="a")["Parameter"]["Type"] == "StringList"


def test_get_parameters_names_the_missing(ssm):
    ssm.put_parameter(Name="a", Value="1", Type="String")
    answer = ssm.get_parameters(Names=["a", "nothing"])
    assert [p["Name"] for p in answer["Parameters"]] == ["a"]
    assert answer["InvalidParameters"] == ["nothing"]


def test_by_path(ssm):
    for name in ("/k/a", "/k/b", "/k/c/d", "/other"):
        ssm.put_parameter(Name=name, Value="1", Type="String")

    def found(**more):
        return sorted(p["Name"] for p in ssm.get_parameters_by_path(Path="/k", **more)["Parameters"])

    assert found() == ["/k/a", "/k/b"]
    assert found(Recursive=True) == ["/k/a", "/k/b", "/k/c/d"]
    pages = list(
        ssm.get_paginator("get_parameters_by_path").paginate(
            Path="/k", Recursive=True, PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(p["Parameters"]) for p in pages] == [2, 1]


def test_delete(ssm):
    ssm.put_parameter(Name="a", Value="1", Type="String")
    ssm.delete_parameter(Name="a")
    with refused("ParameterNotFound"):
        ssm.get_parameter(Name="a")
    ssm.put_parameter(Name="b", Value="1", Type="String")
    answer = ssm.delete_parameters(Names=["b", "nothing"])
    assert (answer["DeletedParameters"], answer["InvalidParameters"]) == (["b"], ["nothing"])


def test_describe_with_filters(ssm):
    ssm.put_parameter(Name="/k/a", Value="1", Type="String", Description="x")
    ssm.put_parameter(Name="/k/b", Value="1", Type="SecureString")

    def found(key, option, *values):
        by = [{"Key": key, "Option": option, "Values": list(values)}]
        return [p["Name"] for p in ssm.describe_parameters(ParameterFilters=by)["Parameters"]]

    assert found("Name", "Equals", "/k/a") == ["/k/a"]
    assert found("Type", "Equals", "SecureString") == ["/k/b"]
    assert found("Name", "BeginsWith", "/k") == ["/k/a", "/k/b"]


def test_tags(ssm):
    ssm.put_parameter(Name="a", Value="1", Type="String", Tags=tags(x="1"))
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="a", Tags=tags(y="2"))
    ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="a", TagKeys=["x"])
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="a")["TagList"] == tags(y="2")
    with refused("InvalidResourceId"):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="nothing")
    # PutParameter: tags and Overwrite cannot be in the same request.
    with refused("ValidationException"):
        ssm.put_parameter(Name="a", Value="2", Type="String", Overwrite=True, Tags=tags(x="1"))
