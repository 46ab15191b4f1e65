"""Training steps of an energy model, of a score network of its size, and of the same in JAX, in turn, on two threads, several
rounds of them; medians, and ratios within a round.
"""
import re
import statistics

from common import fokker, header, peer, row

WIDTH, DEPTH, BATCH, STEPS, ROUNDS = 128, 3, 256, 300, 9


def ours(preset, *kinds):
    """Milliseconds by kind of step."""
    only = [word for kind in kinds for word in ("--only", kind)]
    figures = fokker("bench", "step", "--preset", preset, "--batch", BATCH, "--threads", 2, "--steps", STEPS, *only)
    return {key: figures[key] for key in ("dsm", "fp_vector", "fp_log_density")}


def jax():
    text = peer("step_energy_jax.py", WIDTH, DEPTH, BATCH)
    return {name: float(ms) for name, ms in re.findall(r"^(.*): median ([\d.]+) ms", text, re.M)}


def ratios(of, to):
    """The median of the rounds' ratios, and between what they were."""
    all_of_them = sorted(a / b for a, b in zip(of, to))
    return f"{statistics.median(all_of_them):.2f} ({all_of_them[0]:.2f} to {all_of_them[-1]:.2f})"


def main():
    rounds = []
    for _ in range(ROUNDS):
        score, energy = ours("ring8", "dsm"), ours("mueller-brown", "dsm", "log-density")
        rounds.append({"score": score["dsm"], "dsm": energy["dsm"], "both": energy["fp_log_density"], **jax()})
    score, dsm, both, jax_dsm, jax_both = (
        [times[key] for times in rounds]
        for key in ("score", "dsm", "both", "jax energy DSM", "jax energy DSM+FP")
    )
    header("step, width 128, depth 3, batch 256", "ms", "ratio, median and range of the rounds")
    for name, times, ratio in (
        ("score network, DSM", score, ""),
        ("energy, DSM", dsm, f"{ratios(dsm, score)} times the score network's"),
        ("energy, both terms", both, f"{ratios(both, dsm)} times its DSM step"),
        ("JAX, energy, DSM", jax_dsm, f"{ratios(jax_dsm, dsm)} times fokker's"),
        ("JAX, energy, both terms", jax_both, f"{ratios(jax_both, both)} times fokker's"),
    ):
        row(name, f"{statistics.median(times):.2f}", ratio)


if __name__ == "__main__":
    main()
