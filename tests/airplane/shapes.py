"""Checks answers against botocore's own service models: nothing of airplane's is consulted.

Two readings of each answer are checked. What botocore parsed must have the model's types, enum values
and required members. What went over the wire must have no member that the model does not know: botocore's
parsers drop such members in silence, so the raw XML or JSON is walked.
"""

import datetime
import json
import re
import xml.etree.ElementTree as ElementTree

SCALARS = {
    "string": str,
    "character": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": datetime.datetime,
}

# Where the documentation says other than the model.
DOCUMENTED_VALUES = {
    # InternetGatewayAttachment: "the state is available when attached to a VPC".
    ("AttachmentStatus", "available"),
    # VpcEndpoint: the examples of CreateVpcEndpoint and DescribeVpcEndpoints have small letters.
    *(("State", state) for state in ("pending", "available", "deleting", "deleted", "failed", "rejected", "expired")),
    ("State", "pendingAcceptance"),
    # AttachedPermissionsBoundary: "This data type can only have a value of Policy."
    ("PermissionsBoundaryAttachmentType", "Policy"),
}
# ListHostedZones, Marker: "For the second and subsequent calls".
NOT_ALWAYS_THERE = {"ListHostedZonesResponse.Marker"}


def problems_of(model, http_response, parsed):
    """All that is wrong with one successful answer, as sentences."""
    found = []
    shape = model.output_shape
    if shape is None:
        return found
    _parsed(shape, {k: v for k, v in parsed.items() if k != "ResponseMetadata"}, shape.name, found)
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name in ("blob", "string"):
        # The caller reads it, and a stream can be read once.
        return found
    body = http_response.content
    protocol = model.service_model.resolved_protocol
    if not body:
        return found
    if protocol in ("json", "rest-json"):
        _json(shape, json.loads(body), shape.name, found)
    else:
        _document(protocol, shape, ElementTree.fromstring(body), found)
    return found


def _parsed(shape, value, path, found):
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            found.append(f"{path}: not a structure but {value!r}")
            return
        for name in shape.required_members:
            # A header may be left out of the wire and is then None; a list that is empty is present.
            if value.get(name) is None and f"{shape.name}.{name}" not in NOT_ALWAYS_THERE:
                found.append(f"{path}.{name}: required by the model, missing")
        for name, member in value.items():
            if name in shape.members and member is not None:
                _parsed(shape.members[name], member, f"{path}.{name}", found)
    elif kind == "list":
        for at, member in enumerate(value):
            _parsed(shape.member, member, f"{path}[{at}]", found)
    elif kind == "map":
        for key, member in value.items():
            _parsed(shape.key, key, f"{path} key {key}", found)
            _parsed(shape.value, member, f"{path}[{key}]", found)
    elif shape.name == "policyDocumentType" and isinstance(value, dict):
        pass  # botocore has undone the URL encoding and read the JSON.
    elif kind in SCALARS:
        if not isinstance(value, SCALARS[kind]) or kind != "boolean" and isinstance(value, bool):
            found.append(f"{path}: {value!r} is not of type {kind}")
        elif kind == "string" and shape.enum and value not in shape.enum:
            if (shape.name, value) not in DOCUMENTED_VALUES:
                found.append(f"{path}: {value!r} is none of the model's values")


def _json(shape, value, path, found):
    if value is None:
        return
    if shape.type_name == "structure":
        if shape.is_document_type:
            return
        known = {m.serialization.get("name", n): m for n, m in shape.members.items()}
        for name, member in value.items():
            if name not in known:
                found.append(f"{path}.{name}: unknown to the model")
            else:
                _json(known[name], member, f"{path}.{name}", found)
    elif shape.type_name == "list":
        for at, member in enumerate(value):
            _json(shape.member, member, f"{path}[{at}]", found)
    elif shape.type_name == "map":
        for key, member in value.items():
            _json(shape.value, member, f"{path}[{key}]", found)


def _local(tag):
    return re.sub(r"^\{.*\}", "", tag)


def _document(protocol, shape, root, found):
    if protocol == "query":
        names = [_local(child.tag) for child in root]
        if "ResponseMetadata" not in names:
            found.append(f"{_local(root.tag)}: no ResponseMetadata with the request id")
        wrapper = shape.serialization.get("resultWrapper")
        for child in root:
            if wrapper and _local(child.tag) == wrapper:
                _xml(shape, child, shape.name, found)
            elif _local(child.tag) != "ResponseMetadata":
                found.append(f"{_local(root.tag)}.{_local(child.tag)}: unknown to the protocol")
    elif protocol == "ec2":
        _xml(shape, root, shape.name, found, also={"requestId"})
    else:
        payload = shape.serialization.get("payload")
        target = shape.members[payload] if payload else shape
        if target.type_name == "structure":
            _xml(target, root, target.name, found)


def _xml(shape, node, path, found, also=frozenset()):
    if shape.type_name == "structure":
        known = {}
        for name, member in shape.members.items():
            where = member.serialization
            if where.get("location") in ("header", "headers", "statusCode"):
                continue
            called = where.get("name", name)
            if member.type_name == "list" and where.get("flattened"):
                called = member.member.serialization.get("name", called)
            if member.type_name == "list" and member.serialization.get("flattened"):
                called = where.get("name", called)
            known[called] = member
        for child in node:
            name = _local(child.tag)
            if name in also:
                continue
            if name not in known:
                found.append(f"{path}.{name}: unknown to the model")
                continue
            member = known[name]
            if member.type_name == "list" and member.serialization.get("flattened"):
                _xml(member.member, child, f"{path}.{name}", found)
            else:
                _xml(member, child, f"{path}.{name}", found)
    elif shape.type_name == "list":
        expected = shape.member.serialization.get("name", "member")
        for at, child in enumerate(node):
            if _local(child.tag) != expected:
                found.append(f"{path}: list item <{_local(child.tag)}> should be <{expected}>")
            _xml(shape.member, child, f"{path}[{at}]", found)
