"""Hosted zones and records.

Route 53 API Reference: CreateHostedZone, ChangeResourceRecordSets, DeleteHostedZone, AssociateVPCWithHostedZone,
GetChange. Route 53 Developer Guide: "Supported DNS record types", "Values that you specify".
"""

import pytest

from builders import tags
from cloud import REGION, refused

NAME = "kprov.example.test."


@pytest.fixture
def zone(route53):
    answer = route53.create_hosted_zone(Name=NAME, CallerReference="one")
    return answer["HostedZone"]["Id"].split("/")[-1]


def change(route53, zone, *changes):
    batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
    return route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})["ChangeInfo"]


def record(name="api." + NAME, kind="A", *values, ttl=60, **more):
    values = values or ("10.0.0.1",)
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": v} for v in values], **more}


def records(route53, zone):
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(r["Name"], r["Type"]): r for r in found}


def test_create(route53):
    answer = route53.create_hosted_zone(
        Name="kprov.example.test", CallerReference="one", HostedZoneConfig={"Comment": "x"}
    )
    zone = answer["HostedZone"]
    assert zone["Id"].startswith("/hostedzone/Z")
    # CreateHostedZone: the trailing dot is optional, and given back.
    assert (zone["Name"], zone["CallerReference"]) == (NAME, "one")
    assert (zone["Config"]["Comment"], zone["Config"]["PrivateZone"]) == ("x", False)
    assert zone["ResourceRecordSetCount"] == 2
    assert answer["ChangeInfo"]["Status"] == "PENDING"
    assert len(answer["DelegationSet"]["NameServers"]) == 4
    assert answer["Location"].endswith(zone["Id"])


def test_comes_with_soa_and_ns(route53, zone):
    found = records(route53, zone)
    assert set(found) == {(NAME, "NS"), (NAME, "SOA")}
    servers = route53.get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
    assert {r["Value"].rstrip(".") for r in found[NAME, "NS"]["ResourceRecords"]} == set(servers)
    assert found[NAME, "NS"]["TTL"] == 172800 and found[NAME, "SOA"]["TTL"] == 900


def test_reference_is_used_once(route53, zone):
    # CreateHostedZone, HostedZoneAlreadyExists: "same hosted zone already exists or created with the same reference".
    with refused("HostedZoneAlreadyExists", status=409):
        route53.create_hosted_zone(Name=NAME, CallerReference="one")
    second = route53.create_hosted_zone(Name=NAME, CallerReference="two")
    assert second["HostedZone"]["Id"].split("/")[-1] != zone


@pytest.mark.parametrize("name", ["a..b", "a" * 64 + ".test"])
def test_names(route53, name):
    with refused("InvalidDomainName"):
        route53.create_hosted_zone(Name=name, CallerReference="x")


def test_unknown_zone(route53):
    with refused("NoSuchHostedZone", status=404):
        route53.get_hosted_zone(Id="Z0123456789ABCDEFGHIJ")
    with refused("NoSuchHostedZone"):
        change(route53, "Z0123456789ABCDEFGHIJ", ("CREATE", record()))


def test_change_becomes_insync(route53, zone, until):
    info = change(route53, zone, ("CREATE", record()))
    assert info["Status"] == "PENDING"
    assert info["Id"].startswith("/change/C")
    until(lambda: route53.get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "INSYNC", 300)


def test_unknown_change(route53):
    with refused("NoSuchChange", status=404):
        route53.get_change(Id="C0123456789ABCDEFGHIJ")


def test_create_upsert_delete(route53, zone):
    change(route53, zone, ("CREATE", record()))
    change(route53, zone, ("UPSERT", record("api." + NAME, "A", "10.0.0.2", "10.0.0.3", ttl=30)))
    seen = records(route53, zone)["api." + NAME, "A"]
    assert (seen["TTL"], [r["Value"] for r in seen["ResourceRecords"]]) == (30, ["10.0.0.2", "10.0.0.3"])
    change(route53, zone, ("DELETE", seen))
    assert ("api." + NAME, "A") not in records(route53, zone)


