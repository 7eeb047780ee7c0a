"""Training steps of a GPT-2, or with --start of a Llama, with random weights in PyTorch on the CPU; prints one JSON line like bench/finetune/step.ts.

    python pytorch_step.py --width 768 --layers 12 --heads 12 --vocabulary 50257 --rows 16 --row-length 64 [--compile]
    python pytorch_step.py --matmul float32

With --start FOLDER it starts from what bench/finetune/training-start.ts wrote. With --batches FOLDER it trains on what
bench/finetune/recorded-batches.ts wrote, with --padded FOLDER on titles padded to the longest of a step, as they are
mostly trained on. --lora-rank trains adapters alone, --frozen gives the type that the other weights are held in.
"""

import argparse
import json
import pathlib
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
parser.add_argument("--matmul", choices=["float32", "bfloat16"])
parser.add_argument("--autocast", choices=["bfloat16"])
parser.add_argument("--lora-rank", type=int)
parser.add_argument("--frozen", choices=["float32", "bfloat16"], default="float32")
parser.add_argument("--start", type=pathlib.Path)
parser.add_argument("--batches", type=pathlib.Path)
parser.add_argument("--padded", type=pathlib.Path)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)


def best_matmul_rate():
    """GFLOP/s of the best of several large products: what this machine can do at most."""
    rates, dtype = [], getattr(torch, options.matmul)
    for rows, inner, columns in [(1024, 768, 3072), (2048, 2048, 2048), (1024, 3072, 768), (1024, 768, 50257)]:
        a, b = torch.randn(rows, inner, dtype=dtype), torch.randn(inner, columns, dtype=dtype)
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

from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

settings = {"resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0, "use_cache": False}
if options.start:
    is_llama = AutoConfig.from_pretrained(options.start).model_type == "llama"
    own = {"use_cache": False} if is_llama else settings
    model = AutoModelForCausalLM.from_pretrained(options.start, **own).train()
else:
    is_llama = False
    model = GPT2LMHeadModel(GPT2Config(
        vocab_size=options.vocabulary, n_embd=options.width, n_layer=options.layers, n_head=options.heads,
        n_positions=options.context, **settings,
    )).train()


class Adapted(torch.nn.Module):
    """x·W + b + 2·(x·A)·B, as src/model/transformer/lora.ts has it: W and b stay as they are."""

    def __init__(self, linear, down, up):
        super().__init__()
        self.linear, self.down, self.up = linear, down, up

    def forward(self, x):
        return self.linear(x) + 2 * ((x @ self.down) @ self.up)


blocks = model.model.layers if is_llama else model.transformer.h
# Our matrices, each with an adapter, and the modules that they are: one for queries, keys and values of a Llama together.
matrices = {
    "attn.c_attn": ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    "attn.c_proj": ["self_attn.o_proj"],
    "mlp.c_fc": ["mlp.gate_proj", "mlp.up_proj"],
    "mlp.c_proj": ["mlp.down_proj"],
}

if options.lora_rank:
    model.requires_grad_(False).to(getattr(torch, options.frozen))
    factors = load_file(options.start / "adapters.safetensors") if options.start else {}
    for layer, block in enumerate(blocks):
        for name, parts in matrices.items():
            modules = parts if is_llama else [name]
            shapes = [block.get_submodule(module).weight.shape for module in modules]
            size = shapes[0][1] if is_llama else shapes[0][0]
            columns = [shape[0] if is_llama else shape[1] for shape in shapes]
            down = factors.get(f"h.{layer}.{name}.lora_A", torch.randn(size, options.lora_rank) / size**0.5)
            up = factors.get(f"h.{layer}.{name}.lora_B", torch.zeros(options.lora_rank, sum(columns)))
            down = torch.nn.Parameter(down)
            for module, part in zip(modules, up.split(columns, dim=1)):
                parent, last = module.rsplit(".", 1)
                own = block.get_submodule(module)
                setattr(block.get_submodule(parent), last, Adapted(own, down, torch.nn.Parameter(part.clone())))
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
in_blocks = {id(parameter) for parameter in blocks.parameters() if parameter.dim() == 2}
decayed = [parameter for parameter in trained if id(parameter) in in_blocks]
others = [parameter for parameter in trained if id(parameter) not in in_blocks]
groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=1e-4, fused=True)
tokens = options.rows * options.row_length
rows, row_length, vocabulary = options.rows, options.row_length, options.vocabulary
warm_up = 2
count = warm_up + options.steps
cross_entropy = torch.nn.functional.cross_entropy


