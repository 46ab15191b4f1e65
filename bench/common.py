"""What the benchmarks have in common: where things are, which sizes are measured, two threads for every process."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(ROOT, "bench", "peers")
FOKKER = os.environ.get("FOKKER", os.path.join(ROOT, "target", "release", "fokker"))

# Data dimension, hidden width, hidden layers, batch.
SIZES = [(2, 256, 4, 1024), (2, 128, 3, 512), (64, 512, 4, 256)]


def output(command):
    """What a command prints, run on the first two cores; what it complains of is passed on."""
    command = ["taskset", "-c", "0,1", *map(str, command)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def peer(script, *arguments):
    """What a script of bench/peers prints."""
    return output([sys.executable, os.path.join(PEERS, script), *arguments])


def fokker(*arguments):
    """The figures that a subcommand with `--json` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "figures.json")
        output([FOKKER, *arguments, "--json", path])
        with open(path) as file:
            return json.load(file)


def fokker_step(size, *arguments):
    """The figures of `bench step` for a size, on two threads."""
    sizes = [word for pair in zip(["--dim", "--width", "--depth", "--batch"], size) for word in pair]
    return fokker("bench", "step", *sizes, "--threads", 2, *arguments)


def row(*cells):
    """Prints a row of a table."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def header(*cells):
    """Prints a table's head."""
    row(*cells)
    row(*["---"] * len(cells))


def label(size):
    return ", ".join(map(str, size))
