"""Writes values and what llama.cpp's own `gguf` package quantises them to.

quantised.gguf: `F32`, 96 rows of 64 values of magnitudes from float32's subnormals to the largest that a block's scale can
have in float16, halves between whole numbers, zeros and single outliers among them; `F16` and `Q8_0`, the same quantised.

    pip install numpy gguf
    python test/oracles/gguf/make_quantised.py test/oracles/gguf
"""

import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter, quants

random = np.random.default_rng(7)
rows = [random.standard_normal((40, 64)) * 10.0 ** random.uniform(-9, 4, (40, 1))]
rows.append(random.standard_normal((8, 64)) * 10.0 ** random.uniform(-37, -10, (8, 1)))
# Scales of a power of two, and values half-way between two whole numbers of them, or next to that.
for power in range(-12, 4):
    halves = random.integers(-127, 127, (1, 64)) + 0.5
    halves[:, 0] = halves[:, 32] = 127
    near = np.nextafter(halves.astype(np.float32), np.float32(0))
    rows += [halves * 2.0**power, near * 2.0**power]
edges = np.zeros((16, 64))
edges[1, 5] = 3.0
edges[2, 40] = -1e-3
edges[3] = 65504
edges[4] = random.uniform(-65504, 65504, 64)
edges[5:9] = random.standard_normal((4, 64)) * 0.02
edges[5:9, 7] = [4, -4, 0.5, 60000]
edges[9:] = random.standard_normal((7, 64)) * 0.02
values = np.concatenate([*rows, edges]).astype(np.float32)

writer = GGUFWriter(Path(sys.argv[1]) / "quantised.gguf", "gpt2")
for kind in [Type.F32, Type.F16, Type.Q8_0]:
    with np.errstate(over="ignore"):
        writer.add_tensor(kind.name, quants.quantize(values, kind), raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
print(values.shape, np.abs(values).max())
