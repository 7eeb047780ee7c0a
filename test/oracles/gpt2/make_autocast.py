"""Writes gpt2-tiny-autocast.json: how far PyTorch's own mixed precision is from float32 on the model of gpt2-tiny.json.

Loss and gradients under torch.autocast in float16 on the CPU, the loss multiplied by a scale before the backward pass and
the gradients divided by it: of each parameter the L2 norm of the difference from gpt2-tiny.json over that of the gradient.

    python test/oracles/gpt2/make_autocast.py > test/oracles/gpt2/gpt2-tiny-autocast.json
"""

import json
from pathlib import Path

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

SCALE = 4096.0
oracle = json.loads((Path(__file__).parent / "gpt2-tiny.json").read_text())
sizes, batch = oracle["configuration"], oracle["batch"]
V, B, T = sizes["vocabularySize"], batch["rows"], batch["rowLength"]
config = GPT2Config(
    vocab_size=V, n_embd=sizes["width"], n_layer=sizes["layers"], n_head=sizes["heads"], n_positions=sizes["contextLength"],
    resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=0, eos_token_id=0,
)
config._attn_implementation = "eager"
model = GPT2LMHeadModel(config).train()
named = {name.removeprefix("transformer."): p for name, p in model.named_parameters()}
with torch.no_grad():
    for name, p in named.items():
        p.copy_(torch.tensor(oracle["parameters"][name]["values"], dtype=torch.float32).view_as(p))

ids, positions, targets = (torch.tensor(batch[name]).view(B, T) for name in ["inputIds", "positionIds", "targetIds"])
weights = torch.tensor(batch["targetWeights"])
visible = torch.tensor(batch["visible"], dtype=torch.bool).view(B, 1, T, T)
mask = torch.where(visible, 0.0, -6e4)  # -1e9 is no float16
with torch.autocast("cpu", dtype=torch.float16):
    logits = model(input_ids=ids, position_ids=positions, attention_mask=mask).logits
    losses = torch.nn.functional.cross_entropy(logits.view(-1, V), targets.view(-1), reduction="none")
loss = (losses.float() * weights).sum() / weights.sum()
(loss * SCALE).backward()


def error(name, p):
    expected = torch.tensor(oracle["gradients"][name])
    return ((p.grad.flatten() / SCALE - expected).norm() / expected.norm()).item()


print(json.dumps({
    "madeBy": {"torch": torch.__version__, "transformers": transformers.__version__},
    "lossError": abs(loss.item() / oracle["loss"] - 1),
    "gradientErrors": {name: error(name, p) for name, p in named.items()},
}))
