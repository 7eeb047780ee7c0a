"""Writes gpt2-124m.json: what PyTorch and Hugging Face transformers make of a GPT-2 of 124M parameters.

The weights come from a formula (`weights_of`, also in test/model/gpt2/formula-weights.ts), so that nobody has to keep
half a gigabyte. Here every title stands in a row of its own and sees itself by GPT-2's own causal mask: what titlesmith
makes of the same titles packed into rows must come out the same. Logits, the loss of every token, the gradient of every
parameter (its norm, and a sample of elements), and ten steps of AdamW on ten different batches, warmed up, clipped and
decayed, with weights and moments sampled at the end.

    pip install torch transformers numpy
    python test/oracles/gpt2/make_124m_fixture.py > test/oracles/gpt2/gpt2-124m.json

Needs 4 GB and less than a minute.
"""

import json
import math

import numpy
import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

END_OF_TEXT = 50256
# Positions of each title, its tokens and the start token: they pack into two rows of 48, the second with padding.
POSITIONS = [20, 17, 16, 13, 11, 10, 7]
STEPS, WARM_UP = 10, 3
LEARNING_RATE, WEIGHT_DECAY, CLIP = 1e-4, 0.1, 8.0
SAMPLES = 16

random = numpy.random.default_rng(0)
config = GPT2Config(resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, use_cache=False)
config._attn_implementation = "eager"
with torch.device("meta"):
    model = GPT2LMHeadModel(config)
model = model.to_empty(device="cpu").train()
model.tie_weights()
named = {name.removeprefix("transformer."): p for name, p in model.named_parameters()}


def deviation_and_mean(name):
    """Standard deviation and mean of a parameter; wide enough that attention and logits are far from uniform."""
    if ".ln_" in name or name.startswith("ln_f"):
        return 0.1, 1.0 if name.endswith("weight") else 0.0
    if name.startswith("wte"):
        return 0.05, 0.0
    if name.endswith("c_proj.weight"):
        return 0.04 / math.sqrt(2 * config.n_layer), 0.0
    return (0.04 if name.endswith("c_attn.weight") or name.endswith("c_fc.weight") else 0.02), 0.0


def weights_of(seed, name, indices):
    """Uniform float32 values: a 32-bit mixture of seed and index, its upper 24 bits scaled and shifted."""
    with numpy.errstate(over="ignore"):
        h = indices.astype(numpy.uint32) * numpy.uint32(0x9E3779B1) + numpy.uint32(seed) * numpy.uint32(0x85EBCA77)
        h ^= h >> numpy.uint32(15)
        h *= numpy.uint32(0x2C1B3C6D)
        h ^= h >> numpy.uint32(12)
        h *= numpy.uint32(0x297A2D39)
        h ^= h >> numpy.uint32(15)
    deviation, mean = deviation_and_mean(name)
    scale = numpy.float32(deviation * math.sqrt(3) / 2**23)
    centred = (h >> numpy.uint32(8)).astype(numpy.int32) - 2**23
    return numpy.float32(mean) + centred.astype(numpy.float32) * scale


def initial(name, shape):
    seed = list(named).index(name)
    return torch.from_numpy(weights_of(seed, name, numpy.arange(math.prod(shape))).reshape(shape))


with torch.no_grad():
    for name, p in named.items():
        p.copy_(initial(name, p.shape))
# Position ids and causal masks are buffers, which `to_empty` left undefined.
assert not [name for name, _ in model.named_buffers()], "buffers must be filled too"

batches = [
    [random.integers(0, END_OF_TEXT, positions - 1).tolist() for positions in POSITIONS] for _ in range(STEPS)
]


def losses_of(titles):
    """Logits [titles,T,V], and the loss of each token, title after title."""
    longest = max(map(len, titles)) + 1
    ids = torch.full((len(titles), longest), END_OF_TEXT)
    targets = torch.full((len(titles), longest), -100)
    for row, title in enumerate(titles):
        ids[row, 1:len(title) + 1] = torch.tensor(title)
        targets[row, :len(title) + 1] = torch.tensor([*title, END_OF_TEXT])
    logits = model(input_ids=ids).logits
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return logits, losses[targets >= 0]


