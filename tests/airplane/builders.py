"""What many tests need before they can ask their own question: networks, images, groups, roles."""

import json
from functools import cached_property

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)


def filters(**by):
    """EC2 filters from keywords: `_` stands for `-`, `__` for `.`, and `tag_Name` for `tag:Name`."""

    def name(keyword):
        if keyword.startswith("tag_") and keyword not in ("tag_key", "tag_value"):
            return keyword.replace("tag_", "tag:", 1)
        return keyword.replace("__", ".").replace("_", "-")

    return [{"Name": name(k), "Values": v if isinstance(v, list) else [v]} for k, v in by.items()]


def tag_specification(kind, **by):
    """The TagSpecifications of a create."""
    return [{"ResourceType": kind, "Tags": tags(**by)}]


def queue_for_events(sqs, account):
    """URL and ARN of a queue that lets EventBridge in."""
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:us-west-2:{account}:q"
    statement = {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def tags(**by):
    return [{"Key": k, "Value": v} for k, v in by.items()]


class Builders:
    def __init__(self, cloud):
        self.cloud = cloud
        self.ec2 = cloud.client("ec2")
        self.settle = lambda seconds=30: cloud.target.step(seconds)

    # Networks.
    def vpc(self, cidr="10.0.0.0/16", **more):
        return self.ec2.create_vpc(CidrBlock=cidr, **more)["Vpc"]["VpcId"]

    def subnet(self, vpc, cidr="10.0.0.0/24", zone=None, **more):
        if zone:
            more["AvailabilityZone"] = zone
        return self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, **more)["Subnet"]["SubnetId"]

    @cached_property
    def zones(self):
        answer = self.ec2.describe_availability_zones()
        return sorted(z["ZoneName"] for z in answer["AvailabilityZones"])

    def subnets(self, vpc, count=3):
        """One subnet a zone."""
        return [self.subnet(vpc, f"10.0.{n}.0/24", self.zones[n]) for n in range(count)]

    def internet_gateway(self, vpc=None):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        if vpc:
            self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        return gateway

    def address(self):
        return self.ec2.allocate_address(Domain="vpc")["AllocationId"]

    def group(self, vpc, name="nodes", **more):
        return self.ec2.create_security_group(GroupName=name, Description="nodes", VpcId=vpc, **more)["GroupId"]

    def main_route_table(self, vpc):
        by = filters(vpc_id=vpc, association__main="true")
        return self.ec2.describe_route_tables(Filters=by)["RouteTables"][0]["RouteTableId"]

    def route_table(self, vpc, **more):
        return self.ec2.create_route_table(VpcId=vpc, **more)["RouteTable"]["RouteTableId"]

    def public_network(self):
        """A VPC with a gateway and one public subnet."""
        vpc = self.vpc()
        gateway = self.internet_gateway(vpc)
        subnet = self.subnet(vpc)
        self.ec2.create_route(
            RouteTableId=self.main_route_table(vpc), DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
        )
        return vpc, subnet, gateway

    def nat(self, subnet, allocation, **more):
        answer = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation, **more)
        return answer["NatGateway"]["NatGatewayId"]

    def interface(self, subnet, **more):
        return self.ec2.create_network_interface(SubnetId=subnet, **more)["NetworkInterface"]["NetworkInterfaceId"]

    # Machines.
    @cached_property
    def image(self):
        found = self.ec2.describe_images(
            Owners=["amazon"], Filters=filters(architecture="x86_64", root_device_type="ebs", state="available")
        )["Images"]
        return sorted(i["ImageId"] for i in found if i.get("Platform") != "windows")[0]

    def instance(self, subnet, **more):
        asked = {"ImageId": self.image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
        return self.ec2.run_instances(**{**asked, **more})["Instances"][0]["InstanceId"]

    def instance_state(self, instance):
        found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
        return found[0]["Instances"][0]["State"]["Name"]

    def template(self, name="nodes", data=None, **more):
        data = data or {"ImageId": self.image, "InstanceType": "t3.micro"}
        answer = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data, **more)
        return answer["LaunchTemplate"]["LaunchTemplateId"]

    # Groups of machines.
    def scaling_group(self, name="nodes", count=1, zones=1, **more):
        """An Auto Scaling group over so many zones, with its launch template; nothing has booted yet."""
        vpc = self.vpc()
        subnets = self.subnets(vpc, zones)
        template = self.template(name)
        asked = {
            "AutoScalingGroupName": name,
            "MinSize": 0,
            "MaxSize": 10,
            "DesiredCapacity": count,
            "LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"},
            "VPCZoneIdentifier": ",".join(subnets),
        }
        self.cloud.client("autoscaling").create_auto_scaling_group(**{**asked, **more})
        return name

    def described_group(self, name="nodes"):
        found = self.cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return found["AutoScalingGroups"][0]

    def target_group(self, vpc, name="nodes", **more):
        asked = {"Name": name, "Protocol": "TCP", "Port": 6443, "VpcId": vpc, "TargetType": "instance"}
        answer = self.cloud.client("elbv2").create_target_group(**{**asked, **more})
        return answer["TargetGroups"][0]["TargetGroupArn"]

    def balancer(self, subnets, name="api", **more):
        asked = {"Name": name, "Type": "network", "Scheme": "internal", "Subnets": subnets}
        answer = self.cloud.client("elbv2").create_load_balancer(**{**asked, **more})
        return answer["LoadBalancers"][0]["LoadBalancerArn"]

    # Identities.
    def role(self, name="node", **more):
        asked = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
        return self.cloud.client("iam").create_role(**{**asked, **more})["Role"]["Arn"]

    def policy(self, name="node", document=POLICY):
        answer = self.cloud.client("iam").create_policy(PolicyName=name, PolicyDocument=document)
        return answer["Policy"]["Arn"]
