"""What the score-FPE term costs and brings if it is applied on every k-th step only: `fokker compare`, FP over DSM.

Arguments: values for --set, such as train.steps=500, for all runs. Quality is a geometric mean over the audit's times; below 1 FP
is better. Both models of a row are trained in one run, on two threads.
"""
import os
import sys
import tempfile

from common import fokker, header, row

EVERY = (1, 2, 4, 5, 8)
PROFILES = {"residual": "residual", "NAsym": "asymmetry", "score error": "score_error"}


def compare(every, settings):
    words = [word for setting in settings for word in ("--set", setting)]
    with tempfile.TemporaryDirectory() as folder:
        return fokker("compare", "--preset", "ring8", "--seeds", 3, "-o", os.path.join(folder, "run"), *words,
                      "--set", "train.threads=2", "--arm", "DSM", "without=loss.fp", "--arm", "FP", "loss.fp.weight=3e-5",
                      f"loss.fp.every={every}")


def shown(figure):
    """A figure with its standard error over the seeds."""
    return f"{figure['mean']:.3f} ± {figure['se']:.3f}"


def main():
    header("every", "DSM, s", "FP, s", "time, FP/DSM", *[f"{name}, FP/DSM" for name in PROFILES],
           "gap to the truth, nats: DSM", "FP", "FP − DSM, paired")
    for every in EVERY:
        found = compare(every, sys.argv[1:])
        dsm, fp = found["models"]["dsm"], found["models"]["fp"]
        seconds = [model["train_seconds"] for model in (dsm, fp)]
        ratios = [shown(found["difference"][key]["mean"]) for key in PROFILES.values()]
        row(every, *[f"{s:.1f}" for s in seconds], f"{seconds[1] / seconds[0]:.2f}", *ratios,
            *[shown(model["gap"]) for model in (dsm, fp)], shown(found["difference"]["nll"]))


if __name__ == "__main__":
    main()
