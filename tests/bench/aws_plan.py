#!/usr/bin/env python3
"""How long is a plan that finds nothing to do over many AWS objects that are 50 ms away?

    aws_plan.py --bin target/release/kprov [--objects 5000] [--latency 50] [--runs 3] [--keep DIR]

Makes the objects on airplane by EC2's own API (VPCs, subnets, route tables, security groups and their rules, elastic IPs),
imports them into a state, puts the latency before each answer, and measures the no-op plan: best wall time, peak memory, and
calls by API. Standard library only.
"""
import argparse, json, os, re, shutil, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request
from concurrent.futures import ThreadPoolExecutor

REGION = "eu-west-1"
SHARES = {"aws_subnet": 0.3, "aws_route_table": 0.2, "aws_security_group": 0.2, "aws_vpc_security_group_ingress_rule": 0.2,
          "aws_eip": 0.1}


class Airplane:
    def __init__(self, address):
        self.address = address

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request("%s/_airplane/%s" % (self.address, path), data, method=method)
        return json.load(urllib.request.urlopen(request))

    def ec2(self, action, **parameters):
        """An answer's text. What is throttled is tried again."""
        form = dict(parameters, Action=action, Version="2016-11-15")
        scope = "AIRPLANE123456789012/20240101/%s/ec2/aws4_request" % REGION
        headers = {"authorization": "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=host, Signature=0" % scope,
                   "content-type": "application/x-www-form-urlencoded"}
        while True:
            request = urllib.request.Request(self.address, urllib.parse.urlencode(form).encode(), headers)
            try:
                return urllib.request.urlopen(request).read().decode()
            except urllib.error.HTTPError as error:
                text = error.read().decode()
                if "RequestLimitExceeded" not in text:
                    raise SystemExit("%s: %s" % (action, text))
                time.sleep(0.05)

    def make(self, action, element, **parameters):
        return re.search("<%s>([^<]+)</%s>" % (element, element), self.ec2(action, **parameters)).group(1)


