"""The tables of comparisons that bench/tables.sh made, as Markdown, with the machine and the date: for each the arms' figures, then every
arm held against the first and against those of its time, by pairs of seeds.

    tables.py FOLDER
"""
import datetime
import json
import math
import pathlib
import statistics
import sys

from common import header, row

FIGURES = {
    "train_seconds": "training, s",
    "nll": "negative log-likelihood, nats",
    "gap": "gap to the truth",
    "energy_gap": "gap by the energy",
    "density_consistency": "flow less energy",
    "bits_per_dim": "bits per dimension",
    "kl": "KL",
    "force_error": "error of the force",
    "basin_mass_error": "error of the mass",
    "simulation_js": "JS",
    "simulation_pmf": "PMF error",
}

# Best at 0, from either side.
SIGNED = ["energy_gap", "density_consistency"]


def machine():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{len(names)} processors, {names[0]}" if names else "unknown processor"


def shown(figure):
    """A figure, with its standard error over the seeds if it has one."""
    if figure is None:
        return "–"
    if not isinstance(figure, dict):
        return f"{figure:.1f}"
    se = figure["se"]
    return f"{figure['mean']:.4f}" + (f" ± {se:.4f}" if se is not None else "")


def mean_se(values):
    return {"mean": statistics.fmean(values), "se": statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else None}


def over_seeds(seeds, arm, key):
    """A figure's mean over points, seed by seed; a size where 0 is best, from either side."""
    values = [seed["models"][arm].get(key) for seed in seeds]
    values = [value["mean"] if isinstance(value, dict) else value for value in values]
    return None if None in values else [abs(value) if key in SIGNED else value for value in values]


def compared(seeds, arms):
    """Each arm's figures less the first's, by pairs of seeds, and its profiles over the first's."""
    first = arms[0]
    for arm in arms[1:]:
        for key in ["nll", *SIGNED, "density_spread", "kl", "basin_mass_error", "simulation_js", "simulation_pmf"]:
            ours, theirs = over_seeds(seeds, arm, key), over_seeds(seeds, first, key)
            if ours is None or theirs is None:
                continue
            less = mean_se([a - b for a, b in zip(ours, theirs)])
            name = FIGURES.get(key, key) + (", size" if key in SIGNED else "")
            row(f"{arm} less {first}", name, shown(mean_se(ours)), shown(mean_se(theirs)), shown(less))
        for key in ["residual", "asymmetry", "score_error"]:
            logs = []
            for seed in seeds:
                pairs = zip(seed["models"][arm].get(key) or [], seed["models"][first].get(key) or [])
                pairs = [(a["mean"], b["mean"]) for a, b in pairs if a["mean"] and b["mean"] and min(a["mean"], b["mean"]) > 0]
                if pairs:
                    logs.append(statistics.fmean(math.log(a / b) for a, b in pairs))
            if len(logs) == len(seeds):
                found = mean_se(logs)
                ratio = math.exp(found["mean"])
                row(f"{arm} over {first}", key, "", "", shown({"mean": ratio, "se": found["se"] and ratio * found["se"]}))


def main():
    folder = pathlib.Path(sys.argv[1])
    print(f"{machine()}, {datetime.date.today():%d %B %Y}")
    for path in sorted(folder.glob("*.json")):
        found = json.loads(path.read_text())
        models = found["models"]
        seeds = [seed["seed"] for seed in found["seeds"]]
        print(f"\n### {path.stem}, seeds {seeds[0]} to {seeds[-1]}\n")
        known = [key for key in FIGURES if any(model.get(key) is not None for model in models.values())]
        header("", *[FIGURES[key] for key in known])
        for name, model in models.items():
            row(name, *[shown(model.get(key)) for key in known])
        print()
        header("over the seeds", "figure", "the arm's", "the first's", "paired")
        compared(found["seeds"], list(models))
        print()
        header("arm", "against", "figure", "less, paired", "time of training", "")
        for verdict in found["verdicts"]:
            time = "–" if verdict["time"] is None else f"{verdict['time']:.2f} ×"
            row(verdict["arm"], verdict["rival"], FIGURES.get(verdict["figure"], verdict["figure"]),
                shown(verdict["less"]), time, verdict["outcome"])


if __name__ == "__main__":
    main()
