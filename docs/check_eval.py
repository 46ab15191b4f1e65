"""Compares `fokker eval` with PyTorch's nested differentiation in double precision; see model-format.md, section 9.

Needs torch, numpy and safetensors. An array's error is the norm of its differences over that of its terms: its own, but that of the J_ii
for div, and for dt and residual, where large terms cancel, that of the terms of the score FPE. Exit status 0 if all errors are within
the tolerance, else 1.
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
import torch.nn.functional as F
from safetensors import safe_open

ARRAYS = ["score", "dt", "div", "residual", "jacobian"]

# All up to `score` is that of model-format.md, section 8.


def load(path):
    """The metadata and the weights, these in double precision, of a model.safetensors."""
    with safe_open(path, framework="pt") as file:
        info = json.loads(file.metadata()["fokker"])
        weights = {name: file.get_tensor(name).double() for name in file.keys()}
    if info["version"] not in (1, 2, 3, 4):
        raise ValueError(f"{path}: not a model of format version 1, 2, 3 or 4")
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


def mlp(info, weights, x, c):
    """n for points x [n, D] and time features c [n, F]."""
    net, h = info["network"], torch.cat([x, c], 1)
    f = {"silu": F.silu, "tanh": torch.tanh}[net["activation"]]
    for k in range(net["depth"]):
        y = f(h @ weights[f"layers.{k}.weight"] + weights[f"layers.{k}.bias"])
        h = h + y if net["skip"] and k > 0 else y
    return h @ weights["output.weight"] + weights["output.bias"]


def images(info, weights, x, c):
    """The same for a U-Net: a row x holds pixels one after the other, the channels of each side by side; an energy is a sum over pixels."""
    size = [info["image"][axis] for axis in ("height", "width", "channels")]
    y = unet(info["network"], weights, x.reshape(-1, *size).movedim(3, 1), c)
    return y.flatten(1).sum(1, keepdim=True) if is_energy(info) else y.movedim(1, 3).reshape(x.shape)


def unet(net, w, x, c):
    """n for images x [n, channels, height, width] and time features c [n, F]."""
    silu, filter1 = F.silu, x.new_tensor([1.0, 3.0, 3.0, 1.0])
    dense = lambda name, x: x @ w[name + ".weight"] + w[name + ".bias"]
    pointwise = lambda name, x: dense(name, x.movedim(1, -1)).movedim(-1, 1)
    conv = lambda name, x: F.conv2d(x, w[name + ".weight"].permute(3, 2, 0, 1), w[name + ".bias"], padding=1)
    total = lambda x, h: (x + h) / math.sqrt(2) if net["rescale"] else x + h

    def filtered(conv, x, scale):
        kernel = torch.outer(filter1, filter1).expand(x.shape[1], 1, 4, 4) / scale
        return conv(x, kernel, stride=2, padding=1, groups=x.shape[1])

    def halve(x):
        return filtered(F.conv2d, x, 64) if net["fir"] else F.avg_pool2d(x, 2)

    def double(x):
        return filtered(F.conv_transpose2d, x, 16) if net["fir"] else F.interpolate(x, scale_factor=2)

    def norm(name, x):
        most = max(min(net["groups"], x.shape[1] // 4), 1)
        groups = next(g for g in range(most, 0, -1) if x.shape[1] % g == 0)
        return F.group_norm(x, groups, w[name + ".weight"], w[name + ".bias"], 1e-6)

    def residual(name, x, resample=lambda x: x):
        h, x = resample(silu(norm(name + ".norm1", x))), resample(x)
        h = conv(name + ".conv1", h) + dense(name + ".time", e)[:, :, None, None]
        h = conv(name + ".conv2", silu(norm(name + ".norm2", h)))
        return total(pointwise(name + ".shortcut", x) if name + ".shortcut.weight" in w else x, h)

    def block(name, x):
        x, at = residual(name, x), name + ".attention."
        if at + "norm.weight" not in w:
            return x
        h = norm(at + "norm", x).flatten(2).mT
        q, k, v = (dense(at + part, h) for part in ("query", "key", "value"))
        h = dense(at + "output", torch.softmax(q @ k.mT / math.sqrt(q.shape[2]), 2) @ v)
        return total(x, h.mT.reshape(x.shape))

    def step(name, x, resample):
        return residual(name, x, resample) if net["resampling"] == "residual" else resample(x)

    each, lowest, blocks = net["skips"] == "each", len(net["multipliers"]) - 1, net["blocks"]
    e = silu(dense("embedding.1", silu(dense("embedding.0", c))))
    h, pyramid = conv("input", x), x
    skips = [h] if each else []
    for level in range(lowest + each):
        for b in range(blocks):
            h = block(f"down.{level}.{b}", h)
            skips += [h] if each or b == blocks - 1 else []
        if level < lowest:
            h = step(f"down.{level}.resample", h, halve)
            if net["input_pyramid"]:
                pyramid = halve(pyramid)
                h = h + pointwise(f"down.{level}.pyramid", pyramid)
            skips += [h] if each else []
    for b in range(2 if each else blocks):
        h = block(f"middle.{b}", h)
    for level in reversed(range(lowest + each)):
        if level < lowest:
            h = step(f"up.{level + 1}.resample", h, double)
        for b in range(blocks + each):
            h = block(f"up.{level}.{b}", torch.cat([h, skips.pop()], 1) if each or b == 0 else h)
    return conv("output", silu(norm("norm", h)))


def features(info, t):
    """The time features c at times t [n], one row each."""
    time, found = info["network"]["time"], [t]
    pairs = lambda rates, u: [wave(rate * u) for rate in rates for wave in (torch.sin, torch.cos)]
    if time["kind"] == "log-sigma":
        low, high = sde(info, t.new_tensor([info["sde"]["t_min"], 1.0]))[3].log()
        u = -1 + 2 * (sde(info, t)[3].log() - low) / (high - low)
        found += [u] + pairs([math.pi * k for k in range(1, time["frequencies"] + 1)], u)
    if time["kind"] == "low-frequency":
        found = [t - 0.5] + pairs([2 * math.pi * k for k in range(1, time["frequencies"] + 1)], t)
    if time["kind"] == "positional":
        half = time["features"] // 2
        rates = [999 * 10000 ** (-k / (half - 1)) for k in range(half)]
        found = [wave(rate * t) for wave in (torch.sin, torch.cos) for rate in rates]
    return torch.stack(found, 1)


def windows(net, t):
    """w_k at times t [n], one for each interval of network.range."""
    u = [((t - r["to"]) / net.get("blend", 0.02) + 0.5).clamp(0, 1) for r in net["range"][:-1]]
    arrived = [torch.ones_like(t)] + [u**3 * (10 - 15 * u + 6 * u**2) for u in u] + [torch.zeros_like(t)]
    return [here - gone for here, gone in zip(arrived, arrived[1:])]


def network(info, weights, x, t):
    """n at points x [n, D], as the network sees them, and times t [n]."""
    net, c, n = info["network"], features(info, t), 0
    build = {"mlp": mlp, "unet": images}[net["kind"]]
    if not net.get("range"):
        return build(info, weights, x, c)
    for k, w in enumerate(windows(net, t)):
        at, own = f"range.{k}.", {key: value for key, value in net["range"][k].items() if key != "to"}
        part = {name.removeprefix(at): weight for name, weight in weights.items() if name.startswith(at)}
        n = n + w[:, None] * build({**info, "network": {**net, **own}}, part, x, c)
    return n


def is_energy(info):
    return info["network"].get("output") == "energy"


def log_density(info, weights, x, t):
    """log q of an energy model at points x [n, D], in model coordinates, and times t [n]; both float64. Less log Z(T) it is log p."""
    kind, (_, _, m, sigma) = info["score"]["parameterisation"], sde(info, t)
    if kind == "plain":
        return network(info, weights, x, t)[:, 0]
    v = m**2 + sigma**2
    n = network(info, weights, x / v.sqrt()[:, None], t)[:, 0]
    return m / {"preconditioned": sigma, "bounded": v.sqrt()}[kind] * n - (x * x).sum(1) / (2 * v)


def score(info, weights, x, t):
    """s at points x [n, D], in model coordinates, and times t [n]; both float64."""
    if is_energy(info):
        x = x if x.requires_grad else x.clone().requires_grad_()
        return torch.autograd.grad(log_density(info, weights, x, t).sum(), x, create_graph=True)[0]
    kind, (_, _, m, sigma) = info["score"]["parameterisation"], (c[:, None] for c in sde(info, t))
    v = m**2 + sigma**2
    n = network(info, weights, x / v.sqrt() if kind in ("preconditioned", "bounded") else x, t)
    return {"noise": -n / sigma, "score": n, "preconditioned": -x / v + m / (sigma * v.sqrt()) * n, "bounded": -x / v + m / v * n}[kind]


def derivatives(info, weights, x, t):
    """What `fokker eval` gives, by nested reverse-mode differentiation, arrays named alike; and the size of each array's terms."""
    x, t = x.clone().requires_grad_(), t.clone().requires_grad_()
    s = score(info, weights, x, t)
    a, g2, _, _ = (c.detach() for c in sde(info, t))
    # Each row depends on its own x and t alone: the gradient of a sum over rows holds the rows' gradients.
    slopes = [torch.autograd.grad(s_i.sum(), (x, t), create_graph=True) for s_i in s.unbind(1)]
    jacobian = torch.stack([by_x for by_x, _ in slopes], 1)
    dt = torch.stack([by_t for _, by_t in slopes], 1)
    diagonal = jacobian.diagonal(dim1=1, dim2=2)
    of_div = torch.autograd.grad((g2 / 2 * diagonal.sum(1)).sum(), x, retain_graph=True)[0]
    phi = g2 / 2 * (s * s).sum(1) - a * ((x * s).sum(1) + info["dim"])
    residual = dt - (of_div + torch.autograd.grad(phi.sum(), x, retain_graph=True)[0])
    found = {"score": s, "dt": dt, "div": diagonal.sum(1), "residual": residual, "jacobian": jacobian}
    back = lambda y: torch.einsum("nij,ni->nj", jacobian, y)
    terms = sum(y.abs() for y in (dt, of_div, g2[:, None] * back(s), a[:, None] * s, a[:, None] * back(x)))
    sizes = {"score": s, "dt": terms, "div": diagonal, "residual": terms, "jacobian": jacobian}
    arrays = lambda of: {name: y.detach().numpy() for name, y in of.items()}
    return arrays(found), arrays(sizes)


