"""The tables of comparisons that bench/tables.sh made, as Markdown, with the machine and the date: for each the arms' figures, then every
arm held against the first and against those of its time, by pairs of seeds.

    tables.py FOLDER
"""
import datetime
import json
import pathlib
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
        header("arm", "against", "figure", "less, paired", "time of training", "")
        for verdict in found["verdicts"]:
            time = "–" if verdict["time"] is None else f"{verdict['time']:.2f} ×"
            row(verdict["arm"], verdict["rival"], FIGURES.get(verdict["figure"], verdict["figure"]),
                shown(verdict["less"]), time, verdict["outcome"])


if __name__ == "__main__":
    main()
