#!/usr/bin/env python3
"""The cost model of docs/cluster.md: seconds of a step on N ranks,

    T(N) = C / N + 2 ceil(log2 N) alpha + 2 (N - 1) / N beta P,

C: seconds of the step's arithmetic on one rank; P: bytes of the gradient; alpha, beta: of a message, its latency and its time for a byte. The last two terms
are an all-reduce by halving and doubling (Thakur, Rabenseifner and Gropp 2005, section 4.3). A model, not a measurement.

    python bench/scaling.py
"""

import math

# Name, seconds of a step of denoising score matching on one core of an AMD EPYC with AVX2 (docs/cluster.md), parameters, and chunks that the preset's batch can be
# cut into: of rows of few numbers 32 are drawn together.
STEPS = [
    ("MLP (ring8)", 1.95e-3, 34_900, 16),
    ("mnist-unet", 23.9, 6987585, 128),
    ("cifar10-ddpmpp", 218.0, 61_804_419, 128),
]
NETWORKS = {"10 Gbit/s": (20e-6, 8 / 10e9), "100 Gbit/s": (2e-6, 8 / 100e9), "200 Gbit/s": (1.5e-6, 8 / 200e9)}
RANKS = [1, 4, 16, 64, 256, 1024]


def step(seconds, parameters, ranks, network):
    alpha, beta = NETWORKS[network]
    rounds = math.ceil(math.log2(ranks))
    return seconds / ranks + 2 * rounds * alpha + 2 * (ranks - 1) / ranks * beta * 4 * parameters


def table(strong):
    print("| | " + " | ".join(f"{ranks} ranks" for ranks in RANKS) + " |")
    print("| --- |" + " --- |" * len(RANKS))
    for name, seconds, parameters, chunks in STEPS:
        for network in NETWORKS:
            cells = []
            for ranks in RANKS:
                if strong and ranks > chunks:
                    cells.append("-")
                    continue
                one = seconds if strong else seconds * ranks
                gain = one / step(one, parameters, ranks, network)
                cells.append(f"{100 * gain / ranks:.0f} %")
            print(f"| {name}, {network} | " + " | ".join(cells) + " |")


print("Strong scaling, the batch of the preset: efficiency\n")
table(True)
print("\nWeak scaling, that batch for each rank: efficiency\n")
table(False)