def build(sky, count):
    """Makes the objects; the configuration that describes and imports them."""
    n = {ty: int(count * share) for ty, share in SHARES.items()}
    vpcs = max(1, -(-n["aws_subnet"] // 150), -(-n["aws_route_table"] // 150))
    n["aws_subnet"] -= vpcs
    sky.control("PUT", "quotas", {"vpcs-per-region": vpcs + 5, "elastic-ips-per-region": count})
    with ThreadPoolExecutor(8) as pool:
        vpc = list(pool.map(lambda i: sky.make("CreateVpc", "vpcId", CidrBlock="10.%d.0.0/16" % i), range(vpcs)))
        place = lambda i: vpc[i % vpcs]
        subnet = pool.map(lambda i: sky.make("CreateSubnet", "subnetId", VpcId=place(i),
                                             CidrBlock="10.%d.%d.0/24" % (i % vpcs, i // vpcs)), range(n["aws_subnet"]))
        table = pool.map(lambda i: sky.make("CreateRouteTable", "routeTableId", VpcId=place(i)), range(n["aws_route_table"]))
        group = list(pool.map(lambda i: sky.make("CreateSecurityGroup", "groupId", GroupName="g%d" % i, VpcId=place(i),
                                                 GroupDescription="bench"), range(n["aws_security_group"])))
        rule = pool.map(lambda i: sky.make("AuthorizeSecurityGroupIngress", "securityGroupRuleId", **{
            "GroupId": group[i], "IpPermissions.1.IpProtocol": "tcp", "IpPermissions.1.FromPort": "22",
            "IpPermissions.1.ToPort": "22", "IpPermissions.1.IpRanges.1.CidrIp": "10.0.0.0/8"}), range(len(group)))
        address = pool.map(lambda i: sky.make("AllocateAddress", "allocationId", Domain="vpc"), range(n["aws_eip"]))
        ids = {"aws_vpc": vpc, "aws_subnet": list(subnet), "aws_route_table": list(table), "aws_security_group": group,
               "aws_vpc_security_group_ingress_rule": list(rule), "aws_eip": list(address)}
    bodies = {
        "aws_vpc": 'cidr_block = "10.${count.index}.0.0/16"',
        "aws_subnet": 'vpc_id = aws_vpc.o[count.index %% %d].id\n  cidr_block = "10.${count.index %% %d}.${floor(count.index / %d)}.0/24"'
                      % (vpcs, vpcs, vpcs),
        "aws_route_table": "vpc_id = aws_vpc.o[count.index %% %d].id" % vpcs,
        "aws_security_group": 'name = "g${count.index}"\n  description = "bench"\n  vpc_id = aws_vpc.o[count.index %% %d].id' % vpcs,
        "aws_vpc_security_group_ingress_rule": 'security_group_id = aws_security_group.o[count.index].id\n  ip_protocol = "tcp"\n'
                                               '  from_port = 22\n  to_port = 22\n  cidr_ipv4 = "10.0.0.0/8"',
        "aws_eip": 'domain = "vpc"',
    }
    main, imports = ['provider "aws" {\n  region = "%s"\n}\n' % REGION], []
    for ty, all_ids in ids.items():
        main.append('resource "%s" "o" {\n  count = %d\n  %s\n}\n' % (ty, len(all_ids), bodies[ty]))
        imports.append('import {\n  for_each = %s\n  to = %s.o[tonumber(each.key)]\n  id = each.value\n}\n'
                       % (json.dumps({str(i): id for i, id in enumerate(all_ids)}).replace(": ", " = "), ty))
    return "".join(main), "".join(imports), {ty: len(all_ids) for ty, all_ids in ids.items()}


def measured(binary, where, words):
    """Wall seconds, peak memory in MiB, exit status, what it said."""
    start = time.monotonic()
    child = subprocess.Popen([binary, *words], cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = child.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    return time.monotonic() - start, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), said, usage.ru_utime + usage.ru_stime


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--objects", type=int, default=5000)
    ap.add_argument("--latency", type=int, default=50, help="milliseconds")
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--keep", help="work in this directory and leave it")
    args = ap.parse_args()
    binary = os.path.abspath(args.bin)
    where = args.keep or tempfile.mkdtemp(prefix="kprov-plan-")
    os.makedirs(where, exist_ok=True)

    def fly(clock):
        started = subprocess.run([binary, "airplane", "start", "-clock", clock], cwd=where, capture_output=True, text=True, check=True)
        return Airplane(re.search(r"http://\S+", started.stdout).group(0))

    try:
        # Nothing new is to be invisible, and nothing throttled, while the world is built.
        sky = fly("scaled:200")
        sky.control("PUT", "visibility", {"millis": 0})
        start = time.monotonic()
        text, imports, counts = build(sky, args.objects)
        built = time.monotonic() - start
        open(os.path.join(where, "main.tf"), "w").write(text)
        open(os.path.join(where, "imports.tf"), "w").write(imports)
        wall, _, status, said, _ = measured(binary, where, ["apply", "-airplane", "-auto-approve", "-no-color"])
        if status != 0:
            sys.exit("the import failed:\n" + said[-4000:])
        os.remove(os.path.join(where, "imports.tf"))
        print("%d objects: %s; made in %.1f s, imported in %.1f s" % (
            sum(counts.values()), ", ".join("%d %s" % (n, ty) for ty, n in counts.items()), built, wall))
        subprocess.run([binary, "airplane", "stop"], cwd=where, check=True, capture_output=True)
        time.sleep(1)
        sky = fly("real")
        sky.control("PUT", "faults", [{"effect": {"kind": "latency", "millis": args.latency}}])
        best = None
        for _ in range(args.runs):
            sky.control("DELETE", "calls")
            run = measured(binary, where, ["plan", "-airplane", "-detailed-exitcode", "-no-color"])
            if run[2] != 0:
                sys.exit("the plan has changes:\n" + run[3][-4000:])
            calls = {}
            for call in sky.control("GET", "calls"):
                name = "%s:%s" % (call.get("service"), call.get("action"))
                calls[name] = calls.get(name, 0) + 1
            told = re.search(r"API calls: (\d+)", run[3])
            run = run + (calls, int(told.group(1)) if told else None)
            best = run if best is None or run[0] < best[0] else best
        wall, memory, _, _, cpu, calls, told = best
        print("no-op plan       %.2f s with %d ms a call (CPU %.2f s)" % (wall, args.latency, cpu))
        print("peak memory      %.0f MiB" % memory)
        print("API calls        %s" % told)
        for name, count in sorted(calls.items(), key=lambda item: -item[1]):
            print("  %5d %s" % (count, name))
    finally:
        subprocess.run([binary, "airplane", "stop"], cwd=where, capture_output=True)
        if not args.keep:
            shutil.rmtree(where, ignore_errors=True)


if __name__ == "__main__":
    main()