def test_create_of_what_is_there(route53, zone):
    change(route53, zone, ("CREATE", record()))
    with refused("InvalidChangeBatch", status=400, says="already exists"):
        change(route53, zone, ("CREATE", record()))


def test_delete_of_what_is_not_there(route53, zone):
    with refused("InvalidChangeBatch", says="not found"):
        change(route53, zone, ("DELETE", record()))


def test_delete_must_match(route53, zone):
    # ChangeResourceRecordSets, DELETE: "Deletes an existing resource record set" with the specified values.
    change(route53, zone, ("CREATE", record()))
    with refused("InvalidChangeBatch", says="do not match"):
        change(route53, zone, ("DELETE", record(ttl=61)))
    with refused("InvalidChangeBatch"):
        change(route53, zone, ("DELETE", record("api." + NAME, "A", "10.9.9.9")))


def test_batch_is_all_or_nothing(route53, zone):
    # ChangeResourceRecordSets: "transactional ... either all or none of the changes in a batch".
    with refused("InvalidChangeBatch"):
        change(
            route53, zone, ("CREATE", record("one." + NAME)), ("DELETE", record("two." + NAME))
        )
    assert ("one." + NAME, "A") not in records(route53, zone)


def test_record_outside_the_zone(route53, zone):
    with refused("InvalidChangeBatch", says="not permitted"):
        change(route53, zone, ("CREATE", record("api.other.test.")))


def test_cname_stands_alone(route53, zone):
    change(route53, zone, ("CREATE", record()))
    with refused("InvalidChangeBatch"):
        change(route53, zone, ("CREATE", record("api." + NAME, "CNAME", "x.test.")))
    with refused("InvalidChangeBatch"):
        change(route53, zone, ("CREATE", record(NAME, "CNAME", "x.test.")))


@pytest.mark.parametrize("kind,value", [("A", "10.0.0.300"), ("AAAA", "10.0.0.1"), ("TXT", "no quotes"), ("MX", "mail")])
def test_values(route53, zone, kind, value):
    with refused("InvalidChangeBatch"):
        change(route53, zone, ("CREATE", record("x." + NAME, kind, value)))


def test_soa_and_ns_of_the_apex_stay(route53, zone):
    for kind in ("SOA", "NS"):
        with refused("InvalidChangeBatch"):
            change(route53, zone, ("DELETE", records(route53, zone)[NAME, kind]))


def test_names_are_lowercase_and_escaped(route53, zone):
    change(route53, zone, ("CREATE", record("*.API." + NAME)))
    # Developer Guide, "DNS domain name format": * comes back as \052.
    assert ("\\052.api." + NAME, "A") in records(route53, zone)


def test_weighted_records(route53, zone):
    one = record(SetIdentifier="one", Weight=1)
    change(route53, zone, ("CREATE", one), ("CREATE", record("api." + NAME, "A", "10.0.0.2", SetIdentifier="two", Weight=2)))
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [(r["SetIdentifier"], r["Weight"]) for r in found if "Weight" in r] == [("one", 1), ("two", 2)]
    with refused("InvalidChangeBatch"):
        change(route53, zone, ("CREATE", record()))


def test_alias(route53, zone):
    target = {"HostedZoneId": zone, "DNSName": "b." + NAME, "EvaluateTargetHealth": False}
    change(route53, zone, ("CREATE", record("b." + NAME)))
    change(route53, zone, ("CREATE", {"Name": "a." + NAME, "Type": "A", "AliasTarget": target}))
    seen = records(route53, zone)["a." + NAME, "A"]
    assert seen["AliasTarget"] == target
    assert "TTL" not in seen


