"""Compares `fokker eval` with PyTorch's nested differentiation in double precision; see model-format.md.

Needs torch, numpy and safetensors. Exit status 0 if every array agrees to within the tolerance.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors import safe_open

ARRAYS = ["score", "dt", "div", "residual", "jacobian"]

# load, sde and score are those of model-format.md, section 8.


def load(path):
    """The metadata and the weights, these in double precision, of a model.safetensors."""
    with safe_open(path, framework="pt") as file:
        info = json.loads(file.metadata()["fokker"])
        weights = {name: file.get_tensor(name).double() for name in file.keys()}
    if info["version"] != 1 or len(weights) != 2 * info["network"]["depth"] + 2:
        raise ValueError(f"{path}: not a model of format version 1")
    return info, weights


def sde(info, t):
    """a, g², m, σ at times t (a tensor)."""
    p = info["sde"]
    if p["kind"] == "ve":
        rate = math.log(p["sigma_max"] / p["sigma_min"])
        sigma = p["sigma_min"] * torch.exp(rate * t)
        return torch.zeros_like(t), 2 * rate * sigma**2, torch.ones_like(t), sigma
    beta = p["beta_min"] + (p["beta_max"] - p["beta_min"]) * t
    log_m = -(p["beta_max"] - p["beta_min"]) * t**2 / 4 - p["beta_min"] * t / 2
    g2, sigma = {"vp": (beta, torch.sqrt(-torch.expm1(2 * log_m))),
                 "sub-vp": (-beta * torch.expm1(4 * log_m), -torch.expm1(2 * log_m))}[p["kind"]]
    return -beta / 2, g2, torch.exp(log_m), sigma


def score(info, weights, x, t):
    """s at points x [n, D], in model coordinates, and times t [n]; both float64."""
    net, kind, features = info["network"], info["score"]["parameterisation"], [t]
    _, _, m, sigma = sde(info, t)
    v = (m**2 + sigma**2)[:, None]
    if net["time"]["kind"] == "log-sigma":
        low, high = sde(info, t.new_tensor([info["sde"]["t_min"], 1.0]))[3].log()
        u = -1 + 2 * (sigma.log() - low) / (high - low)
        rates = [math.pi * k for k in range(1, net["time"]["frequencies"] + 1)]
        features += [u] + [wave(rate * u) for rate in rates for wave in (torch.sin, torch.cos)]
    f = {"silu": torch.nn.functional.silu, "tanh": torch.tanh}[net["activation"]]
    h = torch.cat([x / v.sqrt() if kind == "preconditioned" else x, torch.stack(features, 1)], 1)
    for k in range(net["depth"]):
        y = f(h @ weights[f"layers.{k}.weight"] + weights[f"layers.{k}.bias"])
        h = h + y if net["skip"] and k > 0 else y
    n = h @ weights["output.weight"] + weights["output.bias"]
    m, sigma = m[:, None], sigma[:, None]
    return {"noise": -n / sigma, "score": n, "preconditioned": -x / v + m / (sigma * v.sqrt()) * n}[kind]


def derivatives(info, weights, x, t):
    """What `fokker eval` gives, by nested reverse-mode differentiation; arrays named alike."""
    x, t = x.clone().requires_grad_(), t.clone().requires_grad_()
    s = score(info, weights, x, t)
    a, g2, _, _ = (c.detach() for c in sde(info, t))
    # Each row depends on its own x and t alone: the gradient of a sum over rows holds the rows' gradients.
    slopes = [torch.autograd.grad(s_i.sum(), (x, t), create_graph=True) for s_i in s.unbind(1)]
    jacobian = torch.stack([by_x for by_x, _ in slopes], 1)
    dt = torch.stack([by_t for _, by_t in slopes], 1)
    div = jacobian.diagonal(dim1=1, dim2=2).sum(1)
    phi = g2 / 2 * (div + (s * s).sum(1)) - a * ((x * s).sum(1) + info["dim"])
    residual = dt - torch.autograd.grad(phi.sum(), x)[0]
    found = {"score": s, "dt": dt, "div": div, "residual": residual, "jacobian": jacobian}
    return {name: value.detach().numpy() for name, value in found.items()}


def evaluate(binary, model, points, t):
    """What `fokker eval` gives."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "points.npy"), os.path.join(folder, "found.npz")
        np.save(source, points)
        command = [binary, "eval", model, "--data", source, "--t", repr(t), "--what", ",".join(ARRAYS), "-o", target]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with np.load(target) as found:
            return dict(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", metavar="RUN", help="a run directory, or its model.safetensors")
    parser.add_argument("--points", help="points in model coordinates, .npy, rows x D (default: 50 near N(0, I) data)")
    parser.add_argument("--t", type=float, nargs="+", default=[0.001, 0.01, 0.3, 1.0], help="times")
    parser.add_argument("--binary", default="fokker", help="the program to check")
    parser.add_argument("--tolerance", type=float, default=1e-8, help="the greatest relative error allowed")
    args = parser.parse_args()
    model = os.path.join(args.run, "model.safetensors") if os.path.isdir(args.run) else args.run
    (info, weights), good = load(model), True
    print("t       array     error     worst row")
    for t in args.t:
        times = torch.tensor([t], dtype=torch.float64)
        points = np.load(args.points).astype(np.float64) if args.points else None
        if points is None:
            spread = np.hypot(*(c.item() for c in sde(info, times)[2:]))
            points = spread * np.random.default_rng(0).standard_normal((50, info["dim"]))
        ours = derivatives(info, weights, torch.from_numpy(points), times.expand(len(points)))
        theirs = evaluate(args.binary, model, points, t)
        for name in ARRAYS:
            difference, size = (v.reshape(len(points), -1) for v in (theirs[name] - ours[name], ours[name]))
            error = np.linalg.norm(difference) / np.linalg.norm(size)
            worst = (np.linalg.norm(difference, axis=1) / np.linalg.norm(size, axis=1)).max()
            good &= bool(error <= args.tolerance)
            print(f"{t:<7g} {name:<9} {error:.1e}   {worst:.1e}")
    print("agree" if good else "DISAGREE", f"(tolerance {args.tolerance:g})")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
