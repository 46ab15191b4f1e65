"""Training on a machine that others use: seconds for a short run of the preset ring8 on one and two threads, alone on two cores and
beside two busy loops, in turn (Linux).
"""
import statistics
import subprocess
import sys
import tempfile
import time

from common import FOKKER, header, output, row

STEPS = 1500
ROUNDS = 3
BUSY = ["taskset", "-c", "0,1", sys.executable, "-c", "while True: pass"]


def seconds(threads):
    """Of a whole run, data and model file included."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [f"train.steps={STEPS}", f"train.threads={threads}"]
        options = [word for setting in settings for word in ("--set", setting)]
        start = time.monotonic()
        output([FOKKER, "train", "--preset", "ring8", "-o", f"{folder}/run", *options])
        return time.monotonic() - start


def measure(loops):
    """By number of threads, the times of each round beside so many busy loops."""
    others = [subprocess.Popen(BUSY) for _ in range(loops)]
    try:
        rounds = [[seconds(threads) for threads in (1, 2)] for _ in range(ROUNDS)]
    finally:
        for other in others:
            other.kill()
            other.wait()
    return list(zip(*rounds))


def main():
    header("beside", "1 thread, s", "2 threads, s", "2 threads / 1 thread")
    for loops in (0, 2):
        one, two = measure(loops)
        ratio = statistics.median(b / a for a, b in zip(one, two))
        row(f"{loops} busy loops", f"{statistics.median(one):.1f}", f"{statistics.median(two):.1f}", f"{ratio:.2f}")


if __name__ == "__main__":
    main()
