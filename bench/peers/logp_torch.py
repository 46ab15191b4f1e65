"""log p the way score_sde has it: SciPy's RK45 over the whole batch, a float32 score by PyTorch, its divergence by autograd.

Arguments: points, tolerance, probes (0: the exact divergence). Like `fokker bench logp`: eight Gaussians on a ring under VP, from
t = 1e-3 to 1; the score is the exact one plus zero times an MLP, so that the cost is a network's and the error shows.
"""
import math
import sys
import time

import numpy as np
import torch
from scipy.integrate import solve_ivp

torch.set_num_threads(2)
torch.manual_seed(0)
POINTS, TOLERANCE, PROBES = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
DIM, WIDTH = 2, 128
T_MIN, T_MAX = 1e-3, 1.0
BETA_MIN, BETA_MAX = 0.1, 20.0
MODES, RADIUS, STD = 8, 1.5, 0.15

angles = torch.arange(MODES) * (2 * math.pi / MODES)
MEANS = RADIUS * torch.stack([angles.cos(), angles.sin()], 1)


def hidden(inputs):
    return [torch.nn.Linear(inputs, WIDTH), torch.nn.SiLU()]


network = torch.nn.Sequential(*hidden(DIM + 1), *hidden(WIDTH), *hidden(WIDTH), torch.nn.Linear(WIDTH, DIM))


def vp(t):
    """beta, m and sigma squared at a time (a number)."""
    log_m = -0.25 * t**2 * (BETA_MAX - BETA_MIN) - 0.5 * t * BETA_MIN
    return BETA_MIN + t * (BETA_MAX - BETA_MIN), math.exp(log_m), -math.expm1(2 * log_m)


def log_weights(x, t):
    """ln of each component's density (up to their common factor), offsets from the means, variance."""
    _, m, sigma2 = vp(t)
    variance = (m * STD) ** 2 + sigma2
    offsets = x[:, None] - m * MEANS.to(x.dtype)
    return -0.5 * offsets.square().sum(2) / variance, offsets, variance


def score(x, t):
    logs, offsets, variance = log_weights(x, t)
    truth = -(torch.softmax(logs, 1)[:, :, None] * offsets).sum(1) / variance
    time_column = torch.full((len(x), 1), t)
    return truth + 0 * network(torch.cat([x, time_column], 1))


def log_density(x, t):
    logs, _, variance = log_weights(x, t)
    return torch.logsumexp(logs, 1) - math.log(MODES) - math.log(2 * math.pi * variance)


def draw():
    """Points from the ring diffused to T_MIN."""
    _, m, sigma2 = vp(T_MIN)
    x = MEANS[torch.randint(0, MODES, (POINTS,))] + STD * torch.randn(POINTS, DIM)
    return m * x + math.sqrt(sigma2) * torch.randn(POINTS, DIM)


def divergence(drift, x, probes):
    """Of the drift at each point, exact or by probes, which are held fixed along the path."""
    vectors = probes or [axis.expand(POINTS, DIM) for axis in torch.eye(DIM)]
    total = 0
    for k, v in enumerate(vectors):
        gradient = torch.autograd.grad((drift * v).sum(), x, retain_graph=k + 1 < len(vectors))[0]
        total = total + (gradient * v).sum(1)
    return total / max(PROBES, 1)


def main():
    start = draw()
    probes = [torch.randint(0, 2, (POINTS, DIM)).float() * 2 - 1 for _ in range(PROBES)]
    evaluations = 0

    def rate(t, state):
        nonlocal evaluations
        evaluations += 1
        x = torch.tensor(state[: POINTS * DIM].reshape(POINTS, DIM), dtype=torch.float32, requires_grad=True)
        drift = -0.5 * vp(t)[0] * (x + score(x, t))
        parts = [drift.detach().numpy().ravel(), divergence(drift, x, probes).numpy()]
        return np.concatenate(parts).astype(np.float64)

    state = np.concatenate([start.numpy().ravel().astype(np.float64), np.zeros(POINTS)])
    begun = time.perf_counter()
    found = solve_ivp(rate, (T_MIN, T_MAX), state, rtol=TOLERANCE, atol=TOLERANCE, method="RK45")
    seconds = time.perf_counter() - begun
    end = found.y[:, -1]
    prior = -0.5 * np.square(end[: POINTS * DIM].reshape(POINTS, DIM)).sum(1) - 0.5 * DIM * math.log(2 * math.pi)
    error = np.abs(prior + end[POINTS * DIM :] - log_density(start.double(), T_MIN).numpy())
    print(f"seconds {seconds:.4f}")
    print(f"evaluations {evaluations}")
    print(f"error mean {error.mean():.3e} max {error.max():.3e}")


if __name__ == "__main__":
    main()
