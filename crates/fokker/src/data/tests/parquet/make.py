"""The files beside this script, by PyArrow, Polars and pandas: what others write, for parquet.rs to read."""

from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

n = 7
numbers = pa.table({
    "i8": pa.array([i - 3 for i in range(n)], pa.int8()),
    "u32": pa.array([2**32 - 1 - i for i in range(n)], pa.uint32()),
    "i64": pa.array([-(2**40) * i for i in range(n)], pa.int64()),
    "u64": pa.array([2**63 + 2**12 * i for i in range(n)], pa.uint64()),
    "f32": pa.array([i / 4 for i in range(n)], pa.float32()),
    "f64": pa.array([i / 10 for i in range(n)], pa.float64()),
})


def write(name, table, **options):
    pq.write_table(table, name + ".parquet", store_schema=False, **options)


for codec in ["none", "snappy", "zstd", "gzip", "lz4", "brotli"]:
    write(codec, numbers, compression=codec, row_group_size=3)
write("v2", numbers, data_page_version="2.0", use_dictionary=False, compression="snappy",
      column_encoding={"i64": "DELTA_BINARY_PACKED", "f64": "BYTE_STREAM_SPLIT"})
pl.from_arrow(numbers).write_parquet("polars.parquet")

write("null", pa.table({"x": pa.array([1.0, 2.0, 3.0, 4.0]), "y": pa.array([1.0, 2.0, None, None])}), row_group_size=2)
write("nan", pa.table({"x": pa.array([1.0, 2.0, float("nan")])}), row_group_size=2)
write("text", pa.table({"x": pa.array([1.0]), "name": pa.array(["a"])}))
write("time", pa.table({"when": pa.array([0], pa.timestamp("ms"))}))
write("list", pa.table({"x": pa.array([[1.0, 2.0]])}))
write("struct", pa.table({"s": pa.array([{"x": 1.0}])}))
write("empty", pa.table({"x": pa.array([], pa.float64())}))

# Decimals in all that they are stored in, halves and booleans.
some = [Decimal("-1.25"), Decimal("0.01"), Decimal("99.5")]
kinds = {"half": pa.array([-0.5, 2.0, 65504.0], pa.float16()), "flag": pa.array([True, False, True])}
kinds |= {f"d{digits}": pa.array(some, pa.decimal128(digits, 2)) for digits in [6, 16, 30, 38]}
write("kinds", pa.table(kinds))
integers = {f"d{digits}": pa.array(some, pa.decimal128(digits, 2)) for digits in [6, 16]}
write("integers", pa.table(integers), store_decimal_as_integer=True)
wide = pa.array([Decimal("1.5")], pa.decimal256(60, 2))
write("wide", pa.table({"x": pa.array([1.0]), "d": wide}))

# An index without a name, which is no column, and one with a name, which is.
frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, 6.0]})
frame[frame.x != 2].to_parquet("index.parquet", engine="pyarrow")
frame.set_index("x").to_parquet("named-index.parquet", engine="pyarrow")
