"""Trains a GPT-2 in PyTorch on the batches that bench/finetune/curve.ts left in a folder; prints a JSON array of losses.

    python pytorch_curve.py FOLDER

The folder holds config.json and model.safetensors (the weights at the start), curve.json (sizes and hyper-parameters)
and batches.bin: for each step input ids, positions, targets (int32 [B,T]), target weights (float32 [B,T]) and the
additive attention mask (float32 [B,1,T,T]). The learning rate and the update are PyTorch's own, of the same definition.
"""

import json
import math
import pathlib
import sys

import numpy
import torch
from transformers import GPT2LMHeadModel

folder = pathlib.Path(sys.argv[1])
options = json.loads((folder / "curve.json").read_text())
rows, row_length, steps = options["rows"], options["rowLength"], options["steps"]
torch.set_num_threads(options["threads"])

dropouts = {"resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0}
model = GPT2LMHeadModel.from_pretrained(folder, attn_implementation="eager", **dropouts).train()
decayed, others = [], []
for name, parameter in model.named_parameters():
    is_block_matrix = parameter.dim() == 2 and ".h." in name
    (decayed if is_block_matrix else others).append(parameter)
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": options["weightDecay"]}, {"params": others, "weight_decay": 0.0}],
    lr=options["learningRate"], betas=(0.9, 0.999), eps=1e-8,
)


def share_of_peak(step):
    """Linear warm-up, then half a cosine down to a tenth."""
    warm_up = options["warmupSteps"]
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share_of_peak)

tokens = rows * row_length
batches = open(folder / "batches.bin", "rb")


def read(kind, *shape):
    return torch.from_numpy(numpy.fromfile(batches, kind, math.prod(shape)).reshape(shape))


losses = []
for step in range(steps):
    ids, positions, targets = (read("<i4", rows, row_length).long() for _ in range(3))
    weights, mask = read("<f4", rows, row_length), read("<f4", rows, 1, row_length, row_length)
    optimizer.zero_grad(set_to_none=True)
    logits = model(input_ids=ids, position_ids=positions, attention_mask=mask).logits
    each = torch.nn.functional.cross_entropy(logits.view(tokens, -1), targets.view(-1), reduction="none")
    loss = (each * weights.view(-1)).sum() / weights.sum()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), options["clipNorm"])
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
    if (step + 1) % 10 == 0:
        print(f"PyTorch step {step + 1}: {losses[-1]:.6f}", file=sys.stderr, flush=True)
print(json.dumps({"name": f"torch {torch.__version__}", "losses": losses}))
