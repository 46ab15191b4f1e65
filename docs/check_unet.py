"""Compares `fokker eval` with U-Nets written and saved in PyTorch: `fokker train --init` there, `fokker export` back; see model-format.md.

Needs torch, numpy and safetensors. Exit status 0 if everything agrees, else 1. With --freeze FOLDER it writes the small networks, their
maps and what they give there instead: the data of crates/fokker/tests/pytorch.rs.
"""
import argparse
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

T_MIN = 1e-3


def groups(channels, most=32):
    return min(channels // 4, most)


class NIN(nn.Module):
    """A layer on the channels of each pixel, whose weight is [in, out]."""

    def __init__(self, i, o):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.empty(i, o)), nn.Parameter(torch.empty(o))

    def forward(self, x):
        return torch.einsum("nihw,io->nohw", x, self.W) + self.b[:, None, None]


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.GroupNorm_0 = nn.GroupNorm(groups(c), c, eps=1e-6)
        self.NIN_0, self.NIN_1, self.NIN_2, self.NIN_3 = (NIN(c, c) for _ in range(4))

    def forward(self, x):
        h = self.GroupNorm_0(x)
        q, k, v = self.NIN_0(h), self.NIN_1(h), self.NIN_2(h)
        n, c, height, width = x.shape
        w = torch.einsum("nchw,ncij->nhwij", q, k) / math.sqrt(c)
        w = w.reshape(n, height, width, -1).softmax(3).reshape(w.shape)
        return (x + self.NIN_3(torch.einsum("nhwij,ncij->nchw", w, v))) / math.sqrt(2)


class Block(nn.Module):
    """A residual block of DDPM++, told of time; `up` and `down` resample."""

    def __init__(self, i, o, e, resample=None, most=32, rescale=True):
        super().__init__()
        self.resample, self.rescale = resample, rescale
        self.GroupNorm_0, self.Conv_0 = nn.GroupNorm(groups(i, most), i, eps=1e-6), nn.Conv2d(i, o, 3, padding=1)
        self.Dense_0 = nn.Linear(e, o)
        self.GroupNorm_1, self.Conv_1 = nn.GroupNorm(groups(o, most), o, eps=1e-6), nn.Conv2d(o, o, 3, padding=1)
        if i != o or resample:
            self.Conv_2 = nn.Conv2d(i, o, 1)

    def forward(self, x, e):
        h = F.silu(self.GroupNorm_0(x))
        if self.resample == "up":
            h, x = F.interpolate(h, scale_factor=2), F.interpolate(x, scale_factor=2)
        if self.resample == "down":
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        h = self.Conv_0(h) + self.Dense_0(F.silu(e))[:, :, None, None]
        h = self.Conv_1(F.silu(self.GroupNorm_1(h)))
        y = h + (self.Conv_2(x) if hasattr(self, "Conv_2") else x)
        return y / math.sqrt(2) if self.rescale else y


class Net(nn.Module):
    def embedding(self, t):
        half = self.width // 2
        rates = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half, dtype=t.dtype))
        angles = 999 * t[:, None] * rates
        return self.time(torch.cat([angles.sin(), angles.cos()], 1))


class Deep(Net):
    """Two levels, one block each on the way down, attention at the lower one: the modules in one list, as in score_sde."""

    def __init__(self, channels, width):
        super().__init__()
        self.width, w, e = width, width, 4 * width
        self.time = nn.Sequential(nn.Linear(w, e), nn.SiLU(), nn.Linear(e, e))
        self.all_modules = nn.ModuleList([
            nn.Conv2d(channels, w, 3, padding=1),
            Block(w, w, e), Block(w, w, e, "down"), Block(w, 2 * w, e), Attention(2 * w),
            Block(2 * w, 2 * w, e), Attention(2 * w), Block(2 * w, 2 * w, e),
            Block(4 * w, 2 * w, e), Block(3 * w, 2 * w, e), Attention(2 * w), Block(2 * w, 2 * w, e, "up"),
            Block(3 * w, w, e), Block(2 * w, w, e),
            nn.GroupNorm(groups(w), w, eps=1e-6), nn.Conv2d(w, channels, 3, padding=1)])
        self.register_buffer("sigmas", torch.linspace(0, 1, 10))

    def forward(self, x, t):
        m, e = self.all_modules, self.embedding(t)
        h0 = m[0](x)
        h1 = m[1](h0, e)
        h2 = m[2](h1, e)
        h3 = m[4](m[3](h2, e))
        h = m[7](m[6](m[5](h3, e)), e)
        h = m[8](torch.cat([h, h3], 1), e)
        h = m[10](m[9](torch.cat([h, h2], 1), e))
        h = m[11](h, e)
        h = m[12](torch.cat([h, h1], 1), e)
        h = m[13](torch.cat([h, h0], 1), e)
        return m[15](F.silu(m[14](h)))


