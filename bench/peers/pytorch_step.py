"""Training steps of a GPT-2 with random weights in PyTorch on the CPU; prints one JSON line like bench/finetune/step.ts.

    python pytorch_step.py --width 768 --layers 12 --heads 12 --vocabulary 50257 --rows 16 --row-length 64 [--compile]
    python pytorch_step.py --matmul
"""

import argparse
import json
import resource
import statistics
import time

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=768)
parser.add_argument("--layers", type=int, default=12)
parser.add_argument("--heads", type=int, default=12)
parser.add_argument("--vocabulary", type=int, default=50257)
parser.add_argument("--context", type=int, default=1024)
parser.add_argument("--rows", type=int, default=16)
parser.add_argument("--row-length", type=int, default=64)
parser.add_argument("--steps", type=int, default=4)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--compile", action="store_true")
parser.add_argument("--matmul", action="store_true")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)


def best_matmul_rate():
    """GFLOP/s of the best of several large float32 products: what this machine can do at most."""
    rates = []
    for rows, inner, columns in [(1024, 768, 3072), (2048, 2048, 2048), (1024, 3072, 768), (1024, 768, 50257)]:
        a, b = torch.randn(rows, inner), torch.randn(inner, columns)
        a @ b
        seconds = []
        for _ in range(7):
            started = time.perf_counter()
            a @ b
            seconds.append(time.perf_counter() - started)
        rates.append(2 * rows * inner * columns / statistics.median(seconds) / 1e9)
    return max(rates)


if options.matmul:
    print(json.dumps({"name": f"torch {torch.__version__} matmul", "gigaflops": best_matmul_rate()}))
    raise SystemExit

from transformers import GPT2Config, GPT2LMHeadModel

config = GPT2Config(
    vocab_size=options.vocabulary, n_embd=options.width, n_layer=options.layers, n_head=options.heads,
    n_positions=options.context, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, use_cache=False,
)
model = GPT2LMHeadModel(config).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.1, fused=True)
tokens = options.rows * options.row_length
mask = torch.full((options.row_length, options.row_length), -1e9).triu(1)
mask = mask.expand(options.rows, 1, -1, -1).contiguous()
positions = torch.arange(options.row_length).expand(options.rows, -1)


def loss_of(ids, targets):
    logits = model(input_ids=ids, position_ids=positions, attention_mask=mask).logits
    return torch.nn.functional.cross_entropy(logits.view(-1, options.vocabulary), targets.view(-1))


if options.compile:
    loss_of = torch.compile(loss_of)

seconds, losses = [], []
warm_up = 2
for step in range(warm_up + options.steps):
    ids = torch.randint(0, options.vocabulary, (options.rows, options.row_length))
    targets = torch.randint(0, options.vocabulary, (options.rows, options.row_length))
    started = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(ids, targets)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if step >= warm_up:
        seconds.append(time.perf_counter() - started)
    losses.append(loss.item())
parameters = sum(p.numel() for p in model.parameters())
median = statistics.median(seconds)
print(json.dumps({
    "name": f"torch {torch.__version__} {'compile' if options.compile else 'eager'}",
    "parameters": parameters,
    "secondsAStep": median,
    "tokensPerSecond": tokens / median,
    "gigaflops": 6 * parameters * tokens / median / 1e9,
    "peakGigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    "losses": losses,
}))
