"""Milliseconds of a training step of an energy model on data in the plane, jitted: denoising score matching, and with the squared
residual of the log-density by one probe. The network, batch and Adam of fokker's preset mueller-brown.

    step_energy_jax.py WIDTH DEPTH BATCH
"""
import statistics
import sys
import time

import jax
import jax.numpy as jnp

WIDTH, DEPTH, BATCH = map(int, sys.argv[1:4])
DIM, SLOW, FAST, T_MIN = 2, 0.1, 20.0, 1e-3


def features(t):
    angles = 2 * jnp.pi * t * jnp.arange(1, 3)
    return jnp.concatenate([jnp.array([t - 0.5]), jnp.sin(angles), jnp.cos(angles)])


def mean_and_std(t):
    log_mean = -t * t * (FAST - SLOW) / 4 - t * SLOW / 2
    return jnp.exp(log_mean), jnp.sqrt(-jnp.expm1(2 * log_mean))


def log_density(weights, x, t):
    mean, _ = mean_and_std(t)
    h = jnp.concatenate([x, features(t)])
    for matrix, bias in weights[:-1]:
        h = jax.nn.silu(h @ matrix + bias)
    matrix, bias = weights[-1]
    # VP keeps m² + σ² = 1.
    return -0.5 * x @ x + mean * (h @ matrix + bias)[0]


score = jax.grad(log_density, argnums=1)


def residual(weights, x, t, probe):
    """∂ₜ log q less ½β(vᵀ∇² log q v + ‖s‖² + x·s + D)."""
    s, along = jax.jvp(lambda y: score(weights, y, t), (x,), (probe,))
    rate = SLOW + t * (FAST - SLOW)
    return jax.grad(log_density, argnums=2)(weights, x, t) - 0.5 * rate * (probe @ along + s @ s + x @ s + DIM)


def loss(weights, key, with_term):
    keys = jax.random.split(key, 4)
    start = jax.random.normal(keys[0], (BATCH, DIM))
    t = T_MIN + (1 - T_MIN) * jax.random.uniform(keys[1], (BATCH,))
    noise = jax.random.normal(keys[2], (BATCH, DIM))
    mean, std = mean_and_std(t)
    x = mean[:, None] * start + std[:, None] * noise
    s = jax.vmap(score, (None, 0, 0))(weights, x, t)
    denoising = 0.5 * jnp.mean(jnp.sum((std[:, None] * s + noise) ** 2, 1))
    if not with_term:
        return denoising
    probes = jax.random.rademacher(keys[3], (BATCH, DIM), jnp.float32)
    rho = jax.vmap(residual, (None, 0, 0, 0))(weights, x, t, probes)
    rate = SLOW + t * (FAST - SLOW)
    return denoising + 0.003 * jnp.mean(rate * std**2 * rho**2) / DIM**2


def fresh(key):
    sizes = [DIM + 5] + [WIDTH] * DEPTH + [1]
    keys = jax.random.split(key, len(sizes) - 1)
    shapes = zip(sizes, sizes[1:])
    return [(jax.random.normal(k, shape) / shape[0] ** 0.5, jnp.zeros(shape[1])) for k, shape in zip(keys, shapes)]


def milliseconds(with_term, steps=100):
    @jax.jit
    def step(weights, first, second, key, number):
        gradient = jax.grad(loss)(weights, key, with_term)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**number) / (1 - 0.9**number)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), weights, first, second)
        return weights, first, second

    state = [fresh(jax.random.key(0))]
    state += [jax.tree.map(jnp.zeros_like, state[0])] * 2
    times = []
    for number in range(1, steps + 11):
        begin = time.perf_counter()
        state = step(*state, jax.random.key(number), jnp.float32(number))
        jax.block_until_ready(state)
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times[10:])


for name, with_term in (("jax energy DSM", False), ("jax energy DSM+FP", True)):
    print(f"{name}: median {milliseconds(with_term):.3f} ms", flush=True)