def test_zone_with_records_is_held(route53, zone):
    # DeleteHostedZone: only when there are only the default SOA and NS records.
    change(route53, zone, ("CREATE", record()))
    with refused("HostedZoneNotEmpty", status=400):
        route53.delete_hosted_zone(Id=zone)
    change(route53, zone, ("DELETE", record()))
    assert route53.delete_hosted_zone(Id=zone)["ChangeInfo"]["Status"] in ("PENDING", "INSYNC")
    with refused("NoSuchHostedZone"):
        route53.get_hosted_zone(Id=zone)


def test_list_by_name(route53, zone):
    other = route53.create_hosted_zone(Name="other.test", CallerReference="two")["HostedZone"]["Id"].split("/")[-1]
    found = route53.list_hosted_zones_by_name(DNSName=NAME, MaxItems="1")["HostedZones"]
    assert [z["Id"].split("/")[-1] for z in found] == [zone]
    everything = {z["Id"].split("/")[-1] for z in route53.list_hosted_zones()["HostedZones"]}
    assert everything == {zone, other}
    assert route53.get_hosted_zone_count()["HostedZoneCount"] == 2


def test_private_zone(route53, make):
    vpc, second = make.vpc(), make.vpc("10.1.0.0/16")
    answer = route53.create_hosted_zone(
        Name=NAME, CallerReference="one", VPC={"VPCRegion": REGION, "VPCId": vpc}
    )
    zone = answer["HostedZone"]["Id"].split("/")[-1]
    assert answer["HostedZone"]["Config"]["PrivateZone"] is True
    assert answer["VPC"] == {"VPCRegion": REGION, "VPCId": vpc}
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC={"VPCRegion": REGION, "VPCId": second})
    assert {v["VPCId"] for v in route53.get_hosted_zone(Id=zone)["VPCs"]} == {vpc, second}
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC={"VPCRegion": REGION, "VPCId": vpc})
    with refused("LastVPCAssociation"):
        route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC={"VPCRegion": REGION, "VPCId": second})
    found = route53.list_hosted_zones_by_vpc(VPCId=second, VPCRegion=REGION)["HostedZoneSummaries"]
    assert [z["HostedZoneId"] for z in found] == [zone]


def test_public_zone_takes_no_vpc(route53, zone, make):
    with refused("PublicZoneVPCAssociation"):
        route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC={"VPCRegion": REGION, "VPCId": make.vpc()})


def test_same_private_name_in_a_vpc_conflicts(route53, make):
    # AssociateVPCWithHostedZone, ConflictingDomainExists.
    vpc = {"VPCRegion": REGION, "VPCId": make.vpc()}
    route53.create_hosted_zone(Name=NAME, CallerReference="one", VPC=vpc)
    with refused("ConflictingDomainExists"):
        route53.create_hosted_zone(Name=NAME, CallerReference="two", VPC=vpc)


def test_unknown_vpc(route53):
    with refused("InvalidVPCId"):
        route53.create_hosted_zone(
            Name=NAME, CallerReference="one", VPC={"VPCRegion": REGION, "VPCId": "vpc-0123456789abcdef0"}
        )


def test_comment_and_tags(route53, zone):
    answer = route53.update_hosted_zone_comment(Id=zone, Comment="new")
    assert answer["HostedZone"]["Config"]["Comment"] == "new"
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=tags(a="1", b="2"))
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, RemoveTagKeys=["a"])
    found = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]
    assert (found["ResourceId"], found["Tags"]) == (zone, tags(b="2"))


def test_records_are_listed_in_order_and_pages(route53, zone):
    for name in ("c", "a", "b"):
        change(route53, zone, ("CREATE", record(f"{name}.{NAME}")))
    pages = list(
        route53.get_paginator("list_resource_record_sets").paginate(
            HostedZoneId=zone, PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(p["ResourceRecordSets"]) for p in pages] == [2, 2, 1]
    names = [r["Name"] for p in pages for r in p["ResourceRecordSets"]]
    assert names == [NAME, NAME, "a." + NAME, "b." + NAME, "c." + NAME]
