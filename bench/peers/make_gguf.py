"""Writes a GPT-2 or a Llama of Hugging Face's files as GGUF for llama.cpp.

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
stored = load_file(folder / "model.safetensors")
tensors = {name.removeprefix("transformer.").removeprefix("model."): data for name, data in stored.items()}
is_llama = config["model_type"] == "llama"
quantization = {
    "f32": gguf.GGMLQuantizationType.F32, "f16": gguf.GGMLQuantizationType.F16, "q8_0": gguf.GGMLQuantizationType.Q8_0,
}[kind]

writer = gguf.GGUFWriter(output, config["model_type"])
if is_llama:
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(config["head_dim"])
else:
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

names = {
    "wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm",
    "embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output",
}
parts = {
    "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
    "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def add(name, data):
    data = numpy.ascontiguousarray(data)
    quantized = data.ndim == 2 and not name.startswith("position")
    chosen = quantization if quantized else gguf.GGMLQuantizationType.F32
    writer.add_tensor(name, gguf.quants.quantize(data, chosen), raw_dtype=chosen)


def interleaved(data, part):
    """Rows of queries and keys in llama.cpp's order: the two channels that are turned together stand side by side."""
    heads = {"self_attn.q_proj": "num_attention_heads", "self_attn.k_proj": "num_key_value_heads"}.get(part)
    return data if heads is None else data.reshape(config[heads], 2, -1, data.shape[1]).swapaxes(1, 2).reshape(data.shape)


for name, data in tensors.items():
    stem, end = name.rsplit(".", 1)
    if stem in names:
        add(f"{names[stem]}.{end}", data)
    elif stem.startswith(("h.", "layers.")):
        _, layer, part = stem.split(".", 2)
        # GPT-2's matrices are stored [in, out].
        add(f"blk.{layer}.{parts[part]}.{end}", interleaved(data, part) if is_llama or data.ndim == 1 else data.T)
if not is_llama:
    add("output.weight", tensors["wte.weight"])
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
