"""Writes small random GPT-2s as Hugging Face transformers saves them, and what transformers makes of them.

float32, float16, bfloat16: model.safetensors in that type; sharded: float32 over several files with an index;
bare: float32 as old checkpoints are, names without `transformer.`, with masks and the output layer stored.
expected.safetensors: each type's values as float32 (`float16/wte.weight`), and `logits` of `tokens` in float32.

    pip install torch transformers safetensors
    python test/oracles/weights/make_fixture.py test/oracles/weights
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

folder = Path(sys.argv[1])
torch.manual_seed(0)
C, L, H, CONTEXT = 8, 2, 2, 16

# GPT-2's alphabet of bytes: printable ones stand for themselves, the others are moved to 256 and on.
printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
others = [byte for byte in range(256) if byte not in printable]
alphabet = [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]
merges = ["t h", "th e", "\u0120 the"]
vocabulary = alphabet + [merge.replace(" ", "") for merge in merges] + ["<|endoftext|>"]
V = len(vocabulary)

config = GPT2Config(
    vocab_size=V, n_embd=C, n_layer=L, n_head=H, n_positions=CONTEXT,
    resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=V - 1, eos_token_id=V - 1,
)
model = GPT2LMHeadModel(config).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(0.05 * torch.randn_like(parameter))
    # Values at the edges of the half formats: subnormal, largest, negative zero.
    model.transformer.wte.weight[1, :4] = torch.tensor([6e-8, -3e-5, 65504.0, -0.0])
    model.transformer.wte.weight[1, 4:8] = torch.tensor([1e-3, -1 / 3, 2.0**-14, 3.0])
    tokens = torch.tensor([[V - 1, 5, 9, 258, 40, 7, 257]])
    expected = {"tokens": tokens[0].int(), "logits": model(tokens).logits[0]}


def described(name):
    path = folder / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    (path / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(vocabulary)}))
    (path / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    return path


def parameters(of):
    return {name.removeprefix("transformer."): p.detach() for name, p in of.named_parameters()}


for name in ["float32", "float16", "bfloat16"]:
    typed = GPT2LMHeadModel(config)
    typed.load_state_dict(model.state_dict())
    typed = typed.to(getattr(torch, name))
    typed.save_pretrained(described(name))
    for parameter, values in parameters(typed).items():
        expected[f"{name}/{parameter}"] = values.float().clone()

model.save_pretrained(described("sharded"), max_shard_size="8KB")

bare = {name: values.clone() for name, values in parameters(model).items()}
for layer in range(L):
    bare[f"h.{layer}.attn.bias"] = torch.ones(CONTEXT, CONTEXT).tril().view(1, 1, CONTEXT, CONTEXT).bool()
    bare[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
bare["lm_head.weight"] = bare["wte.weight"].clone()
path = described("bare")
model.config.save_pretrained(path)
save_file(bare, path / "model.safetensors", metadata={"format": "pt"})

for generation in folder.glob("*/generation_config.json"):
    generation.unlink()
save_file(expected, folder / "expected.safetensors")
