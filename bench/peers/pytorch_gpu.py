"""GPT-2 training steps in PyTorch on the card, eager and compiled, in float32, TF32 and bf16, and Hugging Face generate.

Prints one JSON line a variant. Falls back to the processor where there is no card, to show that it runs.
"""

import argparse
import json
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel


def numbers(text):
    return [float(part) for part in text.split(",")]


parser = argparse.ArgumentParser()
for name, default in {
    "width": 768, "layers": 12, "heads": 12, "vocabulary": 50257, "context": 1024, "rows": 16,
    "row-length": 64, "steps": 10, "texts": 1000, "matrix": 4096,
}.items():
    parser.add_argument(f"--{name}", type=int, default=default)
parser.add_argument("--slots", type=numbers, default=[64, 256])
parser.add_argument("--top-p", type=numbers, default=[0, 0.9])
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


def best_of(work):
    best = float("inf")
    for _ in range(4):
        settle()
        started = time.perf_counter()
        for _ in range(8):
            work()
        settle()
        best = min(best, (time.perf_counter() - started) / 8)
    return best


def matmul_gigaflops(dtype):
    x = torch.randn(options.matrix, options.matrix, device=device, dtype=dtype)
    return 2 * options.matrix**3 / best_of(lambda: x @ x) / 1e9


def copy_gigabytes(dtype):
    x = torch.randn(4 * options.matrix, options.matrix, device=device).to(dtype)
    y = torch.empty_like(x)
    return 2 * x.numel() * x.element_size() / best_of(lambda: torch.mul(x, 2, out=y)) / 1e9


def median(values):
    return sorted(values)[len(values) // 2]


def train(name, dtype, compiled, tf32):
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.manual_seed(1)
    model = GPT2LMHeadModel(config).to(device)
    parameters = sum(p.numel() for p in model.parameters())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.1, fused=device == "cuda")
    step_model = torch.compile(model) if compiled else model
    parts = []
    for step in range(3 + options.steps):
        ids = torch.randint(options.vocabulary, (options.rows, options.row_length), device=device)
        settle()
        started = time.perf_counter()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            loss = step_model(ids, labels=ids).loss
        loss.backward()
        settle()
        differentiated = time.perf_counter()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()
        settle()
        if step >= 3:
            parts.append((differentiated - started, time.perf_counter() - differentiated))
    seconds = median([sum(part) for part in parts])
    gigaflops = 6 * parameters * tokens / seconds / 1e9
    rate = matmul_gigaflops(dtype)
    measured = {
        "name": f"PyTorch {torch.__version__} {device}, {name}", "tokensPerSecond": tokens / seconds,
        "gigaflops": gigaflops, "matmulGigaflops": rate, "shareOfMatmul": gigaflops / rate,
        "parts": {"forwardBackward": median([part[0] for part in parts]), "update": median([part[1] for part in parts])},
    }
    if not compiled and not tf32:
        copy = copy_gigabytes(dtype)
        del optimizer
        model = model.eval().to(dtype)
        measured["copyGigabytes"] = copy
        measured["generation"] = [
            generate(model, int(slots), top_p, parameters * dtype.itemsize / 1e9 / copy)
            for slots in options.slots for top_p in options.top_p
        ]
    print(json.dumps(measured), flush=True)


@torch.no_grad()
def generate(model, slots, top_p, seconds_of_weights):
    """Texts of 24 tokens, `slots` at a time. A step of all slots reads every weight once: `seconds_of_weights`."""
    prompt = torch.full((slots, 1), options.vocabulary - 1, device=device)
    arguments = dict(attention_mask=torch.ones_like(prompt), do_sample=True, temperature=0.7, top_k=0,
                     max_new_tokens=24, min_new_tokens=24, pad_token_id=options.vocabulary - 1)
    if top_p > 0:
        arguments["top_p"] = top_p
    model.generate(prompt, **arguments)
    settle()
    started = time.perf_counter()
    done = steps = 0
    while done < options.texts:
        model.generate(prompt, **arguments)
        done += slots
        steps += 24
    settle()
    seconds = time.perf_counter() - started
    return {
        "slots": slots, "topP": top_p, "textsPerSecond": done / seconds,
        "shareOfCopy": steps / seconds * seconds_of_weights,
    }


variants = [
    ("eager float32", torch.float32, False, False),
    ("compiled float32", torch.float32, True, False),
    ("eager bf16", torch.bfloat16, False, False),
    ("compiled bf16", torch.bfloat16, True, False),
]
if device == "cuda" and torch.cuda.get_device_capability()[0] >= 8:
    variants.insert(2, ("compiled TF32", torch.float32, True, True))
for variant in variants:
    try:
        train(*variant)
    except Exception as error:  # one variant that fails leaves the others
        print(f"failed: {variant[0]}: {error}", flush=True)