def evaluate(binary, model, points, t):
    """What `fokker eval` gives."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "points.npy"), os.path.join(folder, "found.npz")
        np.save(source, points)
        command = [binary, "eval", model, "--data", source, "--unchecked", "--t", repr(t), "--what", ",".join(ARRAYS), "-o", target]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with np.load(target) as found:
            return dict(found)


def check(args, model):
    """The errors of all arrays at all times, which it prints."""
    (info, weights), errors = load(model), []
    if args.fault == "weight":
        output = weights["output.weight"].view(-1)
        output[output.abs().argmax()] *= 1 + 1e-6
    print(f"{model}: {info['sde']['kind']}, {info['network']['kind']}, {info['score']['parameterisation']}, D = {info['dim']}")
    print("t       array     error     worst row")
    for t in args.t or [info["sde"]["t_min"], 0.01, 0.3, 1.0]:
        times = torch.tensor([t], dtype=torch.float64)
        points = np.load(args.points).astype(np.float64) if args.points else None
        if points is None:
            spread = np.hypot(*(c.item() for c in sde(info, times)[2:]))
            points = spread * np.random.default_rng(0).standard_normal((args.rows, info["dim"]))
        if args.fault == "time":
            times = times * (1 + 1e-6)
        ours, sizes = derivatives(info, weights, torch.from_numpy(points), times.expand(len(points)))
        theirs = evaluate(args.binary, model, points, t)
        for name in ARRAYS:
            if args.fault == "nan":
                theirs[name].flat[-1] = np.nan
            rows = [np.linalg.norm(v.reshape(len(points), -1), axis=1) for v in (theirs[name] - ours[name], sizes[name])]
            errors.append(np.linalg.norm(rows[0]) / np.linalg.norm(rows[1]))
            print(f"{t:<7g} {name:<9} {errors[-1]:.1e}   {(rows[0] / rows[1]).max():.1e}")
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", metavar="RUN", nargs="+", help="a run directory, or its model.safetensors")
    parser.add_argument("--points", help="points in model coordinates, .npy, rows x D (default: drawn near N(0, I) data)")
    parser.add_argument("--rows", type=int, default=50, help="how many points to draw")
    parser.add_argument("--t", type=float, nargs="+", help="times (default: the model's t_min, 0.01, 0.3 and 1)")
    parser.add_argument("--binary", default="fokker", help="the program to check")
    parser.add_argument("--tolerance", type=float, default=2e-13, help="the greatest error allowed")
    parser.add_argument("--fault", choices=["weight", "time", "nan"],
                        help="change, here alone, one weight or the time by a millionth, or a number of each array to NaN: "
                             "every array must disagree")
    args = parser.parse_args()
    torch.set_num_threads(1)
    models = [os.path.join(run, "model.safetensors") if os.path.isdir(run) else run for run in args.runs]
    errors = [error for model in models for error in check(args, model)]
    wrong = sum(not error <= args.tolerance for error in errors)  # NaN is wrong
    print(f"{'DISAGREE' if wrong else 'agree'}: {wrong or len(errors)} of {len(errors)} arrays (tolerance {args.tolerance:g})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
