#!/usr/bin/env python3
"""What does an apply cost in calls: writes, looks and polls?

    aws_apply.py --bin target/release/kprov [--config examples/network] [--clock scaled:60] [--keep DIR]

Applies a configuration on a new airplane and counts its calls by API. W: calls that write. P: looks of an operation whose
answers are waited for until an object is in a state; all objects of a type share them. L: all other looks. What issue 3 of the
project demands is W + L <= 1.2 W. Then plans again, which must find nothing to do. Standard library only.
"""
import argparse, json, os, re, shutil, subprocess, sys, tempfile, time, urllib.request

READS = ("Describe", "Get", "List", "Head")
# Asked while something becomes available, active, in sync or spread.
POLLS = {"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScalingActivities", "ec2:DescribeNatGateways",
         "ec2:DescribeSubnets", "ec2:DescribeVpcs", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcPeeringConnections",
         "ec2:DescribeInstances", "elbv2:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers",
         "route53:GetChange", "sqs:GetQueueAttributes"}


def kind(name):
    if name in POLLS:
        return "P"
    return "L" if name.split(":")[1].startswith(READS) else "W"


def calls(address):
    """Calls that succeeded or were refused for good, by API; throttled ones are not the configuration's."""
    counts = {}
    for call in json.load(urllib.request.urlopen(address + "/_airplane/calls")):
        name = "%s:%s" % (call.get("service"), call.get("action"))
        counts[name] = counts.get(name, 0) + 1
    return counts


def run(binary, where, *words):
    return subprocess.run([binary, *words], cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--config", default=os.path.join(os.path.dirname(__file__), "..", "..", "examples", "network"))
    ap.add_argument("--clock", default="scaled:60")
    ap.add_argument("--keep", help="work in this directory and leave it")
    args = ap.parse_args()
    binary, config = os.path.abspath(args.bin), os.path.abspath(args.config)
    base = args.keep or tempfile.mkdtemp(prefix="kprov-apply-")
    # Modules are referred to by relative paths.
    root = os.path.dirname(os.path.dirname(config))
    where = os.path.join(base, os.path.relpath(config, root))
    shutil.copytree(config, where, dirs_exist_ok=True)
    if os.path.isdir(os.path.join(root, "modules")):
        shutil.copytree(os.path.join(root, "modules"), os.path.join(base, "modules"), dirs_exist_ok=True)
    try:
        started = run(binary, where, "airplane", "start", "-clock", args.clock)
        address = re.search(r"http://\S+", started.stdout).group(0)
        init = run(binary, where, "init", "-no-color")
        if init.returncode != 0:
            sys.exit("init failed:\n" + init.stdout[-4000:])
        start = time.monotonic()
        applied = run(binary, where, "apply", "-airplane", "-auto-approve", "-no-color")
        wall = time.monotonic() - start
        if applied.returncode != 0:
            sys.exit("the apply failed:\n" + applied.stdout[-4000:])
        counts = calls(address)
        sums = {letter: sum(n for name, n in counts.items() if kind(name) == letter) for letter in "WLP"}
        told = re.search(r"Resources: .*|Apply complete.*", applied.stdout)
        print("%s, in %.1f s" % (told.group(0) if told else "Applied", wall))
        print("W %d writes, L %d looks, P %d polls: W + L is %.2f W" % (
            sums["W"], sums["L"], sums["P"], (sums["W"] + sums["L"]) / max(1, sums["W"])))
        for name, count in sorted(counts.items(), key=lambda it: ("WLP".index(kind(it[0])), -it[1], it[0])):
            print("  %5d %s %s" % (count, kind(name), name))
        again = run(binary, where, "plan", "-airplane", "-detailed-exitcode", "-no-color")
        print("the plan that follows at once: %s" % {0: "nothing to do"}.get(again.returncode, again.stdout[-4000:]))
        return 0 if again.returncode == 0 else 1
    finally:
        run(binary, where, "airplane", "stop")
        if not args.keep:
            shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