def rounded(values):
    return [float(f"{value:.9g}") for value in torch.as_tensor(values).detach().flatten().tolist()]


def sampled_indices(name, p):
    """Of the embeddings, half the sample lies in rows that the first batch uses."""
    columns, indices = p.shape[-1], random.integers(0, p.numel(), SAMPLES)
    used = {"wte.weight": batches[0][0], "wpe.weight": list(range(POSITIONS[0]))}.get(name, [])
    for sample, row in enumerate(used[:SAMPLES // 2]):
        indices[sample] = row * columns + random.integers(0, columns)
    return indices.tolist()


indices = {name: sampled_indices(name, p) for name, p in named.items()}


def at_samples(name, tensor):
    return rounded(tensor.detach().flatten()[indices[name]])


logits, losses = losses_of(batches[0])
tokens = random.integers(0, END_OF_TEXT, 24).tolist()
last_logits = [rounded(logits[row, len(title), tokens]) for row, title in enumerate(batches[0])]
losses.mean().backward()
gradients = {
    name: {"norm": p.grad.double().norm().item(), "values": at_samples(name, p.grad)} for name, p in named.items()
}


def decays(name, p):
    return p.dim() == 2 and name.startswith("h.")


def clip():
    """As torch.nn.utils.clip_grad_norm_, but the norm is summed in float64: that of float32 is off by 6e-5 here."""
    norm = math.sqrt(sum(p.grad.double().norm().item() ** 2 for p in named.values()))
    for p in named.values():
        p.grad.mul_(min(1.0, CLIP / norm))
    return norm


optimizer = torch.optim.AdamW(
    [
        {"params": [p for n, p in named.items() if decays(n, p)], "weight_decay": WEIGHT_DECAY},
        {"params": [p for n, p in named.items() if not decays(n, p)], "weight_decay": 0.0},
    ],
    lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8,
)


def share_of_peak(step):
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP)))


schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share_of_peak)
steps = []
for titles in batches:
    optimizer.zero_grad()
    _, step_losses = losses_of(titles)
    step_losses.mean().backward()
    norm = clip()
    steps.append({"loss": step_losses.mean().item(), "gradientNorm": norm, "learningRate": schedule.get_last_lr()[0]})
    optimizer.step()
    schedule.step()

trained = {}
for name, p in named.items():
    state, start = optimizer.state[p], initial(name, p.shape)
    trained[name] = {
        "changeNorm": (p.detach() - start).double().norm().item(),
        "values": at_samples(name, p),
        "firstMoments": at_samples(name, state["exp_avg"]),
        "firstMomentNorm": state["exp_avg"].double().norm().item(),
        "secondMoments": at_samples(name, state["exp_avg_sq"]),
        "secondMomentNorm": state["exp_avg_sq"].double().norm().item(),
    }

print(json.dumps({
    "madeBy": {"torch": torch.__version__, "transformers": transformers.__version__},
    "configuration": {"vocabularySize": config.vocab_size, "contextLength": config.n_positions, "width": config.n_embd,
                      "layers": config.n_layer, "heads": config.n_head, "layerNormEpsilon": config.layer_norm_epsilon},
    "options": {"learningRate": LEARNING_RATE, "warmupSteps": WARM_UP, "totalSteps": STEPS, "schedule": "cosine",
                "weightDecay": WEIGHT_DECAY, "clipNorm": CLIP},
    "batches": batches,
    "logits": {"tokens": tokens, "last": last_logits},
    "losses": rounded(losses),
    "samples": {name: {"indices": indices[name], "initial": at_samples(name, initial(name, p.shape))}
                for name, p in named.items()},
    "gradients": gradients,
    "steps": steps,
    "trained": trained,
}))
