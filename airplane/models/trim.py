#!/usr/bin/env python3
"""Makes the service models that airplane reads: botocore's, trimmed to the actions that we serve.

    python3 airplane/models/trim.py          (needs the botocore of tests/airplane/requirements.txt)

Kept are names, types, wire locations, required members, constraints and paginators. Documentation,
examples and everything that no served action reaches is left out. An action is added here first.
"""
import gzip, json, os, sys

import botocore

ACTIONS = {
    "ec2": ("ec2", """
        CreateVpc DeleteVpc DescribeVpcs DescribeVpcAttribute ModifyVpcAttribute AssociateVpcCidrBlock
        DisassociateVpcCidrBlock CreateDefaultVpc
        CreateSubnet DeleteSubnet DescribeSubnets ModifySubnetAttribute AssociateSubnetCidrBlock
        DisassociateSubnetCidrBlock
        CreateDhcpOptions DeleteDhcpOptions DescribeDhcpOptions AssociateDhcpOptions
        CreateInternetGateway DeleteInternetGateway DescribeInternetGateways AttachInternetGateway
        DetachInternetGateway CreateEgressOnlyInternetGateway DeleteEgressOnlyInternetGateway
        DescribeEgressOnlyInternetGateways
        AllocateAddress ReleaseAddress DescribeAddresses DescribeAddressesAttribute AssociateAddress
        DisassociateAddress
        CreateNatGateway DeleteNatGateway DescribeNatGateways
        CreateRouteTable DeleteRouteTable DescribeRouteTables AssociateRouteTable DisassociateRouteTable
        ReplaceRouteTableAssociation CreateRoute ReplaceRoute DeleteRoute
        EnableVgwRoutePropagation DisableVgwRoutePropagation
        CreateNetworkAcl DeleteNetworkAcl DescribeNetworkAcls CreateNetworkAclEntry ReplaceNetworkAclEntry
        DeleteNetworkAclEntry ReplaceNetworkAclAssociation
        CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroups DescribeSecurityGroupRules
        AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress
        RevokeSecurityGroupEgress ModifySecurityGroupRules UpdateSecurityGroupRuleDescriptionsIngress
        UpdateSecurityGroupRuleDescriptionsEgress
        CreateVpcEndpoint DeleteVpcEndpoints DescribeVpcEndpoints ModifyVpcEndpoint
        DescribeVpcEndpointServices DescribePrefixLists DescribeManagedPrefixLists
        CreateVpcPeeringConnection AcceptVpcPeeringConnection DeleteVpcPeeringConnection
        DescribeVpcPeeringConnections ModifyVpcPeeringConnectionOptions RejectVpcPeeringConnection
        CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces AttachNetworkInterface
        DetachNetworkInterface ModifyNetworkInterfaceAttribute
        ImportKeyPair CreateKeyPair DeleteKeyPair DescribeKeyPairs
        RunInstances DescribeInstances TerminateInstances StopInstances StartInstances RebootInstances
        DescribeInstanceStatus DescribeInstanceAttribute ModifyInstanceAttribute GetConsoleOutput
        ModifyInstanceMetadataOptions DescribeInstanceTypes DescribeInstanceTypeOfferings
        DescribeInstanceCreditSpecifications MonitorInstances UnmonitorInstances
        AssociateIamInstanceProfile DisassociateIamInstanceProfile DescribeIamInstanceProfileAssociations
        ReplaceIamInstanceProfileAssociation
        CreateVolume DeleteVolume DescribeVolumes AttachVolume DetachVolume ModifyVolume
        DescribeVolumesModifications DescribeVolumeStatus CreateSnapshot DeleteSnapshot DescribeSnapshots
        CreateImage RegisterImage DeregisterImage DescribeImages
        CreateLaunchTemplate CreateLaunchTemplateVersion DeleteLaunchTemplate DeleteLaunchTemplateVersions
        DescribeLaunchTemplates DescribeLaunchTemplateVersions ModifyLaunchTemplate
        CreateTags DeleteTags DescribeTags DescribeAvailabilityZones DescribeRegions
        DescribeAccountAttributes"""),
    "autoscaling": ("autoscaling", """
        CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup DescribeAutoScalingGroups
        DescribeAutoScalingInstances DescribeScalingActivities SetDesiredCapacity
        TerminateInstanceInAutoScalingGroup AttachInstances DetachInstances EnterStandby ExitStandby
        SetInstanceProtection SetInstanceHealth SuspendProcesses ResumeProcesses
        CreateOrUpdateTags DeleteTags DescribeTags PutLifecycleHook DeleteLifecycleHook
        DescribeLifecycleHooks CompleteLifecycleAction RecordLifecycleActionHeartbeat
        StartInstanceRefresh CancelInstanceRefresh RollbackInstanceRefresh DescribeInstanceRefreshes
        AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups
        DescribeLoadBalancerTargetGroups AttachTrafficSources DetachTrafficSources DescribeTrafficSources
        PutWarmPool DeleteWarmPool DescribeWarmPool EnableMetricsCollection DisableMetricsCollection
        PutScalingPolicy DeletePolicy DescribePolicies PutScheduledUpdateGroupAction DeleteScheduledAction
        DescribeScheduledActions DescribeLifecycleHookTypes DescribeTerminationPolicyTypes
        DescribeAccountLimits"""),
    "elbv2": ("elbv2", """
        CreateLoadBalancer DeleteLoadBalancer DescribeLoadBalancers DescribeLoadBalancerAttributes
        ModifyLoadBalancerAttributes SetSubnets SetSecurityGroups SetIpAddressType
        DescribeCapacityReservation CreateTargetGroup DeleteTargetGroup DescribeTargetGroups
        ModifyTargetGroup DescribeTargetGroupAttributes ModifyTargetGroupAttributes RegisterTargets
        DeregisterTargets DescribeTargetHealth CreateListener DeleteListener DescribeListeners
        ModifyListener DescribeListenerAttributes ModifyListenerAttributes DescribeListenerCertificates
        AddTags RemoveTags DescribeTags DescribeRules DescribeAccountLimits DescribeSSLPolicies"""),
    "iam": ("iam", """
        CreateRole GetRole UpdateRole UpdateRoleDescription DeleteRole ListRoles UpdateAssumeRolePolicy
        PutRolePermissionsBoundary DeleteRolePermissionsBoundary TagRole UntagRole ListRoleTags
        PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies AttachRolePolicy DetachRolePolicy
        ListAttachedRolePolicies ListInstanceProfilesForRole
        CreatePolicy GetPolicy DeletePolicy ListPolicies CreatePolicyVersion GetPolicyVersion
        DeletePolicyVersion ListPolicyVersions SetDefaultPolicyVersion TagPolicy UntagPolicy ListPolicyTags
        ListEntitiesForPolicy
        CreateInstanceProfile GetInstanceProfile DeleteInstanceProfile ListInstanceProfiles
        AddRoleToInstanceProfile RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile
        ListInstanceProfileTags
        CreateOpenIDConnectProvider GetOpenIDConnectProvider DeleteOpenIDConnectProvider
        ListOpenIDConnectProviders UpdateOpenIDConnectProviderThumbprint
        AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider
        TagOpenIDConnectProvider UntagOpenIDConnectProvider ListOpenIDConnectProviderTags
        CreateServiceLinkedRole DeleteServiceLinkedRole GetServiceLinkedRoleDeletionStatus
        CreateUser GetUser DeleteUser ListUsers ListAccountAliases GetAccountSummary
        GetAccountAuthorizationDetails"""),
    "sts": ("sts", "GetCallerIdentity AssumeRole AssumeRoleWithWebIdentity GetSessionToken"),
    "route53": ("route53", """
        CreateHostedZone GetHostedZone DeleteHostedZone ListHostedZones ListHostedZonesByName
        ListHostedZonesByVPC UpdateHostedZoneComment GetHostedZoneCount AssociateVPCWithHostedZone
        DisassociateVPCFromHostedZone CreateVPCAssociationAuthorization DeleteVPCAssociationAuthorization
        ListVPCAssociationAuthorizations ChangeResourceRecordSets ListResourceRecordSets GetChange
        ChangeTagsForResource ListTagsForResource ListTagsForResources GetDNSSEC GetReusableDelegationSet"""),
    "s3": ("s3", """
        CreateBucket DeleteBucket HeadBucket ListBuckets GetBucketLocation PutBucketVersioning
        GetBucketVersioning PutBucketEncryption GetBucketEncryption DeleteBucketEncryption PutBucketPolicy
        GetBucketPolicy DeleteBucketPolicy GetBucketPolicyStatus PutPublicAccessBlock GetPublicAccessBlock
        DeletePublicAccessBlock PutBucketOwnershipControls GetBucketOwnershipControls
        DeleteBucketOwnershipControls PutBucketTagging GetBucketTagging DeleteBucketTagging
        PutBucketLifecycleConfiguration GetBucketLifecycleConfiguration DeleteBucketLifecycle
        GetBucketAcl PutBucketAcl GetBucketCors GetBucketWebsite GetBucketLogging
        GetBucketAccelerateConfiguration GetBucketRequestPayment GetBucketReplication
        GetObjectLockConfiguration PutObject GetObject HeadObject DeleteObject DeleteObjects CopyObject
        ListObjectsV2 ListObjectVersions ListObjects PutObjectTagging GetObjectTagging DeleteObjectTagging
        GetObjectAcl PutObjectAcl GetObjectLegalHold GetObjectRetention GetObjectAttributes"""),
    "kms": ("kms", """
        CreateKey DescribeKey ListKeys EnableKey DisableKey EnableKeyRotation DisableKeyRotation
        GetKeyRotationStatus PutKeyPolicy GetKeyPolicy ListKeyPolicies ScheduleKeyDeletion
        CancelKeyDeletion UpdateKeyDescription CreateAlias UpdateAlias DeleteAlias ListAliases TagResource
        UntagResource ListResourceTags CreateGrant ListGrants RevokeGrant RetireGrant Encrypt Decrypt
        GenerateDataKey GenerateDataKeyWithoutPlaintext"""),
    "ssm": ("ssm", """
        PutParameter GetParameter GetParameters GetParametersByPath DeleteParameter DeleteParameters
        DescribeParameters GetParameterHistory AddTagsToResource RemoveTagsFromResource
        ListTagsForResource"""),
    "sqs": ("sqs", """
        CreateQueue DeleteQueue GetQueueUrl GetQueueAttributes SetQueueAttributes ListQueues TagQueue
        UntagQueue ListQueueTags SendMessage ReceiveMessage DeleteMessage PurgeQueue
        ChangeMessageVisibility SendMessageBatch DeleteMessageBatch"""),
    "events": ("events", """
        PutRule DescribeRule DeleteRule ListRules EnableRule DisableRule PutTargets RemoveTargets
        ListTargetsByRule ListRuleNamesByTarget TagResource UntagResource ListTagsForResource
        DescribeEventBus ListEventBuses"""),
    "ecr": ("ecr", """
        CreateRepository DeleteRepository DescribeRepositories PutLifecyclePolicy GetLifecyclePolicy
        DeleteLifecyclePolicy SetRepositoryPolicy GetRepositoryPolicy DeleteRepositoryPolicy
        PutImageScanningConfiguration PutImageTagMutability TagResource UntagResource ListTagsForResource
        GetAuthorizationToken ListImages DescribeImages"""),
}
DROPPED = {"documentation", "documentationUrl", "deprecatedMessage", "deprecatedSince", "endpointrule", "examples"}