class Lean(Net):
    """Three levels with one skip and one block each, no attention."""

    def __init__(self, channels, width):
        super().__init__()
        self.width, w, e = width, width, 4 * width
        block = lambda i, o: Block(i, o, e, None, 8, False)
        self.time = nn.Sequential(nn.Linear(w, e), nn.SiLU(), nn.Linear(e, e))
        self.first, self.last = nn.Conv2d(channels, w, 3, padding=1), nn.Conv2d(w, channels, 3, padding=1)
        self.down = nn.ModuleList([block(w, w), block(w, 2 * w)])
        self.middle = block(2 * w, 2 * w)
        self.up = nn.ModuleList([block(3 * w, w), block(4 * w, 2 * w)])
        self.norm = nn.GroupNorm(groups(w, 8), w, eps=1e-6)

    def forward(self, x, t):
        e = self.embedding(t)
        h0 = self.down[0](self.first(x), e)
        h1 = self.down[1](F.avg_pool2d(h0, 2), e)
        h = self.middle(F.avg_pool2d(h1, 2), e)
        h = self.up[1](torch.cat([F.interpolate(h, scale_factor=2), h1], 1), e)
        h = self.up[0](torch.cat([F.interpolate(h, scale_factor=2), h0], 1), e)
        return self.last(F.silu(self.norm(h)))


BLOCK = '''
"{block}.norm1" = "{block}.GroupNorm_0"
"{block}.conv1" = "{block}.Conv_0"
"{block}.time" = "{block}.Dense_0"
"{block}.norm2" = "{block}.GroupNorm_1"
"{block}.conv2" = "{block}.Conv_1"
"{block}.shortcut" = { name = "{block}.Conv_2", layout = "conv" }
"embedding.0" = "time.0"
"embedding.1" = "time.2"
'''

DEEP_MAP = '''key = "model"
prefix = "module."
ignore = ["sigmas"]

[layers]
"input" = "all_modules.0"
"{at}.norm" = "{at}.GroupNorm_0"
"{at}.query" = { name = "{at}.NIN_0", weight = "W", bias = "b", layout = "in-out" }
"{at}.key" = { name = "{at}.NIN_1", weight = "W", bias = "b", layout = "in-out" }
"{at}.value" = { name = "{at}.NIN_2", weight = "W", bias = "b", layout = "in-out" }
"{at}.output" = { name = "{at}.NIN_3", weight = "W", bias = "b", layout = "in-out" }
"norm" = "all_modules.14"
"output" = "all_modules.15"''' + BLOCK + '''
[modules]
"down.0.0" = "all_modules.1"
"down.0.resample" = "all_modules.2"
"down.1.0" = "all_modules.3"
"down.1.0.attention" = "all_modules.4"
"middle.0" = "all_modules.5"
"middle.0.attention" = "all_modules.6"
"middle.1" = "all_modules.7"
"up.1.0" = "all_modules.8"
"up.1.1" = "all_modules.9"
"up.1.1.attention" = "all_modules.10"
"up.1.resample" = "all_modules.11"
"up.0.0" = "all_modules.12"
"up.0.1" = "all_modules.13"
'''

LEAN_MAP = '''[layers]
"input" = "first"
"output" = "last"''' + BLOCK + '''
[modules]
"down.0.0" = "down.0"
"down.1.0" = "down.1"
"middle.0" = "middle"
"up.0.0" = "up.0"
"up.1.0" = "up.1"
'''

DEEP_TOML = '''kind = "unet"
width = WIDTH
multipliers = [1, 2]
blocks = 1
attention = [4]
resampling = "residual"
rescale = true
dropout = 0.1
skips = "each"
time = { kind = "positional", features = WIDTH }
'''

LEAN_TOML = '''kind = "unet"
width = WIDTH
multipliers = [1, 2, 2]
blocks = 1
resampling = "plain"
rescale = false
groups = 8
skips = "level"
time = { kind = "positional", features = WIDTH }
'''


