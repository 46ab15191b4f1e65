"""Training steps of fokker and its peers, in turn, on two threads: peers, fokker, peers; ratios of medians."""
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.path.join(ROOT, "bench", "peers")
FOKKER = os.environ.get("FOKKER", os.path.join(ROOT, "target", "release", "fokker"))
SIZES = [(2, 256, 4, 1024), (2, 128, 3, 512), (64, 512, 4, 256)]


def peer(script, size):
    """Median milliseconds by the name that the script prints."""
    command = [sys.executable, os.path.join(PEERS, script), *map(str, size)]
    text = subprocess.run(["taskset", "-c", "0,1", *command], check=True, capture_output=True, text=True).stdout
    return {name: float(ms) for name, ms in re.findall(r"^(.*): median ([\d.]+) ms", text, re.M)}


def peers(size):
    found = {}
    for script in ("step_torch.py", "step_jax.py", "step_jax_sliced.py"):
        found.update(peer(script, size))
    return found


def fokker(size):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        arguments = ["--dim", "--width", "--depth", "--batch"]
        sizes = [word for pair in zip(arguments, map(str, size)) for word in pair]
        command = [FOKKER, "bench", "step", *sizes, "--threads", "2", "--steps", "100", "--json", file.name]
        subprocess.run(command, check=True, capture_output=True)
        return json.load(open(file.name))


def main():
    print("| D, H, L, B | | ms | times fokker's vector | times fokker's sliced |")
    print("| --- | --- | --- | --- | --- |")
    for size in SIZES:
        runs = [peers(size), fokker(size), peers(size)]
        ours = runs[1]
        label = ", ".join(map(str, size))
        for name in ("dsm", "fp_vector", "fp_sliced"):
            print(f"| {label} | fokker {name} | {ours[name]:.2f} | | |")
        for name in runs[0]:
            ms = statistics.median([runs[0][name], runs[2][name]])
            if "DSM" in name and "FP" not in name:
                print(f"| {label} | {name} | {ms:.2f} | ({ms / ours['dsm']:.2f} times fokker's dsm) | |")
            else:
                print(f"| {label} | {name} | {ms:.2f} | {ms / ours['fp_vector']:.2f} | {ms / ours['fp_sliced']:.2f} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
