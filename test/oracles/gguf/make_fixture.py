"""Writes small GGUF files with llama.cpp's own `gguf` package, and what that makes of their blocks.

blocks.gguf: a tensor of each type that is read, quantised by the package from random values, and blocks of any bits; metadata
of every kind. expected.safetensors: the same tensors as the package widens them to float32.
gpt2.gguf, llama.gguf: the models weights/float32 and llama/grouped as llama.cpp's conversion has them: names, matrices of
GPT-2 transposed, channels of Llama's queries and keys in pairs, the tokenizer in the metadata.

    pip install numpy safetensors gguf
    python test/oracles/gguf/make_fixture.py test/oracles
"""

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter, quants
from safetensors.numpy import load_file, save_file

oracles = Path(sys.argv[1])
folder = oracles / "gguf"
random = np.random.default_rng(5)


def write(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def blocks():
    writer = GGUFWriter(folder / "blocks.gguf", "gpt2")
    for kind in ["uint8", "int8", "uint16", "int16", "uint32", "int32"]:
        getattr(writer, f"add_{kind}")(f"test.{kind}", 3 if kind[0] == "u" else -3)
    writer.add_uint64("test.uint64", 2**63)
    writer.add_int64("test.int64", -(2**40))
    writer.add_float32("test.float32", 0.5)
    writer.add_float64("test.float64", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_string("test.string", "\u00fc\u4e2d\U0001F600")
    writer.add_array("test.array", ["a", "", "b"])
    expected = {}
    values = (random.standard_normal((3, 64)) * 10.0 ** random.integers(-6, 3, (3, 1))).astype(np.float32)
    for kind in [Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1]:
        data = quants.quantize(values, kind)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        expected[kind.name] = quants.dequantize(data, kind).astype(np.float32).reshape(3, 64)
    for kind in [Type.Q8_0, Type.Q4_0, Type.Q4_1]:
        size = {Type.Q8_0: 34, Type.Q4_0: 18, Type.Q4_1: 20}[kind]
        data = random.integers(0, 256, (40, size), dtype=np.uint8)
        data[:, 1] &= 0xBB  # finite scales
        data[:, 3] &= 0xBB if kind == Type.Q4_1 else 0xFF
        name = f"{kind.name}.bits"
        writer.add_tensor(name, data, raw_dtype=kind)
        expected[name] = quants.dequantize(data, kind).astype(np.float32).reshape(40, 32)
    write(writer)
    save_file(expected, folder / "expected.safetensors")


def add_tokenizer(writer, source, pre):
    vocabulary = json.loads((source / "vocab.json").read_text())
    tokens = [name for name, _ in sorted(vocabulary.items(), key=lambda entry: entry[1])]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if name == "<|endoftext|>" else 1 for name in tokens])
    writer.add_token_merges([line for line in (source / "merges.txt").read_text().split("\n")[1:] if line])
    writer.add_bos_token_id(len(tokens) - 1)
    writer.add_eos_token_id(len(tokens) - 1)


def gpt2():
    source = oracles / "weights" / "float32"
    config = json.loads((source / "config.json").read_text())
    writer = GGUFWriter(folder / "gpt2.gguf", "gpt2")
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_feed_forward_length(4 * config["n_embd"])
    writer.add_block_count(config["n_layer"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    add_tokenizer(writer, source, "gpt-2")
    names = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm"}
    inner = {
        "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
        "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    }
    for name, data in load_file(source / "model.safetensors").items():
        name, ending = name.removeprefix("transformer.").rsplit(".", 1)
        if ".c_" in name and ending == "weight":
            data = np.ascontiguousarray(data.T)
        if name.startswith("h."):
            _, layer, name = name.split(".", 2)
            writer.add_tensor(f"blk.{layer}.{inner[name]}.{ending}", data)
        else:
            writer.add_tensor(f"{names[name]}.{ending}", data)
            if name == "wte":
                writer.add_tensor("output.weight", data)
    write(writer)


def permute(weights, heads):
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def llama():
    source = oracles / "llama" / "grouped"
    config = json.loads((source / "config.json").read_text())
    writer = GGUFWriter(folder / "llama.gguf", "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base((config.get("rope_parameters") or config)["rope_theta"])
    writer.add_rope_dimension_count(config["head_dim"])
    add_tokenizer(writer, source, "smollm")
    names = {"embed_tokens": "token_embd", "norm": "output_norm"}
    inner = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }
    for name, data in load_file(source / "model.safetensors").items():
        name = name.removeprefix("model.").removesuffix(".weight")
        if name.endswith("q_proj"):
            data = permute(data, config["num_attention_heads"])
        if name.endswith("k_proj"):
            data = permute(data, config["num_key_value_heads"])
        if name.startswith("layers."):
            _, layer, name = name.split(".", 2)
            name = f"blk.{layer}.{inner[name]}"
        else:
            name = names[name]
        writer.add_tensor(f"{name}.weight", np.ascontiguousarray(data))
    write(writer)


blocks()
gpt2()
llama()
