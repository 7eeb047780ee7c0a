"""Writes gpt2-tiny-dropout.json: loss and gradients of the model and batch of gpt2-tiny.json under dropout.

PyTorch's own dropout is replaced by a multiplication with factors known beforehand: 0, or 1 / (1 - share), written down
by the input names of titlesmith's graph, a character an element, 1 where the activation is kept.

    pip install torch transformers numpy
    python test/oracles/gpt2/make_dropout_fixture.py > test/oracles/gpt2/gpt2-tiny-dropout.json
"""

import json
import pathlib

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

SHARE = 0.2
oracle = json.loads(pathlib.Path(__file__).with_name("gpt2-tiny.json").read_text())
size, batch = oracle["configuration"], oracle["batch"]
rows, row_length = batch["rows"], batch["rowLength"]
torch.manual_seed(1)
torch.set_num_threads(1)

config = GPT2Config(
    vocab_size=size["vocabularySize"], n_embd=size["width"], n_layer=size["layers"], n_head=size["heads"],
    n_positions=size["contextLength"], bos_token_id=0, eos_token_id=0,
)
config._attn_implementation = "eager"
model = GPT2LMHeadModel(config).train()
named = {name.removeprefix("transformer."): p for name, p in model.named_parameters()}
with torch.no_grad():
    for name, p in named.items():
        p.copy_(torch.tensor(oracle["parameters"][name]["values"]).view_as(p))

kept = {}


class Known(torch.nn.Module):
    def __init__(self, name, *shape):
        super().__init__()
        self.name = name
        kept[name] = (torch.rand(shape) >= SHARE).float()

    def forward(self, x):
        return x * (kept[self.name].view_as(x) / (1 - SHARE))


tokens = (rows * row_length, size["width"])
model.transformer.drop = Known("dropout.embedding", *tokens)
of_attention = []
for layer, block in enumerate(model.transformer.h):
    name = f"dropout.h.{layer}"
    block.attn.attn_dropout.p = SHARE
    of_attention.append(Known(f"{name}.attention", rows, size["heads"], row_length, row_length))
    block.attn.resid_dropout = Known(f"{name}.attended", *tokens)
    block.mlp.dropout = Known(f"{name}.expanded", *tokens)

# Attention calls the function, once a layer, in their order.
calls = iter(of_attention)
torch.nn.functional.dropout = lambda x, p, training: next(calls)(x)


def tensor(name, kind):
    return torch.tensor(batch[name], dtype=kind).view(rows, row_length)


visible = torch.tensor(batch["visible"]).view(rows, 1, row_length, row_length)
mask = torch.where(visible > 0, 0.0, -1e9)
ids, positions = tensor("inputIds", torch.long), tensor("positionIds", torch.long)
logits = model(input_ids=ids, position_ids=positions, attention_mask=mask).logits
losses = torch.nn.functional.cross_entropy(
    logits.view(rows * row_length, -1), tensor("targetIds", torch.long).view(-1), reduction="none",
)
weights = tensor("targetWeights", torch.float32).view(-1)
loss = (losses * weights).sum() / weights.sum()
loss.backward()

print(json.dumps({
    "madeBy": {"torch": torch.__version__, "transformers": transformers.__version__},
    "share": SHARE,
    "kept": {name: "".join(map(str, values.flatten().int().tolist())) for name, values in kept.items()},
    "loss": loss.item(),
    "gradients": {
        name: {
            "norm": p.grad.double().norm().item(),
            "first": [float(f"{value:.9g}") for value in p.grad.flatten()[:8].tolist()],
        } for name, p in named.items()
    },
}))
