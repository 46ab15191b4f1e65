"""Resident memory of a training step with the score-FPE term, each side in a process of its own, on two threads (Linux).

`growth` is from just before the first step to the peak; fokker's begins earlier, before weights, optimiser and data are there.
"""
import re

from common import SIZES, fokker_step, header, label, peer, row

NAMES = {"torch": "torch DSM+FP", "jax": "jax DSM+FP official estimator", "jax-jvp": "jax DSM+FP jvp-vjp exact dt"}


def main():
    header("D, H, L, B", "", "peak, MiB", "growth, MiB", "growth, times fokker's")
    for size in SIZES:
        ours = fokker_step(size, "--only", "vector", "--steps", 20)
        least = ours["step_growth_mib"]
        row(label(size), "fokker fp_vector", f"{ours['peak_rss_mib']:.0f}", f"{least:.1f}", "")
        for which, name in NAMES.items():
            peak, growth = map(float, re.search(r"peak (\S+) growth (\S+)", peer("memory.py", which, *size)).groups())
            row(label(size), name, f"{peak:.0f}", f"{growth:.1f}", f"{growth / least:.1f}")


if __name__ == "__main__":
    main()
