#!/usr/bin/env python3
"""Does kprov's time grow with the work? Doubles the resources and prints the time's factor.

    scaling.py --bin target/release/kprov [--sizes 1000,2000,4000,8000,16000] [--kinds b,ac,al,c,d,f]
               [--runs 5]

Kinds are gen.py's (b blocks, ac count, al for_each, c modules of 50, d chain) and f, a fan-in: N
blocks and one output that refers to all of them. Measured are the plan with an empty state, the
apply of that plan and the no-op plan after it, each the best of --runs. The factors
are printed for wall time and, after a slash, for CPU time, which says more on a busy machine; besides,
the growth of kprov.db per resource. Standard library only.
"""
import argparse, math, os, shutil, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))


def generate(kind, n, where):
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    if kind == "f":
        blocks = ["resource \"terraform_data\" \"r%05d\" {\n  input = %d\n}\n" % (i, i) for i in range(n)]
        refs = ", ".join("terraform_data.r%05d.id" % i for i in range(n))
        with open(os.path.join(where, "main.tf"), "w") as out:
            out.write("".join(blocks) + "output \"ids\" {\n  value = [%s]\n}\n" % refs)
        return
    units = n // 50 if kind == "c" else n
    gen = os.path.join(HERE, "gen.py")
    subprocess.run([sys.executable, gen, kind, str(units), where], check=True)


def measured(cmd, cwd):
    env = dict(os.environ, NO_COLOR="1", TF_IN_AUTOMATION="1")
    start = time.monotonic()
    child = subprocess.Popen(cmd, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit("%s failed: %s" % (" ".join(cmd), message.decode(errors="replace")[-800:]))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def best(runs, cmd, cwd, before=lambda: None):
    rows = []
    for _ in range(runs):
        before()
        rows.append(measured(cmd, cwd))
    return tuple(map(min, zip(*rows)))


def forget(where):
    """Takes the state away, so that a plan of nothing is applied once more."""
    for name in os.listdir(where):
        if name.startswith("kprov.db"):
            os.remove(os.path.join(where, name))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--sizes", default="1000,2000,4000,8000,16000")
    ap.add_argument("--kinds", default="b,ac,al,c,d,f")
    ap.add_argument("--runs", type=int, default=5)
    args = ap.parse_args()
    binary = os.path.abspath(args.bin)
    worst, overall = [0.0, 0.0], [0.0, 0.0]
    for kind in args.kinds.split(","):
        before, first = {}, {}
        for n in map(int, args.sizes.split(",")):
            where = os.path.join(tempfile.gettempdir(), "kprov-scaling-%s" % kind)
            generate(kind, n, where)
            last = {}
            times = {"plan": best(args.runs, [binary, "plan", "-out=p.bin"], where)}
            times["apply"] = best(args.runs, [binary, "apply", "p.bin"], where, lambda: forget(where))
            times["noop"] = best(args.runs, [binary, "plan"], where)
            size = sum(os.path.getsize(os.path.join(where, f)) for f in os.listdir(where)
                       if f.startswith("kprov.db"))
            cells = []
            for step, (wall, cpu, rss) in times.items():
                grown = ""
                if step in before:
                    factors = [now / max(then, 1e-4) for now, then in zip((wall, cpu), before[step])]
                    worst = [max(pair) for pair in zip(worst, factors)]
                    grown = "x%.2f/x%.2f" % tuple(factors)
                cells.append("%s %.3f s (CPU %.3f) %.0f MB %s" % (step, wall, cpu, rss, grown))
                before[step] = (wall, cpu)
                smallest, *then = first.setdefault(step, (n, wall, cpu))
                last[step] = [(now / max(was, 1e-4), n / smallest) for now, was in zip((wall, cpu), then)]
            print("%2s n=%5d: %s | %d bytes of state per resource" % (kind, n, " | ".join(cells), size // n), flush=True)
            shutil.rmtree(where, ignore_errors=True)
        for step in last:
            grown = [factor ** (1 / max(math.log2(more), 1)) for factor, more in last[step]]
            overall = [max(pair) for pair in zip(overall, grown)]
    print("factor per doubling from the smallest to the largest size: at most %.2f in wall time, %.2f in CPU time"
          % tuple(overall))
    print("largest factor for twice the resources: %.2f in wall time, %.2f in CPU time" % tuple(worst))


if __name__ == "__main__":
    main()
