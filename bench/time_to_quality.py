"""What the score-FPE term costs and brings if it is applied on every k-th step only: `fokker compare`, FP over DSM.

Arguments: values for --set, such as train.steps=500, for all runs. Quality is a geometric mean over the audit's times; below 1 FP
is better. Both models of a row are trained in one run, on two threads.
"""
import os
import statistics
import sys
import tempfile

from common import fokker, header, row

EVERY = (1, 2, 4, 5, 8)
PROFILES = {"residual": "residual", "NAsym": "asymmetry", "score error": "score_error"}


def compare(every, settings):
    words = [word for setting in settings for word in ("--set", setting)]
    with tempfile.TemporaryDirectory() as folder:
        return fokker("compare", "--preset", "ring8", "--seeds", 3, "-o", os.path.join(folder, "run"), *words,
                      "--set", "train.threads=2", "--set", f"loss.fp.every={every}")


def profile_ratio(models, key):
    ratios = [fp["mean"] / dsm["mean"] for fp, dsm in zip(models["fp"][key], models["dsm"][key])]
    return statistics.geometric_mean(ratios)


def gap(model):
    """How far the negative log-likelihood is above the truth's, nats."""
    return model["nll"]["mean"] - model["true_nll"]


def main():
    header("every", "DSM, s", "FP, s", "time, FP/DSM", *[f"{name}, FP/DSM" for name in PROFILES],
           "gap to the truth, nats: DSM", "FP", "FP/DSM")
    for every in EVERY:
        models = compare(every, sys.argv[1:])["models"]
        dsm, fp = models["dsm"], models["fp"]
        seconds = [model["train_seconds"] for model in (dsm, fp)]
        ratios = [f"{profile_ratio(models, key):.3f}" for key in PROFILES.values()]
        gaps = gap(dsm), gap(fp)
        row(every, *[f"{s:.1f}" for s in seconds], f"{seconds[1] / seconds[0]:.2f}", *ratios,
            *[f"{g:.4f}" for g in gaps], f"{gaps[1] / gaps[0]:.2f}")


if __name__ == "__main__":
    main()
