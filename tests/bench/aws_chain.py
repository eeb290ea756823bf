#!/usr/bin/env python3
"""Does an apply wait for AWS alone? Applies examples/network on airplane by the real clock, and prints its wall time beside the
longest chain of AWS's own delays.

    aws_chain.py --bin target/release/kprov [--clock real|scaled:N]

The delays are airplane's (airplane/src/world/timing.rs); the chain is the longest path through the plan's graph (kprov graph).
A new object is seen by describes after 0 to 2 s, half a second on average: with --clock real that is said apart. Standard
library only; takes about four minutes.
"""
import argparse, glob, json, os, re, shutil, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")


def delays():
    """Seconds by resource type, and the mean until a new object is seen."""
    text = open(os.path.join(ROOT, "airplane/src/world/timing.rs")).read()
    units = {"SECOND": 1, "MINUTE": 60}
    found = re.findall(r"const (\w+): Millis = (\d+) \* (SECOND|MINUTE);", text)
    table = {name: int(count) * units[unit] for name, count, unit in found}
    return {
        "aws_nat_gateway": table["NAT_CREATE"],
        "aws_lb": table["NLB_CREATE"],
        # A new group looks after itself for the first time after a second.
        "aws_autoscaling_group": 1 + table["INSTANCE_START"],
        "aws_route53_zone": table["DNS_SYNC"],
        "aws_route53_record": table["DNS_SYNC"],
        "aws_iam_instance_profile": table["IAM_PROPAGATION"],
    }, table["VISIBILITY"] / 4


def resource(label):
    """The resource that a node of the graph stands for: its address without instance keys."""
    return re.sub(r"\[[^\]]*\]", "", label)


def longest(dot, weights, more):
    """The longest path: (seconds, nodes). `more`: for each managed object on it."""
    after, nodes = {}, set()
    for line in dot.splitlines():
        names = [resource(name.replace('\\"', '"')) for name in re.findall(r'"((?:[^"\\]|\\.)*)"', line)]
        if "->" in line and len(names) >= 2:
            after.setdefault(names[0], set()).add(names[1])
            nodes.update(names[:2])
        elif names:
            nodes.add(names[0])

    def weight(name):
        managed = re.search(r"(^|\.)(aws_\w+)\.\w+$", name) and not re.search(r"(^|\.)data\.", name)
        if not managed:
            return 0
        return weights.get(re.search(r"(aws_\w+)\.\w+$", name).group(1), 0) + more

    memo = {}

    def path(name):
        if name not in memo:
            memo[name] = (0, [])
            best = max((path(other) for other in after.get(name, ())), default=(0, []))
            memo[name] = (best[0] + weight(name), best[1] + [name])
        return memo[name]

    return max((path(name) for name in nodes), default=(0, []))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--clock", default="real")
    args = ap.parse_args()
    binary = os.path.abspath(args.bin)
    factor = float(args.clock.split(":")[1]) if ":" in args.clock else 1.0
    where = tempfile.mkdtemp(prefix="kprov-chain-")

    def kprov(*words):
        done = subprocess.run([binary, *words], cwd=where, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SystemExit("kprov %s failed:\n%s%s" % (" ".join(words), done.stdout[-2000:], done.stderr[-3000:]))
        return done.stdout

    for pattern in ("*.tf", "*.tfvars", "*.tftpl"):
        for path in glob.glob(os.path.join(ROOT, "examples/network", pattern)):
            shutil.copy(path, where)
    kprov("airplane", "start", "-clock", args.clock)
    try:
        kprov("plan", "-airplane", "-out=saved")
        dot = kprov("graph", "-airplane", "-type=apply", "-plan=saved")
        start = time.monotonic()
        kprov("apply", "-airplane", "-auto-approve")
        wall = time.monotonic() - start
        operations = json.loads(kprov("op", "show", "-json"))["operations"]
        subprocess.run([binary, "destroy", "-airplane", "-auto-approve"], cwd=where, check=True, capture_output=True)
    finally:
        subprocess.run([binary, "airplane", "stop"], cwd=where, capture_output=True)
        shutil.rmtree(where, ignore_errors=True)

    weights, seen = delays()
    chain, nodes = longest(dot, weights, 0)
    whole, _ = longest(dot, weights, seen)
    print("operations       %d" % len(operations))
    print("wall time        %.1f s (airplane's clock: %.1f s)" % (wall, wall * factor))
    print("longest chain    %.1f s: %s" % (chain, " -> ".join(n for n in nodes if n.split(".")[-2] in weights)))
    print("ratio            %.3f (goal: at most 1.15)" % (wall * factor / chain))
    print("longest chain with %.1f s until a new object is seen: %.1f s; ratio %.3f" % (seen, whole, wall * factor / whole))


if __name__ == "__main__":
    main()
