"""The files in seeds/, small and whole, one or more of each kind that a target reads; and hand-made ones in failures/, of the kinds that
readers fail on. Needs numpy, torch and Pillow, and the program: make_seeds.py target/release/fokker"""

import io
import json
import gzip
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image

here = Path(__file__).parent
crate = here.parent / "crates/fokker"
fokker = Path(sys.argv[1]).resolve()


def put(kind, target, name, content):
    path = here / kind / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def seed(target, name, content):
    put("seeds", target, name, content)


def bad(target, name, content):
    put("failures", target, name, content)


def written(save, *args, **options):
    out = io.BytesIO()
    save(out, *args, **options)
    return out.getvalue()


# Texts.
for name in ["mixture5d", "mnist-unet"]:
    seed("config", name, (crate / f"presets/{name}.toml").read_text())
for path in sorted((crate / "presets").glob("*.toml")):
    seed("config", f"preset-{path.stem}", f"preset {path.stem}\0seed=3\0train.steps=10")
seed("config", "sets", 'preset ring8\0network={kind="mlp",depth=2,width=8,time={kind="plain"}}\0sde.kind=ve\0loss.fp.weight=1e-3'
     '\0data={kind="finite",rows=20,of={kind="moons"}}\0memory="1 GiB"')
seed("names", "map", 'key = "model"\nprefix = "module."\nignore = ["steps", "{a}.running"]\n[layers]\n"layers.{k}" = "net.{k}.linear"\n'
     '"output" = { name = "last", weight = "W", bias = "b", layout = "in-out" }\n[modules]\n"0" = "first"\n')
seed("names", "empty", "")

# Tables.
theirs = crate / "src/data/tests/numpy/theirs"
for name in ["lf4", "bf8", "i1", "u1", "fortran", "v2"]:
    seed("npy", f"{name}.npy", (theirs / f"{name}.npy").read_bytes())
x = np.arange(6.0).reshape(2, 3)
seed("npy", "bool.npy", written(np.save, x > 2))
seed("npz", "one.npz", written(np.savez, x))
seed("npz", "packed.npz", written(np.savez_compressed, x=x, b=np.zeros((50, 2))))
seed("npz", "ours.npz", (crate / "src/data/tests/numpy/ours/b.npz").read_bytes())
seed("csv", "header.csv", 'a,b\n1,2\n3,4\n"5",6e-1\n')
seed("csv", "header.tsv", "\tb\n1\t2\n-3\t+4e2\n")
seed("csv", "plain.csv", "1,2,3\r\n4,5,6\r\n")
seed("csv", "quoted.csv", '"a ""b""","c\nd"\n1,2\n')
for path in sorted((crate / "src/data/tests/parquet").glob("*.parquet")):
    if path.stat().st_size < 4000:
        seed("parquet", path.name, path.read_bytes())

# Images.
idx = bytes([0, 0, 8, 3]) + struct.pack(">3I", 3, 2, 2) + bytes(range(12))
seed("idx", "images", idx)
seed("idx", "images.gz", gzip.compress(idx, mtime=0))
seed("idx", "labels", bytes([0, 0, 8, 1]) + struct.pack(">I", 3) + bytes([1, 2, 3]))
batch = bytes([1]) + bytes([7]) * 3072


def tar(names, content):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


ten = [f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)] + ["cifar-10-batches-bin/test_batch.bin"]
hundred = ["cifar-100-binary/train.bin", "cifar-100-binary/test.bin"]
seed("cifar", "batch", b"\1" + batch)
seed("cifar", "ten.tar.gz", gzip.compress(tar(ten, batch), mtime=0))
seed("cifar", "hundred.tar.gz", gzip.compress(tar(hundred, b"\1" + batch), mtime=0))
seed("cifar", "short.tar", tar(hundred, b"\1" * 40))
pixels = np.arange(2 * 2 * 2 * 3, dtype="u1").reshape(2, 2, 2, 3)
seed("arrays", "last.npy", written(np.save, pixels))
seed("arrays", "first.npy", written(np.save, np.ascontiguousarray(np.zeros((2, 3, 2, 2), "<f4"))))
seed("arrays", "grey.npy", written(np.save, np.asfortranarray(pixels[..., 0])))
seed("arrays", "imagenet.npz", written(np.savez_compressed, data=np.zeros((2, 12), "u1"), labels=np.arange(2)))
seed("arrays", "images.npz", written(np.savez, images=pixels))
picture = np.arange(60, dtype="u1").reshape(4, 5, 3) * 4
colour, grey = Image.fromarray(picture), Image.fromarray(picture[..., 0])
for name, image in [("colour", colour), ("grey", grey)]:
    for ending in ["png", "jpg", "webp", "bmp", "gif", "tif", "ppm"]:
        form = {"jpg": "jpeg", "tif": "tiff"}.get(ending, ending)
        seed("pictures", f"{name}.{ending}", written(image.save, format=form))
