"""Training steps of a small U-Net by PyTorch: denoising score matching, and with the official estimator of the score-FPE term.

Argument: batch size. Prints the median milliseconds of both, and the peak of resident memory in MiB. The network is the one of the
preset `mnist-unet-tiny` (28 x 28, width 32, multipliers 1, 2, 2, one residual block a level, one skip a level), the estimator that
of the FP-Diffusion code: nested autograd with one probe, the time derivative by finite differences.
"""
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(2)
torch.manual_seed(0)
BATCH, SIDE, WIDTH, FEATURES = int(sys.argv[1]), 28, 32, 32
DIM = SIDE * SIDE
BETA_MIN, BETA_MAX, T_MIN = 0.1, 20.0, 1e-3
ALPHA, STEPS = 0.15, 7


def conv(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, inputs), conv(inputs, outputs)
        self.time = nn.Linear(4 * WIDTH, outputs)
        self.norm2, self.conv2 = nn.GroupNorm(8, outputs), conv(outputs, outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, embedding):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(embedding)[:, :, None, None]
        return self.shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Sequential(
            nn.Linear(FEATURES, 4 * WIDTH), nn.SiLU(), nn.Linear(4 * WIDTH, 4 * WIDTH), nn.SiLU()
        )
        self.input = conv(1, WIDTH)
        self.down = nn.ModuleList([Residual(WIDTH, WIDTH), Residual(WIDTH, 2 * WIDTH)])
        self.middle = Residual(2 * WIDTH, 2 * WIDTH)
        self.up = nn.ModuleList([Residual(3 * WIDTH, WIDTH), Residual(4 * WIDTH, 2 * WIDTH)])
        self.norm, self.output = nn.GroupNorm(8, WIDTH), conv(WIDTH, 1)

    def forward(self, x, t):
        phase = t[:, None] * torch.exp(torch.linspace(0, 6, FEATURES // 2))
        embedding = self.embedding(torch.cat([phase.sin(), phase.cos()], 1))
        h, skips = self.input(x.view(-1, 1, SIDE, SIDE)), []
        for block in self.down:
            h = block(h, embedding)
            skips.append(h)
            h = F.avg_pool2d(h, 2)
        h = self.middle(h, embedding)
        for block in reversed(self.up):
            h = torch.cat([F.interpolate(h, scale_factor=2), skips.pop()], 1)
            h = block(h, embedding)
        return self.output(F.silu(self.norm(h))).view(-1, DIM)


network = UNet()
optimiser = torch.optim.Adam(network.parameters(), lr=2e-4)


def residual(x, t, beta):
    """The score-FPE residual by one Gaussian probe, nested reverse mode and a finite difference in time."""
    x = x.detach().requires_grad_()
    score, probe = network(x, t), torch.randn_like(x)
    product = torch.autograd.grad((network(x, t) * probe).sum(), x, create_graph=True)[0]
    potential = (product * probe).sum(1) + score.square().sum(1) + (x * score).sum(1)
    gradient = torch.autograd.grad(potential.sum(), x, create_graph=True)[0]
    back, ahead = 1e-3, 5e-4
    ends = back**2 * network(x, t + ahead) + (ahead**2 - back**2) * network(x, t) - ahead**2 * network(x, t - back)
    return ends / (back * ahead * (back + ahead)) - 0.5 * beta[:, None] * gradient


def step(with_fp):
    data, noise = torch.randn(BATCH, DIM), torch.randn(BATCH, DIM)
    t = T_MIN * 2 + torch.rand(BATCH) * (1 - T_MIN * 2)
    log_m = -0.25 * t**2 * (BETA_MAX - BETA_MIN) - 0.5 * t * BETA_MIN
    m, sigma, beta = log_m.exp()[:, None], (-torch.expm1(2 * log_m)).sqrt()[:, None], BETA_MIN + t * (BETA_MAX - BETA_MIN)
    x = m * data + sigma * noise
    loss = 0.5 * (beta * (network(x, t) + noise / sigma).square().sum(1)).mean()
    if with_fp:
        loss = loss + ALPHA * (beta * residual(x, t, beta).square().sum(1)).mean() / DIM**2
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


for name, with_fp in [("dsm", False), ("fp", True)]:
    step(with_fp)
    times = []
    for _ in range(STEPS):
        start = time.perf_counter()
        step(with_fp)
        times.append((time.perf_counter() - start) * 1e3)
    print(name, f"{statistics.median(times):.1f}", flush=True)
print("parameters", sum(p.numel() for p in network.parameters()))
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
