"""GPT-2 training steps in PyTorch on the card (eager float32, eager bf16, compiled bf16), and Hugging Face generate.

Prints one JSON line a variant. Falls back to the processor where there is no card, to show that it runs.
"""

import argparse
import json
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel

parser = argparse.ArgumentParser()
for name, default in {
    "width": 768, "layers": 12, "heads": 12, "vocabulary": 50257, "context": 1024, "rows": 16,
    "row-length": 64, "steps": 10, "texts": 1000, "slots": 64, "matrix": 4096,
}.items():
    parser.add_argument(f"--{name}", type=int, default=default)
options = parser.parse_args()
device = "cuda" if torch.cuda.is_available() else "cpu"
config = GPT2Config(
    vocab_size=options.vocabulary, n_positions=options.context, n_embd=options.width, n_layer=options.layers,
    n_head=options.heads, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
    bos_token_id=options.vocabulary - 1, eos_token_id=options.vocabulary - 1,
)
tokens = options.rows * options.row_length


def settle():
    if device == "cuda":
        torch.cuda.synchronize()


def matmul_gigaflops(dtype):
    x = torch.randn(options.matrix, options.matrix, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(4):
        settle()
        started = time.perf_counter()
        for _ in range(8):
            x @ x
        settle()
        best = min(best, (time.perf_counter() - started) / 8)
    return 2 * options.matrix**3 / best / 1e9


def copy_gigabytes(dtype):
    x = torch.randn(4 * options.matrix, options.matrix, device=device).to(dtype)
    y = torch.empty_like(x)
    best = float("inf")
    for _ in range(4):
        settle()
        started = time.perf_counter()
        for _ in range(8):
            torch.mul(x, 2, out=y)
        settle()
        best = min(best, (time.perf_counter() - started) / 8)
    return 2 * x.numel() * x.element_size() / best / 1e9


def train(name, dtype, compiled):
    torch.manual_seed(1)
    model = GPT2LMHeadModel(config).to(device)
    parameters = sum(p.numel() for p in model.parameters())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.1, fused=device == "cuda")
    step_model = torch.compile(model) if compiled else model
    seconds = []
    for step in range(3 + options.steps):
        ids = torch.randint(options.vocabulary, (options.rows, options.row_length), device=device)
        settle()
        started = time.perf_counter()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            loss = step_model(ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()
        settle()
        if step >= 3:
            seconds.append(time.perf_counter() - started)
    median = sorted(seconds)[len(seconds) // 2]
    gigaflops = 6 * parameters * tokens / median / 1e9
    rate = matmul_gigaflops(dtype)
    generated = {}
    if not compiled:
        texts, steps = generate(model, dtype)
        copy = copy_gigabytes(dtype)
        # A step of all slots reads every weight once.
        share = steps * parameters * dtype.itemsize / 1e9 / copy
        generated = {"textsPerSecond": texts, "copyGigabytes": copy, "shareOfCopy": share}
    print(json.dumps({
        "name": f"PyTorch {torch.__version__} {device}, {name}", "tokensPerSecond": tokens / median,
        "gigaflops": gigaflops, "matmulGigaflops": rate, "shareOfMatmul": gigaflops / rate,
        **generated,
    }), flush=True)


@torch.no_grad()
def generate(model, dtype):
    model = model.eval().to(dtype)
    prompt = torch.full((options.slots, 1), options.vocabulary - 1, device=device)
    arguments = dict(do_sample=True, temperature=0.7, top_k=0, max_new_tokens=24, min_new_tokens=24,
                     pad_token_id=options.vocabulary - 1)
    model.generate(prompt, **arguments)
    settle()
    started = time.perf_counter()
    done = steps = 0
    while done < options.texts:
        model.generate(prompt, **arguments)
        done += options.slots
        steps += 24
    settle()
    seconds = time.perf_counter() - started
    return done / seconds, steps / seconds


for name, dtype, compiled in [
    ("eager float32", torch.float32, False),
    ("eager bf16", torch.bfloat16, False),
    ("compiled bf16", torch.bfloat16, True),
]:
    try:
        train(name, dtype, compiled)
    except Exception as error:  # one variant that fails leaves the others
        print(f"{name}: {error}", flush=True)
