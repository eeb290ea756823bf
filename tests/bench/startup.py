#!/usr/bin/env python3
"""How long kprov takes to do next to nothing: what every call pays.

    startup.py --bin target/release/kprov [--vs terraform] [--runs 20]

Measured are `version`, the plan of one resource with an empty state, the apply of that plan, the
no-op plan after it and `show -json`. Per step it prints the median and the best wall time, the CPU
time and the peak memory; the aim is 10 ms and 30 MB for `version` and the plan. Less memory than this
script's own (some 15 MB) cannot be told: a child begins as its parent. Standard library only.
"""
import argparse, os, shutil, statistics, subprocess, sys, tempfile, time

MAIN = 'resource "terraform_data" "one" {\n  input = "x"\n}\n'
LEFT_BEHIND = ("p.bin", "kprov.db", "kprov.db-wal", "kprov.db-shm", "terraform.tfstate")
STEPS = (("version", ["version"], False),
         ("plan", ["plan", "-input=false", "-out=p.bin"], True),
         ("apply", ["apply", "-input=false", "p.bin"], False),
         ("noop", ["plan", "-input=false"], False),
         ("show -json", ["show", "-json"], False))


def measured(cmd, cwd):
    """Wall seconds, CPU seconds and peak memory in MB of one run."""
    env = dict(os.environ, TF_CLI_CONFIG_FILE="/dev/null", CHECKPOINT_DISABLE="1",
               TF_IN_AUTOMATION="1", NO_COLOR="1")
    start = time.monotonic()
    child = subprocess.Popen(cmd, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        sys.exit("%s: exit %d" % (" ".join(cmd), code))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def report(name, program, runs):
    where = tempfile.mkdtemp(prefix="bench-startup-")
    try:
        with open(os.path.join(where, "main.tf"), "w") as out:
            out.write(MAIN)
        measured([program, "init", "-input=false"], where)
        rows = {}
        for _ in range(runs):
            for step, arguments, afresh in STEPS:
                if afresh:
                    for left in LEFT_BEHIND:
                        if os.path.exists(os.path.join(where, left)):
                            os.remove(os.path.join(where, left))
                rows.setdefault(step, []).append(measured([program, *arguments], where))
        for step, got in rows.items():
            walls, cpus, sizes = zip(*got)
            print("%-9s %-10s: %6.1f ms (best %6.1f ms), CPU %5.1f ms, %5.1f MB"
                  % (name, step, statistics.median(walls) * 1e3, min(walls) * 1e3,
                     statistics.median(cpus) * 1e3, statistics.median(sizes)), flush=True)
    finally:
        shutil.rmtree(where, ignore_errors=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--vs", default="terraform")
    ap.add_argument("--runs", type=int, default=20)
    args = ap.parse_args()
    report("kprov", os.path.abspath(args.bin), args.runs)
    peer = shutil.which(args.vs)
    if peer:
        report(os.path.basename(peer), peer, min(args.runs, 5))
    else:
        print("%s is not installed: nothing to compare with" % args.vs)


if __name__ == "__main__":
    main()