seed("pictures", "progressive.jpg", written(colour.save, format="jpeg", progressive=True))
seed("pictures", "lossless.webp", written(colour.save, format="webp", lossless=True))
for kind in ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]:
    seed("pictures", f"{kind}.tif", written(colour.save, format="tiff", compression=kind))
seed("pictures", "plain.pnm", "P3\n2 1\n255\n1 2 3 4 5 6\n")
seed("pictures", "x.pam", b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n\1\2\3")

# Models and what belongs to a run: by the program.
with tempfile.TemporaryDirectory() as work:
    work = Path(work)
    small = ["--set", "train.steps=4", "--set", "train.log_every=1", "--set", "train.batch=4", "--set", "audit.points=4",
             "--set", "audit.nll_points=2", "--set", "audit.gap_samples=4", "--set", "audit.bound_points=2"]
    net = ["--set", 'network={kind="mlp",width=4,depth=2}']
    nets = {"mlp": net, "ve": net + ["--set", 'sde={kind="ve"}'],
            "energy": ["--set", 'network={kind="mlp",width=4,depth=2,output="energy"}']}
    np.save(work / "x.npy", np.arange(64, dtype="u1").reshape(4, 4, 4, 1).repeat(4, 0))
    nets["unet"] = ["--set", f'data={{kind="images",path="{work}/x.npy"}}', "--set",
                    'network={kind="unet",width=8,multipliers=[1],blocks=1,attention=[],fir=false,groups=4}']
    for name, options in nets.items():
        run = work / name
        done = subprocess.run([fokker, "train", "--preset", "ring8", "-o", run, *small, *options], capture_output=True, text=True)
        if done.returncode:
            print(name, done.stderr[-300:])
            continue
        seed("model", name, (run / "model.safetensors").read_bytes())
        if name == "mlp":
            subprocess.run([fokker, "audit", run], capture_output=True)
            seed("metrics", "lines", "".join((run / "metrics.jsonl").read_text().splitlines(True)[:3]))
            seed("manifest", "run", (run / "manifest.json").read_bytes())
            seed("audit", "figures", (run / "audit.json").read_bytes())
            checkpoint = sorted((run / "checkpoints").iterdir())[-1].read_bytes()
            seed("checkpoint", "last", checkpoint)
record = struct.pack("<QI", 0, 1) + struct.pack("<5dQB", -1.5, 0.1, 0.2, -2.5, 0.1, 40, 0)
seed("part", "record", b"\1" + record)
seed("part", "none", b"\0")

# Weights of other programs, of the network that the targets have.
model = (here / "seeds/model/mlp").read_bytes()
length = struct.unpack("<Q", model[:8])[0]
header = json.loads(model[8:8 + length])
header.pop("__metadata__")
plain = json.dumps(header).encode()
seed("safetensors", "plain", struct.pack("<Q", len(plain)) + plain + model[8 + length:])
seed("safetensors", "mapped", b'map\nprefix = ""\nignore = ["{a}.x"]\0' + struct.pack("<Q", len(plain)) + plain + model[8 + length:])
state = {name: torch.zeros(entry["shape"]) for name, entry in header.items()}
seed("pth", "state.pth", written(lambda out: torch.save(state, out)))
few = dict(list(state.items())[:2])
seed("pth", "few.pth", written(lambda out: torch.save(few, out)))
seed("pth", "old.pth", written(lambda out: torch.save(few, out, _use_new_zipfile_serialization=False)))
seed("pth", "below.pth", written(lambda out: torch.save({"model": {"module.a": torch.ones(2, dtype=torch.float16)}}, out)))

# Kinds of damage, for all that have a length in them.
huge = struct.pack("<Q", 2**63)
targets = sorted(path.name for path in (here / "seeds").iterdir())
for target in targets:
    bad(target, "empty", b"")
    first = sorted((here / "seeds" / target).iterdir())[0].read_bytes()
    bad(target, "half", first[: len(first) // 2])
deep = "[" * 20_000
for target in ["metrics", "manifest", "audit"]:
    bad(target, "deep", '{"step":' + deep)
    bad(target, "twice", '{"step":1,"step":2,"format":"a","format":"b","definition":{},"definition":{}}')
    bad(target, "not-finite", '{"step":1,"dsm":NaN,"gradient_norm":1e999,"learning_rate":-Infinity}')
bad("config", "deep", "x = " + deep)
bad("config", "deep-keys", "a." * 20_000 + "b = 1")
bad("config", "twice", "seed = 1\nseed = 2\n")
bad("config", "not-finite", "preset ring8\0train.learning_rate=nan\0loss.fp.weight=inf\0sde={kind=\"vp\",t_min=nan}\0audit.times=[nan]")
bad("config", "large", "preset ring8\0network.width=9223372036854775807\0network.depth=9223372036854775807\0train.batch=9223372036854775807")
bad("names", "deep", "[layers]\nx = " + deep)
bad("names", "holes", '[layers]\n"' + ".".join("{%d}" % i for i in range(40)) + '.x" = "y"\n')
for target in ["model", "safetensors", "checkpoint"]:
    bad(target, "length", huge + b"{}")
    entries = '"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,9223372036854775807]}'
    bad(target, "shape", struct.pack("<Q", len(entries) + 2) + b"{" + entries.encode() + b"}")
    entries = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' * 2
    bad(target, "twice", struct.pack("<Q", len(entries) + 1) + b"{" + entries[:-1].encode() + b"}" + b"\0" * 4)
    bad(target, "deep", struct.pack("<Q", 20_006) + b'{"a":' + deep.encode() + b"}" )
bad("safetensors", "holes", b'map\nignore = ["' + ".".join("{%d}" % i for i in range(20)).encode() + b'.x"]\0'
    + (lambda text: struct.pack("<Q", len(text)) + text)(json.dumps({".".join("a" * 40): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}).encode()))


def npy(header):
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode()


large = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 2), }\n")
for target in ["npy", "arrays"]:
    bad(target, "large", large)
    bad(target, "product", npy("{'descr': '<f8', 'fortran_order': True, 'shape': (4294967296, 4294967296, 16), }\n"))
    bad(target, "deep", npy("(" * 20_000))
    bad(target, "twice", npy("{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n") + bytes(8))
    bad(target, "header", b"\x93NUMPY\2\0\xff\xff\xff\xff")
bad("npy", "not-finite", written(np.save, np.array([[np.nan, np.inf]])))
bad("csv", "not-finite", "a,b\nnan,inf\n1e999,2\n")
bad("csv", "wide", "," * 20_000 + "\n")
bad("csv", "quote", '"' * 9_999)
bomb = io.BytesIO()
with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    archive.writestr("x.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4000000, 4), }\n") + bytes(16_000_000))
bad("npz", "bomb", bomb.getvalue())
bad("arrays", "bomb", bomb.getvalue())
twice = io.BytesIO()
with zipfile.ZipFile(twice, "w") as archive:
    for _ in range(2):
        archive.writestr("x.npy", written(np.save, x))