def random_batches():
    mask = torch.full((row_length, row_length), -1e9).triu(1).expand(rows, 1, -1, -1).contiguous()
    positions = torch.arange(row_length).expand(rows, -1)
    for _ in range(count):
        ids, targets = (torch.randint(0, vocabulary, (rows, row_length)) for _ in range(2))
        yield {"input_ids": ids, "position_ids": positions, "attention_mask": mask}, targets, None


def recorded_batches(folder):
    def read(name, dtype, *shape):
        data = bytearray((folder / name).read_bytes())
        return torch.frombuffer(data, dtype=dtype).view(count, rows, *shape)

    ids, positions, targets = (
        read(name, torch.int32, row_length).long() for name in ["inputIds", "positionIds", "targetIds"]
    )
    weights = read("targetWeights", torch.float32, row_length)
    mask = read("attentionMask", torch.float32, 1, row_length, row_length)
    for step in range(count):
        inputs = {"input_ids": ids[step], "position_ids": positions[step], "attention_mask": mask[step]}
        yield inputs, targets[step], weights[step]


def padded_batches(folder):
    for titles in json.loads((folder / "padded.json").read_text()):
        longest = max(map(len, titles))
        ids = torch.tensor([title + title[-1:] * (longest - len(title)) for title in titles])
        mask = torch.arange(longest) < torch.tensor([len(title) for title in titles])[:, None]
        targets = ids.masked_fill(~mask, -100)
        yield {"input_ids": ids[:, :-1], "attention_mask": mask[:, :-1].long()}, targets[:, 1:], None


def loss_of(inputs, targets, weights):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.autocast is not None):
        logits = model(**inputs).logits.reshape(-1, vocabulary)
        if weights is None:
            return cross_entropy(logits, targets.reshape(-1))
        return (cross_entropy(logits, targets.reshape(-1), reduction="none") * weights.reshape(-1)).sum()


if options.compile:
    loss_of = torch.compile(loss_of)

if options.batches:
    batches = recorded_batches(options.batches)
elif options.padded:
    batches = padded_batches(options.padded)
else:
    batches = random_batches()
seconds, processor_seconds, losses = [], [], []
for step, batch in enumerate(batches):
    started, processor = time.perf_counter(), time.process_time()
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(*batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimizer.step()
    if step >= warm_up:
        seconds.append(time.perf_counter() - started)
        processor_seconds.append(time.process_time() - processor)
    losses.append(loss.item())
parameters = sum(p.numel() for p in model.parameters())
median = statistics.median(seconds)
extra = {}
if options.batches:
    titles = json.loads((options.batches / "description.json").read_text())["titles"]
    extra = {"titlesPerSecond": statistics.median(titles) / median}
elif options.padded:
    titles = json.loads((options.padded / "padded.json").read_text())
    tokens = statistics.median(sum(len(title) - 1 for title in step) for step in titles)
    extra = {"titlesPerSecond": len(titles[0]) / median}
print(json.dumps({
    "name": f"torch {torch.__version__} {'compile' if options.compile else 'eager'}",
    "parameters": parameters,
    "secondsAStep": median,
    "processorSeconds": statistics.median(processor_seconds),
    "tokensPerSecond": tokens / median,
    "gigaflops": 6 * parameters * tokens / median / 1e9,
    "peakGigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    "losses": losses,
    **extra,
}))
