"""Files of ordinary writers, which the program must take or refuse by name, and the program's files, which they must read.

writers.py PROGRAM: exit status 1 if any disagrees.
"""

import decimal
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

program = pathlib.Path(sys.argv[1]).resolve()
folder = tempfile.TemporaryDirectory()
work = pathlib.Path(folder.name)
wrong = []


def fokker(*args):
    return subprocess.run([program, *map(str, args)], capture_output=True, text=True, cwd=work)


def taken(name, table, tolerance=1e-12):
    """The file is taken for this table, by the extremes and means of its columns."""
    done = fokker("data", "describe", "--json", name)
    if done.returncode:
        wrong.append(f"{name}: {done.stderr.strip()}")
        return
    found = json.loads(done.stdout)
    table = np.asarray(table, dtype=float)
    columns = np.array([[c["min"], c["mean"], c["max"]] for c in found["columns"]])
    expected = np.stack([table.min(0), table.mean(0), table.max(0)], 1)
    if found["rows"] != len(table) or columns.shape != expected.shape or abs(columns - expected).max() > tolerance:
        wrong.append(f"{name}: other numbers: {columns.tolist()}, not {expected.tolist()}")


def refused(name, *parts):
    """The file is refused for training in one line that says all of the parts."""
    done = fokker("train", "--data", name, "-o", "run", "--set", "train.steps=0")
    if done.returncode != 2 or done.stderr.count("\n") != 1 or not all(part in done.stderr for part in parts):
        wrong.append(f"{name}: status {done.returncode}: {done.stderr.strip()}")


x = np.round(np.random.default_rng(0).normal(size=(200, 3)), 3)
whole, labels = np.round(100 * x), np.arange(200)


def at(name):
    return work / name


def compressed(name, codec):
    """The file is taken, or refused for what it is compressed by."""
    if codec == "brotli":
        refused(name, "compressed by Brotli, which is not read")
    else:
        taken(name, x)


# NumPy.
for save, name in [(np.savez, "savez"), (np.savez_compressed, "packed")]:
    for key, array in [("c", x), ("f", np.asfortranarray(x)), ("big", x.astype(">f8"))]:
        save(at(f"{name}-{key}.npz"), array)
        taken(f"{name}-{key}.npz", x)
    save(at(f"{name}-labels.npz"), x, labels)
    save(at(f"{name}-cache.npz"), data=x, target=labels, names=np.array(["a", "b", "c"]), more=np.array({"a": 1}), n=3)
    save(at(f"{name}-split.npz"), x_train=x, y_train=labels, x_test=x[:9], y_test=labels[:9])
    for key in ["labels", "cache"]:
        taken(f"{name}-{key}.npz", x)
    refused(f"{name}-split.npz", "several arrays", "it holds x_train, y_train, x_test, y_test")
for kind in ["f2", ">f2", "f4", "i1", "i8", "u1", "?"]:
    name = f"kind-{kind.replace('>', 'big-').replace('?', 'b1')}.npy"
    np.save(at(name), (abs(whole) % 100).astype(kind))
    taken(name, (abs(whole) % 100).astype(kind))
for name, array, part in [
    ("complex", x.astype(complex), "<c16"), ("long", x.astype(np.longdouble), "element type <f"), ("one", x[:, 0], "reshape(-1, 1)"),
    ("zero", np.float64(1), "shape ()"), ("records", np.rec.fromarrays([x[:, 0], x[:, 1]], names="a,b"), "structured"),
    ("dates", np.array([["2020-01-01"]], dtype="M8[s]"), "<M8[s]"), ("text", np.array([["a"]]), "<U1"),
]:
    np.save(at(f"{name}.npy"), array)
    refused(f"{name}.npy", part)


class Stream:
    """What cannot be gone back in."""

    def __init__(self, file):
        self.file = file

    def write(self, data):
        return self.file.write(data)

    def flush(self):
        self.file.flush()


for name, method, stream, long in [
    ("stored", zipfile.ZIP_STORED, False, False), ("deflated", zipfile.ZIP_DEFLATED, False, True),
    ("stream", zipfile.ZIP_DEFLATED, True, False), ("stream-64", zipfile.ZIP_STORED, True, True),
    ("bzip2", zipfile.ZIP_BZIP2, False, False), ("lzma", zipfile.ZIP_LZMA, False, False),
]:
    with open(at(f"{name}.npz"), "wb") as file, zipfile.ZipFile(Stream(file) if stream else file, "w", method) as archive:
        archive.writestr("README", "by hand")
        with archive.open("x.npy", "w", force_zip64=long) as entry:
            np.lib.format.write_array(entry, x)
    if name in ["bzip2", "lzma"]:
        refused(f"{name}.npz", "x.npy: compressed by")
    else:
        taken(f"{name}.npz", x)

# PyArrow.
names = ["a", "b", "c"]
table = pa.table(dict(zip(names, x.T)))
integers = pa.table({name: whole[:, i].astype("i8") for i, name in enumerate(names)})
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(table, at(f"arrow-{codec}.parquet"), compression=codec, row_group_size=70)
    compressed(f"arrow-{codec}.parquet", codec)