bad("npz", "twice", twice.getvalue())
bad("npz", "large", written(np.savez, x=x).replace(struct.pack("<I", 176), b"\xff\xff\xff\x7f"))
bad("idx", "large", bytes([0, 0, 8, 3]) + b"\xff" * 12)
bad("idx", "bomb.gz", gzip.compress(bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 1, 1) + bytes(8_000_000), mtime=0))
bad("cifar", "bomb.tar.gz", gzip.compress(tar(hundred[:1], bytes(8_000_000)), mtime=0))
size = bytearray(tar(hundred, b"\1" * 40))
size[124:136] = b"\x80\0\0\0\x7f" + b"\xff" * 7
bad("cifar", "size.tar", bytes(size))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


bad("pictures", "large.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(4000))) + chunk(b"IEND", b""))
bad("pictures", "large.pnm", "P6\n4294967295 4294967295\n255\n")
bad("pictures", "large.bmp", written(colour.save, format="bmp")[:18] + b"\xff\xff\xff\x7f" * 2)
parquet = (here / "seeds/parquet/none.parquet").read_bytes()
bad("parquet", "footer", parquet[:-8] + b"\xff\xff\xff\x7fPAR1")
bad("part", "things", b"\1" + struct.pack("<QI", 0, 2**32 - 1))
bad("part", "not-first", b"\1" + struct.pack("<QI", 2**63, 1) + bytes(64))
