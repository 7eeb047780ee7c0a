"""Writes a GPT-2 of Hugging Face's files as GGUF for llama.cpp.

    python make_gguf.py <Hugging Face folder> <output.gguf> f32|f16|q8_0
"""

import json
import pathlib
import sys

import gguf
import numpy
from safetensors.numpy import load_file

folder, output, kind = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
config = json.loads((folder / "config.json").read_text())
tensors = {name.removeprefix("transformer."): data for name, data in load_file(folder / "model.safetensors").items()}
quantization = {
    "f32": gguf.GGMLQuantizationType.F32, "f16": gguf.GGMLQuantizationType.F16, "q8_0": gguf.GGMLQuantizationType.Q8_0,
}[kind]

writer = gguf.GGUFWriter(output, "gpt2")
writer.add_block_count(config["n_layer"])
writer.add_context_length(config["n_positions"])
writer.add_embedding_length(config["n_embd"])
writer.add_feed_forward_length(4 * config["n_embd"])
writer.add_head_count(config["n_head"])
writer.add_layer_norm_eps(config["layer_norm_epsilon"])
writer.add_file_type({"f32": 0, "f16": 1, "q8_0": 7}[kind])

vocabulary = json.loads((folder / "vocab.json").read_text())
tokens = sorted(vocabulary, key=vocabulary.get)
merges = [line for line in (folder / "merges.txt").read_text().split("\n")[1:] if line]
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("gpt-2")
writer.add_token_list(tokens)
writer.add_token_types([gguf.TokenType.CONTROL if t == "<|endoftext|>" else gguf.TokenType.NORMAL for t in tokens])
writer.add_token_merges(merges)
writer.add_bos_token_id(config["bos_token_id"])
writer.add_eos_token_id(config["eos_token_id"])

names = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm"}
parts = {
    "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}


def add(name, data):
    data = numpy.ascontiguousarray(data)
    quantized = data.ndim == 2 and not name.startswith("position")
    chosen = quantization if quantized else gguf.GGMLQuantizationType.F32
    writer.add_tensor(name, gguf.quants.quantize(data, chosen), raw_dtype=chosen)


for name, data in tensors.items():
    stem, end = name.rsplit(".", 1)
    if stem in names:
        add(f"{names[stem]}.{end}", data)
    elif stem.startswith("h."):
        _, layer, part = stem.split(".", 2)
        add(f"blk.{layer}.{parts[part]}.{end}", data.T if data.ndim == 2 else data)
add("output.weight", tensors["wte.weight"])
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