for name, options in {
    "v1": dict(version="1.0"), "pages-2": dict(data_page_version="2.0"), "plain": dict(use_dictionary=False),
    "split": dict(use_dictionary=False, column_encoding="BYTE_STREAM_SPLIT"), "sums": dict(write_page_checksum=True),
    "index": dict(write_page_index=True), "no-statistics": dict(write_statistics=False),
}.items():
    pq.write_table(table, at(f"arrow-{name}.parquet"), **options)
    taken(f"arrow-{name}.parquet", x)
pq.write_table(integers, at("arrow-delta.parquet"), use_dictionary=False, column_encoding="DELTA_BINARY_PACKED")
taken("arrow-delta.parquet", whole)
for kind in ["int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "float16", "float32"]:
    some = (abs(whole) % 100).astype(kind)
    pq.write_table(pa.table({name: some[:, i] for i, name in enumerate(names)}), at(f"arrow-{kind}.parquet"))
    taken(f"arrow-{kind}.parquet", some)
for version in ["1.0", "2.0"]:
    pq.write_table(pa.table({name: x[:, i] > 0 for i, name in enumerate(names)}), at(f"arrow-bool-{version}.parquet"), data_page_version=version)
    taken(f"arrow-bool-{version}.parquet", x > 0)
decimals = [[decimal.Decimal(str(value)) for value in column] for column in x.T]
for digits in [6, 9, 18, 19, 38]:
    for integer in [False, True]:
        name = f"arrow-decimal-{digits}-{integer}.parquet"
        columns = {name: pa.array(column, pa.decimal128(digits, 3)) for name, column in zip(names, decimals)}
        pq.write_table(pa.table(columns), at(name), store_decimal_as_integer=integer)
        taken(name, x)
for name, column, part in [
    ("null", pa.array([1.0, None, 3.0]), "null is a missing value"), ("nulls", pa.nulls(3), "null in column 2"),
    ("text", pa.array(["a"] * 3), "String in column 2"), ("stamp", pa.array([0] * 3, pa.timestamp("ms")), "Timestamp in column 2"),
    ("date", pa.array([0] * 3, pa.date32()), "Date in column 2"), ("list", pa.array([[1.0]] * 3), "nested in column 2"),
    ("wide", pa.array([decimal.Decimal(1)] * 3, pa.decimal256(50, 2)), "Decimal in column 2"),
]:
    pq.write_table(pa.table({"x": [1.0, 2.0, 3.0], "y": column}), at(f"arrow-{name}.parquet"))
    refused(f"arrow-{name}.parquet", part)

# pandas, by both of its engines; Polars; DuckDB.
frame = pd.DataFrame(x, columns=names)
for engine in ["pyarrow", "fastparquet"]:
    for codec in [None, "snappy", "gzip", "zstd", "lz4", "brotli"]:
        name = f"pandas-{engine}-{codec}.parquet"
        frame.to_parquet(at(name), engine=engine, compression=codec)
        compressed(name, codec)
frame[frame.a > 0].to_parquet(at("pandas-filtered.parquet"))
taken("pandas-filtered.parquet", x[x[:, 0] > 0])
frame.astype("Float64").to_parquet(at("pandas-nullable.parquet"))
taken("pandas-nullable.parquet", x)
for codec in ["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pl.from_pandas(frame).write_parquet(at(f"polars-{codec}.parquet"), compression=codec)
    compressed(f"polars-{codec}.parquet", codec)
with duckdb.connect() as database:
    database.register("frame", frame)
    for codec in ["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4", "lz4_raw"]:
        database.execute(f"copy frame to '{at(f'duckdb-{codec}.parquet')}' (format parquet, codec '{codec}')")
        compressed(f"duckdb-{codec}.parquet", codec)
    database.execute(f"copy frame to '{at('duckdb-v2.parquet')}' (format parquet, parquet_version v2)")
    taken("duckdb-v2.parquet", x)
    query = "select a::decimal(9, 3) a, b::decimal(18, 3) b, c::decimal(38, 3) c from frame"
    database.execute(f"copy ({query}) to '{at('duckdb-decimal.parquet')}' (format parquet)")
    taken("duckdb-decimal.parquet", x)

# The other way round.
done = fokker("train", "--preset", "ring8", "-o", "run", "--set", "train.steps=1", "--set", "network.width=4")
assert done.returncode == 0, done.stderr
for ending in ["npy", "npz", "csv", "tsv", "parquet"]:
    done = fokker("sample", "run", "-n", 50, "-o", f"ours.{ending}")
    assert done.returncode == 0, done.stderr
ours = np.load(at("ours.npy"))
read = {
    "npz": lambda: next(iter(np.load(at("ours.npz")).values())),
    "csv": lambda: pd.read_csv(at("ours.csv")).to_numpy(),
    "tsv": lambda: pl.read_csv(at("ours.tsv"), separator="\t").to_numpy(),
    "parquet by pyarrow": lambda: pq.read_table(at("ours.parquet")).to_pandas().to_numpy(),
    "parquet by fastparquet": lambda: pd.read_parquet(at("ours.parquet"), engine="fastparquet").to_numpy(),
    "parquet by polars": lambda: pl.read_parquet(at("ours.parquet")).to_numpy(),
    "parquet by duckdb": lambda: duckdb.sql(f"from '{at('ours.parquet')}'").df().to_numpy(),
}
for name, values in read.items():
    if not np.array_equal(values(), ours):
        wrong.append(f"ours.{name}: other numbers")

print("\n".join(wrong) or f"agree: {len(list(work.iterdir()))} files")
sys.exit(1 if wrong else 0)
