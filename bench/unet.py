"""A training step of the small U-Net against PyTorch, in one run: the peer before and after fokker, each in processes of their own.

Argument: a folder of MNIST files. Times are medians in milliseconds on two threads; memory is the peak of the resident set.
"""
import sys

from common import fokker, header, peer, row

BATCH = 32


def torch():
    """What the peer prints, by name."""
    return {name: float(value) for name, value in map(str.split, peer("unet_torch.py", BATCH).splitlines())}


def ours(data, kind, steps):
    options = ["--preset", "mnist-unet-tiny", "--data", data, "--batch", BATCH, "--threads", 2]
    return fokker("bench", "step", *options, "--only", kind, "--steps", steps)


def main():
    data = sys.argv[1]
    peers = [torch()]
    dsm, vector, sliced = ours(data, "dsm", 30), ours(data, "vector", 10), ours(data, "sliced", 10)
    peers.append(torch())
    # The faster of the peer's two runs: what slowed the other was not the peer.
    best = {name: min(p[name] for p in peers) for name in peers[0]}
    assert dsm["parameters"] == best["parameters"], "not the same network"
    header("step, batch 32", "fokker, ms", "PyTorch, ms", "peer/fokker", "fokker, MiB", "PyTorch, MiB", "peer/fokker")
    for name, figures, kind, other in [
        ("DSM", dsm, "dsm", "dsm"), ("FP, vector", vector, "fp_vector", "fp"), ("FP, sliced", sliced, "fp_sliced", "fp"),
    ]:
        memory = [figures["peak_rss_mib"], best["peak"]]
        times = [figures[kind], best[other]]
        row(name, *(f"{t:.0f}" for t in times), f"{times[1] / times[0]:.2f}", *(f"{m:.0f}" for m in memory),
            f"{memory[1] / memory[0]:.1f}")
    # Measured only by a program built with --features gemm-baseline.
    if vector["gemm_gflops"]:
        print(f"gemm, two threads: {vector['gemm_gflops']:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
