"""What PyTorch and Hugging Face transformers make of SmolLM2-135M-Instruct.Q4_1.gguf in training and in scoring.

transformers reads the file itself (with llama.cpp's package `gguf`), so that names, the order of channels, tokenizer and values
are its own. Titles, invented ones of the bundled sample, stand in rows of their own: what titlesmith makes of them packed
into rows must come out the same. Of the first batch the logits after each title, the loss of every token and the gradients
(the norm of each tensor's, and elements of some); ten steps of AdamW on ten batches, with elements of some weights and the
norm of each tensor's change at the end; bits a byte of all titles by three definitions.

All is computed in float64: the residual stream of this model reaches 25,000, and PyTorch's own gradients in float32 differ
from these by 3e-3.

    pip install torch transformers accelerate gguf
    python test/oracles/gguf/make_smollm2_training.py FILE.gguf > test/oracles/gguf/smollm2-training.json

Needs 8 GB and some minutes.
"""

import gzip
import json
import math
import sys
from pathlib import Path

import numpy
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.llama.modeling_llama import LlamaRMSNorm

path = Path(sys.argv[1])
START, END = 1, 2
TITLES_A_STEP, STEPS, SAMPLES = 7, 10, 16
LEARNING_RATE, WEIGHT_DECAY, CLIP = 1e-5, 0.1, 1.0

random = numpy.random.default_rng(0)
torch.set_num_threads(2)


def normalized(self, x):
    """RMS norm without the step to float32 that transformers has in it."""
    return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)


LlamaRMSNorm.forward = normalized
model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).double().train()
tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
named = dict(model.named_parameters())

repository = Path(__file__).parents[3]
with gzip.open(repository / "data/sample-posts.ndjson.gz", "rt") as posts:
    titles = [json.loads(next(posts))["title"] for _ in range(TITLES_A_STEP * STEPS)]
tokens = [tokenizer(title, add_special_tokens=False)["input_ids"] for title in titles]
batches = [tokens[first:first + TITLES_A_STEP] for first in range(0, len(tokens), TITLES_A_STEP)]


def losses_of(texts):
    """Logits [texts,T,V], and the loss of each token, the end token included, text after text."""
    longest = max(map(len, texts)) + 1
    ids = torch.full((len(texts), longest), END)
    targets = torch.full((len(texts), longest), -100)
    for row, text in enumerate(texts):
        ids[row, :len(text) + 1] = torch.tensor([START, *text])
        targets[row, :len(text) + 1] = torch.tensor([*text, END])
    logits = model(input_ids=ids, use_cache=False).logits
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return logits, losses[targets >= 0]


def rounded(values):
    return [float(f"{value:.9g}") for value in torch.as_tensor(values).detach().flatten().tolist()]


def is_sampled(name):
    """Of each kind of tensor those of the first, a middle and the last layer."""
    return not name.startswith("model.layers.") or name.split(".")[2] in ["0", "14", "29"]


def sampled_indices(name, p):
    """Of the embedding, half the sample lies in rows that the first batch uses."""
    indices = random.integers(0, p.numel(), SAMPLES)
    if "embed_tokens" in name:
        for sample, row in enumerate(batches[0][0][:SAMPLES // 2]):
            indices[sample] = row * p.shape[-1] + random.integers(0, p.shape[-1])
    return indices.tolist()


indices = {name: sampled_indices(name, p) for name, p in named.items() if is_sampled(name)}


def at_samples(name, tensor):
    return rounded(tensor.detach().flatten()[indices[name]])


def bits_a_byte():
    """Of all titles: as titlesmith counts, without the end token, and without the first token and the end token."""
    byte_count, sums = sum(len(title.encode()) for title in titles), numpy.zeros(3)
    with torch.no_grad():
        for batch in batches:
            for losses in losses_of(batch)[1].double().split([len(text) + 1 for text in batch]):
                sums += [losses.sum().item(), losses[:-1].sum().item(), losses[1:-1].sum().item()]
    return dict(zip(["whole", "withoutEnd", "withoutEnds"], (sums / math.log(2) / byte_count).tolist()))


scores = bits_a_byte()
initial = {name: p.detach().clone() for name, p in named.items()}
logits, losses = losses_of(batches[0])
shown = random.integers(0, model.config.vocab_size, 24).tolist()
last_logits = [rounded(logits[row, len(text), shown]) for row, text in enumerate(batches[0])]
losses.mean().backward()
gradients = {name: {
    "norm": p.grad.double().norm().item(), **({"values": at_samples(name, p.grad)} if name in indices else {}),
} for name, p in named.items()}

decays = [p for n, p in named.items() if p.dim() == 2 and "embed_tokens" not in n]
others = [p for n, p in named.items() if p.dim() != 2 or "embed_tokens" in n]
optimizer = torch.optim.AdamW(
    [{"params": decays, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}],
    lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8, fused=True,
)


def clip():
    """As torch.nn.utils.clip_grad_norm_, but the norm is summed in float64."""
    norm = math.sqrt(sum(p.grad.double().norm().item() ** 2 for p in named.values()))
    for p in named.values():
        p.grad.mul_(min(1.0, CLIP / norm))
    return norm


steps = []
for batch in batches:
    print(f"step {len(steps) + 1}", file=sys.stderr)
    optimizer.zero_grad()
    step_losses = losses_of(batch)[1]
    step_losses.mean().backward()
    steps.append({"loss": step_losses.mean().item(), "gradientNorm": clip()})
    optimizer.step()

print(json.dumps({
    "madeBy": {"torch": torch.__version__, "transformers": transformers.__version__},
    "options": {"learningRate": LEARNING_RATE, "weightDecay": WEIGHT_DECAY, "clipNorm": CLIP},
    "titles": titles,
    "batches": batches,
    "bitsAByte": scores,
    "logits": {"tokens": shown, "last": last_logits},
    "losses": rounded(losses),
    "samples": {name: {"indices": list_, "initial": at_samples(name, initial[name])} for name, list_ in indices.items()},
    "gradients": gradients,
    "steps": steps,
    "trained": {name: {
        "changeNorm": (p.detach() - initial[name]).double().norm().item(),
        **({"values": at_samples(name, p)} if name in indices else {}),
    } for name, p in named.items()},
}))
