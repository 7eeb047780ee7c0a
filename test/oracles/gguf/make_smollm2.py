"""What llama.cpp's package `gguf` and Hugging Face's `tokenizers` make of SmolLM2-135M-Instruct.Q4_1.gguf.

Writes smollm2.json: of some tensors the sum of all values and the first and last ones; the ids of lines, by a tokenizer put
together from the file's tokens and merges with SmolLM2's way of cutting words.

    pip install numpy gguf tokenizers
    python test/oracles/gguf/make_smollm2.py FILE.gguf test/oracles
"""

import json
import sys
from pathlib import Path

from gguf import GGUFReader, quants
from tokenizers import Tokenizer, models, pre_tokenizers

reader = GGUFReader(sys.argv[1])
oracles = Path(sys.argv[2])
tensors = {}
for tensor in reader.tensors:
    if tensor.name in ["token_embd.weight", "blk.0.ffn_down.weight", "blk.29.attn_v.weight", "output_norm.weight"]:
        values = quants.dequantize(tensor.data, tensor.tensor_type).flatten()
        ends = [*values[:8].tolist(), *values[-8:].tolist()]
        tensors[tensor.name] = {"sum": float(values.sum(dtype="float64")), "ends": ends}
read = {name: reader.fields[f"tokenizer.ggml.{name}"].contents() for name in ["tokens", "token_type", "merges"]}
vocabulary = {token: index for index, token in enumerate(read["tokens"])}
tokenizer = Tokenizer(models.BPE(vocabulary, [tuple(merge.split(" ")) for merge in read["merges"]]))
words = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), words])
lines = json.loads((oracles / "tokenizer" / "fixture.json").read_text())["lines"][::5]
ids = [tokenizer.encode(line).ids for line in lines]
(oracles / "gguf" / "smollm2.json").write_text(json.dumps({"tensors": tensors, "lines": lines, "ids": ids}) + "\n")
