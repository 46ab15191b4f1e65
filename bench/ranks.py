#!/usr/bin/env python3
"""Ranks against threads on the same processors, in one run: seconds of training on one rank of two threads, on two ranks of one thread, and on one of
one; the pairs take turns. Also four ranks, of which two share a processor.

    python bench/ranks.py FOKKER [ROUNDS]      FOKKER: a program that was built with --features mpi
"""

import json
import math
import os
import subprocess
import sys
import tempfile

FOKKER = os.path.realpath(sys.argv[1])
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 8
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
CASES = {
    "MLP (ring8, batch 512)": ["--preset", "ring8", "--set", "train.steps=1500"],
    "MLP with the term": ["--preset", "ring8", "--set", "loss.fp.weight=7.5e-5", "--set", "train.steps=600"],
    "MLP, width 256, batch 2048": [
        "--preset", "ring8", "--set", "network.width=256", "--set", "train.batch=2048", "--set", "train.steps=100"],
    "U-Net (mnist-unet-tiny, batch 32)": ["--preset", "mnist-unet-tiny", "--data", "images.npy", "--set", "train.steps=16"],
}
WAYS = {"1 x 2": (1, 2), "2 x 1": (2, 1), "1 x 1": (1, 1), "4 x 1": (4, 1)}


def images(path):
    """400 images of 28 x 28 grey levels."""
    import random
    random.seed(1)
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (400, 28, 28), }"
    header += " " * ((-10 - len(header) - 1) % 64) + "\n"
    with open(path, "wb") as out:
        out.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        out.write(bytes(random.randrange(256) for _ in range(400 * 28 * 28)))


def seconds(folder, arguments, ranks, threads, name):
    quiet = ["--set", "train.checkpoint_minutes=0", "--set", "train.checkpoint_every=1000000", "--set", "train.shards=4"]
    command = MPIRUN + ["-n", str(ranks), FOKKER, "train", *arguments, *quiet, "--threads", str(threads), "-q", "-o", name]
    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)
    with open(os.path.join(folder, name, "manifest.json")) as file:
        return json.load(file)["train_seconds"]


def mean_se(values):
    mean = sum(values) / len(values)
    spread = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
    return mean, math.sqrt(spread / len(values))


with tempfile.TemporaryDirectory() as folder:
    images(os.path.join(folder, "images.npy"))
    print("| | ranks x threads | s | over 1 x 2, paired |\n| --- | --- | --- | --- |")
    for case, arguments in CASES.items():
        took = {way: [] for way in WAYS}
        for turn in range(ROUNDS):
            order = list(WAYS.items())
            for way, (ranks, threads) in order if turn % 2 == 0 else reversed(order):
                took[way].append(seconds(folder, arguments, ranks, threads, f"{case} {way} {turn}".replace(" ", "-")))
        for way in WAYS:
            mean, se = mean_se(took[way])
            ratio, of_ratio = mean_se([a / b for a, b in zip(took[way], took["1 x 2"])])
            print(f"| {case} | {way} | {mean:.2f} ± {se:.2f} | {ratio:.3f} ± {of_ratio:.3f} |", flush=True)
