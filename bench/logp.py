"""log p of points whose truth is known, by fokker and by its peer, in turn, on two threads: peer, fokker, peer.

Arguments: points (default 1000), tolerances (default 1e-3 1e-5).
"""
import re
import statistics
import sys

from common import fokker, header, peer, row


def torch(points, tolerance, probes):
    """Seconds, evaluations, mean and greatest error."""
    text = peer("logp_torch.py", points, tolerance, probes)
    numbers = re.search(r"seconds (\S+)\nevaluations (\S+)\nerror mean (\S+) max (\S+)", text).groups()
    return [float(number) for number in numbers]


def cells(name, figures, ratio):
    seconds, evaluations, mean, worst = figures
    return name, f"{seconds:.3f}", evaluations, f"{mean:.2e}", f"{worst:.2e}", ratio


def main():
    points = sys.argv[1] if len(sys.argv) > 1 else "1000"
    header("points, tolerance, divergence", "", "s", "evaluations", "mean error", "max error", "times fokker's s")
    for tolerance in sys.argv[2:] or ["1e-3", "1e-5"]:
        for probes in (0, 1):
            before = torch(points, tolerance, probes)
            ours = fokker("bench", "logp", "--points", points, "--tolerance", tolerance, "--probes", probes, "--threads", 2)
            after = torch(points, tolerance, probes)
            seconds = statistics.median([before[0], after[0]])
            what = f"{points}, {tolerance}, {'1 probe' if probes else 'exact'}"
            taken = f"{ours['evaluations']['mean']:.1f} (max {ours['evaluations']['max']:.0f})"
            error = ours["error"]
            row(what, *cells("fokker", (ours["seconds"], taken, error["mean"], error["max"]), ""))
            _, evaluations, mean, worst = before
            ratio = f"{seconds / ours['seconds']:.2f}"
            row(what, *cells("torch, SciPy RK45", (seconds, f"{evaluations:.0f}", mean, worst), ratio))
            if ours["outcomes"]["converged"] < ours["points"]:
                print(f"not all of fokker's rows converged: {ours['outcomes']}", file=sys.stderr)


if __name__ == "__main__":
    main()