def random(net, seed):
    """Draws all weights, so that none is as it is before training."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            fan = max(parameter[0].numel(), 4) if parameter.dim() > 1 else 4
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / math.sqrt(fan))
    return net


def score(net, x, shape, t):
    """s = -n(x, t)/sigma under the VP SDE, in double precision; rows x of pixels, the channels of each side by side."""
    times = torch.full((len(x),), t, dtype=torch.float64)
    sigma = math.sqrt(-math.expm1(-(20 - 0.1) * t**2 / 2 - 0.1 * t))
    with torch.no_grad():
        n = net.double()(torch.from_numpy(x).reshape(-1, *shape).movedim(3, 1), times)
    return (-n.movedim(1, 3).reshape(x.shape) / sigma).numpy()


def save(net, path, key=None, prefix="", kinds=lambda value: value.clone()):
    state = {prefix + name: kinds(value) for name, value in net.state_dict().items()}
    if path.endswith(".safetensors"):
        save_file(state, path)
    else:
        torch.save({key: state, "step": 7} if key else state, path)


def freeze(folder):
    """The networks of the Rust tests: one as a checkpoint of numbers of 16, 32 and 64 bits, one as safetensors of 16."""
    kinds = {1: torch.Tensor.float, 2: torch.Tensor.double, 4: torch.Tensor.bfloat16}
    os.makedirs(folder, exist_ok=True)
    at = lambda name: os.path.join(folder, name)
    for name, net, toml, names, shape in [
            ("deep", Deep(3, 8), DEEP_TOML, DEEP_MAP, (8, 8, 3)), ("lean", Lean(1, 8), LEAN_TOML, LEAN_MAP, (12, 12, 1))]:
        random(net, 1)
        if name == "deep":
            with torch.no_grad():
                for parameter in net.parameters():
                    parameter.copy_(kinds[parameter.dim()](parameter))
            save(net, at("deep.pth"), "model", "module.", lambda value: kinds[value.dim()](value))
        else:
            net.half()
            save(net, at("lean.safetensors"))
        for file, text in [(f"{name}.toml", toml.replace("WIDTH", "8")), (f"{name}-names.toml", names)]:
            with open(at(file), "w") as out:
                out.write(text)
        x = np.random.default_rng(2).standard_normal((3, math.prod(shape)))
        np.save(at(f"{name}-x.npy"), x)
        np.save(at(f"{name}-score.npy"), np.concatenate([score(net, x, shape, t) for t in (0.05, 0.7)]))


def check(args, folder, name, net, toml, names, shape):
    """Whether the scores and the exported weights agree, one by one, which it prints."""
    at = lambda file: os.path.join(folder, file)
    run = lambda *arguments: subprocess.run([args.binary, *arguments], check=True, stdout=subprocess.DEVNULL)
    random(net, 5)
    key, prefix = ("model", "module.") if name == "deep" else (None, "")
    files = [at("net.pth"), at("net.safetensors")]
    save(net, files[0], key, prefix)
    save(net, files[1], None, prefix)
    np.save(at("images.npy"), np.random.default_rng(3).integers(0, 256, (20, *shape), dtype=np.uint8))
    with open(at("names.toml"), "w") as out:
        out.write(names)
    with open(at("config.toml"), "w") as out:
        out.write(f'[data]\nkind = "images"\npath = {at("images.npy")!r}\n[sde]\nkind = "vp"\nt_min = {T_MIN}\n[network]\n{toml}'
                  '[score]\nparameterisation = "noise"\n[loss]\n[train]\nsteps = 0\nbatch = 8\n')
    x = np.random.default_rng(4).standard_normal((6, math.prod(shape)))
    np.save(at("x.npy"), x)
    net, agreed = net.double(), []
    weight = (net.all_modules[-1] if name == "deep" else net.last).weight.data.view(-1)
    weight[weight.abs().argmax()] *= {"weight": 1 + 1e-6, "nan": math.nan}.get(args.fault, 1)
    for file in files:
        run("train", at("config.toml"), "--init", file, "--names", at("names.toml"), "-o", at("run"), "--force")
        for t in (T_MIN, 0.3, 1.0):
            run("eval", at("run"), "--data", at("x.npy"), "--t", repr(t), "--what", "score", "-o", at("s.npz"))
            ours, theirs = score(net, x, shape, t), np.load(at("s.npz"))["score"]
            error = np.linalg.norm(theirs - ours) / np.linalg.norm(ours)
            agreed.append(bool(error <= args.tolerance))
            print(f"{name} {os.path.basename(file):<16} t = {t:<6g} relative error {error:.1e}")
        run("export", at("run"), "--names", at("names.toml"), "-o", at("back.safetensors"))
        back, state = load_file(at("back.safetensors")), net.state_dict()
        same = all(torch.equal(value.double(), state[name[len(prefix):]]) for name, value in back.items())
        complete = len(back) == len(dict(net.named_parameters()))
        agreed.append(same and complete)
        print(f"{name} {os.path.basename(file):<16} exported: {'the same' if agreed[-1] else 'DIFFERS'}")
    return agreed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default="fokker", help="the program to check")
    parser.add_argument("--tolerance", type=float, default=1e-15, help="the greatest relative error allowed")
    parser.add_argument("--fault", choices=["weight", "nan"],
                        help="change, here alone, one weight by a millionth or to NaN: all must disagree")
    parser.add_argument("--freeze", metavar="FOLDER", help="write the data of the Rust tests there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.freeze:
        return freeze(args.freeze)
    agreed = []
    for name, net, toml, names, shape in [
            ("deep", Deep(3, 16), DEEP_TOML, DEEP_MAP, (8, 8, 3)), ("lean", Lean(1, 16), LEAN_TOML, LEAN_MAP, (12, 12, 1))]:
        with tempfile.TemporaryDirectory() as folder:
            agreed += check(args, folder, name, net, toml.replace("WIDTH", "16"), names, shape)
    wrong = agreed.count(False)
    print(f"{'DISAGREE' if wrong else 'agree'}: {wrong or len(agreed)} of {len(agreed)} (tolerance {args.tolerance:g})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
