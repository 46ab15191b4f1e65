"""Training steps of an energy model, of a score network of its size, and of the same in JAX, in turn, on two threads: peer, fokker,
peer; ratios of medians.
"""
import re
import statistics

from common import fokker, header, peer, row

WIDTH, DEPTH, BATCH, STEPS = 128, 3, 256, 300


def ours(preset, *kinds):
    """Milliseconds by kind of step."""
    only = [word for kind in kinds for word in ("--only", kind)]
    figures = fokker("bench", "step", "--preset", preset, "--batch", BATCH, "--threads", 2, "--steps", STEPS, *only)
    return {key: figures[key] for key in ("dsm", "fp_vector", "fp_log_density")}


def jax():
    text = peer("step_energy_jax.py", WIDTH, DEPTH, BATCH)
    return {name: float(ms) for name, ms in re.findall(r"^(.*): median ([\d.]+) ms", text, re.M)}


def main():
    before = jax()
    score, energy = ours("ring8", "dsm"), ours("mueller-brown", "dsm", "log-density")
    after = jax()
    header("step, width 128, depth 3, batch 256", "ms", "ratio")
    row("score network, DSM", f"{score['dsm']:.2f}", "")
    row("energy, DSM", f"{energy['dsm']:.2f}", f"{energy['dsm'] / score['dsm']:.2f} times the score network's")
    both = energy["fp_log_density"]
    row("energy, both terms", f"{both:.2f}", f"{both / energy['dsm']:.2f} times its DSM step")
    for name, own in (("jax energy DSM", energy["dsm"]), ("jax energy DSM+FP", both)):
        ms = statistics.median([before[name], after[name]])
        row(name, f"{ms:.2f}", f"{ms / own:.2f} times fokker's")


if __name__ == "__main__":
    main()
