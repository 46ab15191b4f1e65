"""Resident memory of a peer's FP training step. Arguments: torch, jax or jax-jvp, then D H L B.

Prints MiB: the peak of the whole process, and the growth from just before the first step to the peak of the steps. `jax` is
compiled before, so that the compiler's memory is in the first number alone.
"""
import sys

STEPS = 20


def status(key):
    """VmRSS (now) or VmHWM (the peak) of this process."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key)) / 1024


def forget_peak():
    """From here on the peak is that of what follows."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def torch_steps():
    import step_torch

    return lambda: step_torch.step(True)


def jax_steps(loss):
    import jax
    import step_jax

    zeros = jax.tree.map(step_jax.jnp.zeros_like, step_jax.ps)
    state = [step_jax.ps, (zeros, zeros), step_jax.key]
    compiled = step_jax.mk(getattr(step_jax, loss)).lower(*state).compile()

    def step():
        state[2], key = jax.random.split(state[2])
        state[0], state[1], value = compiled(state[0], state[1], key)
        value.block_until_ready()

    return step


def main():
    which = sys.argv.pop(1)
    step = torch_steps() if which == "torch" else jax_steps({"jax": "loss_fd", "jax-jvp": "loss_jvp"}[which])
    peak = status("VmHWM")
    forget_peak()
    before = status("VmRSS")
    for _ in range(STEPS):
        step()
    after = status("VmHWM")
    print(f"peak {max(peak, after):.1f} growth {after - before:.1f}")


if __name__ == "__main__":
    main()