def trimmed(value):
    if isinstance(value, dict):
        return {k: trimmed(v) for k, v in value.items() if not (k in DROPPED and not isinstance(v, dict) or k == "documentation" and isinstance(v, str))}
    return [trimmed(v) for v in value] if isinstance(value, list) else value


def members(shape):
    if shape["type"] == "structure":
        return [m["shape"] for m in shape["members"].values()]
    if shape["type"] == "list":
        return [shape["member"]["shape"]]
    return [shape["key"]["shape"], shape["value"]["shape"]] if shape["type"] == "map" else []


def load(service, name):
    base = os.path.join(os.path.dirname(botocore.__file__), "data", service)
    newest = sorted(os.listdir(base))[-1]
    path = os.path.join(base, newest, name + ".json")
    with open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz") as file:
        return json.load(file)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for name, (service, wanted) in ACTIONS.items():
        model, pages = load(service, "service-2"), load(service, "paginators-1")["pagination"]
        wanted = wanted.split()
        unknown = [action for action in wanted if action not in model["operations"]]
        if unknown:
            print("%s: not in botocore: %s" % (name, " ".join(unknown)), file=sys.stderr)
        operations = {a: trimmed(model["operations"][a]) for a in wanted if a in model["operations"]}
        for operation in operations.values():
            for noise in ("endpoint", "staticContextParams", "operationContextParams", "authtype", "auth"):
                operation.pop(noise, None)
        todo = [o[side]["shape"] for o in operations.values() for side in ("input", "output") if side in o]
        todo += [e["shape"] for o in operations.values() for e in o.get("errors", ())]
        shapes = {}
        while todo:
            shape = todo.pop()
            if shape not in shapes:
                shapes[shape] = trimmed(model["shapes"][shape])
                todo += members(shapes[shape])
        metadata = {k: v for k, v in model["metadata"].items()
                    if k in ("apiVersion", "endpointPrefix", "jsonVersion", "protocol", "serviceId", "signingName",
                             "targetPrefix", "xmlNamespace", "globalEndpoint")}
        out = {"metadata": metadata, "operations": dict(sorted(operations.items())),
               "shapes": dict(sorted(shapes.items())),
               "paginators": {a: p for a, p in sorted(pages.items()) if a in operations}}
        with open(os.path.join(here, name + ".json"), "w") as file:
            json.dump(out, file, separators=(",", ":"))
            file.write("\n")
        print("%-12s %3d actions %4d shapes" % (name, len(operations), len(shapes)))


if __name__ == "__main__":
    main()
