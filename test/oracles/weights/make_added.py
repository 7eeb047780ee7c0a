"""Adds tokens to a small GPT-2 as people do, saves it with transformers 5, and asks it for texts.

added: float32's model and tokenizer with a start token of its own, a token inside texts, a token for padding, and two rows
of the embedding that no token has. added.json: `start` and `end`; `titles` and their `ids`; `losses`, the sum of −ln p of
each title and its end; `greedy`, the ids that follow the start, where tokens that stand for no text are suppressed.

    pip install torch transformers
    python test/oracles/weights/make_added.py test/oracles/weights
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

folder = Path(sys.argv[1])
torch.manual_seed(3)
model = GPT2LMHeadModel.from_pretrained(folder / "float32").eval()
tokenizer = AutoTokenizer.from_pretrained(folder / "float32")
tokenizer.add_tokens(["<|sep|>"])
tokenizer.add_special_tokens({"bos_token": "<|bos|>", "eos_token": "<|endoftext|>", "pad_token": "<|pad|>"})
model.resize_token_embeddings(len(tokenizer) + 2, mean_resizing=False)
with torch.no_grad():
    model.transformer.wte.weight[1] *= 1e-4  # a row of the edges of half formats, which would drown all others
    model.transformer.wte.weight[260:].normal_(0, 0.8)
    for parameter in model.transformer.h.parameters():
        parameter.mul_(4)

path = folder / "added"
shutil.rmtree(path, ignore_errors=True)
model.save_pretrained(path)
tokenizer.save_pretrained(path)
(path / "generation_config.json").unlink()
print(sorted(file.name for file in path.iterdir()))

tokenizer = AutoTokenizer.from_pretrained(path)
start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
titles = ["the cat", "a<|sep|>b", "the theory <|sep|> \u00fc"]
ids = [tokenizer.encode(title, add_special_tokens=False) for title in titles]
losses, greedy = [], []
silent = [start, tokenizer.pad_token_id, len(tokenizer), len(tokenizer) + 1]
free = []
with torch.no_grad():
    for title in ids:
        logits = model(torch.tensor([[start, *title]])).logits[0].double()
        losses.append(torch.nn.functional.cross_entropy(logits, torch.tensor([*title, end]), reduction="sum").item())
    for forbidden, into in [(silent, greedy), ([], free)]:
        text = [start]
        for _ in range(10):
            logits = model(torch.tensor([text])).logits[0, -1]
            logits[forbidden] = -torch.inf
            text.append(int(logits.argmax()))
            into.append(text[-1])
print(greedy, free, start, end)
result = {"start": start, "end": end, "titles": titles, "ids": ids, "losses": losses, "greedy": greedy}
(folder / "added.json").write_text(json.dumps(result) + "\n")
