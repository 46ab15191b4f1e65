"""Training steps of fokker and its peers, in turn, on two threads: peers, fokker, peers; ratios of medians."""
import re
import statistics

from common import SIZES, fokker_step, header, label, peer, row

# What a step costs in forward passes of the network over the batch; docs/performance.md counts them.
EQUIVALENTS = {"dsm": 3, "fp_vector": 15, "fp_sliced": 15}


def floor_ms(size, equivalents, gflops):
    """Floor of a step: the least milliseconds for so many forward passes at the speed of a large square product.

    A pass is 2 flops for each row and weight; layers D + 1 -> H, then L - 1 times H -> H, then H -> D.
    """
    dim, width, depth, batch = size
    weights = (dim + 1) * width + (depth - 1) * width * width + width * dim
    return equivalents * 2 * batch * weights / (gflops * 1e6)


def peers(size):
    """Median milliseconds by the name that the scripts print."""
    found = {}
    for script in ("step_torch.py", "step_jax.py", "step_jax_sliced.py"):
        text = peer(script, *size)
        found.update({name: float(ms) for name, ms in re.findall(r"^(.*): median ([\d.]+) ms", text, re.M)})
    return found


def floor(size, name, figures):
    """The floor and how far above it the step is, or a dash if the speed of a product was not measured: that takes a program
    built with `--features gemm-baseline`."""
    gflops = figures.get("gemm_gflops")
    if not gflops:
        return "-"
    least = floor_ms(size, EQUIVALENTS[name], gflops)
    return f"{least:.2f} (x {figures[name] / least:.2f})"


def main():
    header("D, H, L, B", "", "ms", "floor, ms", "times fokker's vector", "times fokker's sliced")
    for size in SIZES:
        before, ours, after = peers(size), fokker_step(size, "--steps", 100), peers(size)
        for name in EQUIVALENTS:
            row(label(size), f"fokker {name}", f"{ours[name]:.2f}", floor(size, name, ours), "", "")
        for name in before:
            ms = statistics.median([before[name], after[name]])
            if "FP" in name or "sliced" in name:
                ratios = [f"{ms / ours[kind]:.2f}" for kind in ("fp_vector", "fp_sliced")]
            else:
                ratios = [f"({ms / ours['dsm']:.2f} times fokker's dsm)", ""]
            row(label(size), name, f"{ms:.2f}", "", *ratios)


if __name__ == "__main__":
    main()
