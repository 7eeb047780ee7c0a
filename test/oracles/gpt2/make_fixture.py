"""Writes gpt2-tiny.json: what PyTorch and Hugging Face transformers make of a tiny seeded GPT-2.

Logits, loss, the gradient of every parameter and ten AdamW steps on packed rows with a block-diagonal causal mask, in
float32 on the CPU; and greedy continuations by `generate`.

    pip install torch transformers numpy
    python test/oracles/gpt2/make_fixture.py > test/oracles/gpt2/gpt2-tiny.json
"""

import json
import math

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

torch.manual_seed(0)
torch.set_num_threads(1)

V, C, L, H, CONTEXT = 61, 32, 2, 4, 32
B, T = 3, 16
LEARNING_RATE, WEIGHT_DECAY, CLIP, STEPS = 1e-2, 0.1, 0.5, 10

config = GPT2Config(
    vocab_size=V, n_embd=C, n_layer=L, n_head=H, n_positions=CONTEXT,
    resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=0, eos_token_id=0,
)
config._attn_implementation = "eager"
model = GPT2LMHeadModel(config).train()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(0.05 * torch.randn_like(parameter))


def rounded(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def parameters():
    return {name.removeprefix("transformer."): p for name, p in model.named_parameters()}


# Packed rows: titles of these lengths, then padding that attends to itself only.
lengths = [[5, 7, 4], [9, 6], [3, 3, 3, 5]]
ids = torch.randint(0, V, (B, T))
targets = torch.randint(0, V, (B, T))
positions = torch.zeros(B, T, dtype=torch.long)
weights = torch.zeros(B, T)
visible = torch.eye(T, dtype=torch.bool).repeat(B, 1, 1)
for row, titles in enumerate(lengths):
    start = 0
    for length in titles:
        end = start + length
        positions[row, start:end] = torch.arange(length)
        weights[row, start:end] = 1
        visible[row, start:end, start:end] = torch.ones(length, length).tril().bool()
        start = end
mask = torch.where(visible, 0.0, -1e9)[:, None]


def loss_of():
    logits = model(input_ids=ids, position_ids=positions, attention_mask=mask).logits
    losses = torch.nn.functional.cross_entropy(logits.view(-1, V), targets.view(-1), reduction="none")
    return logits, (losses * weights.view(-1)).sum() / weights.sum()


def decays(name, parameter):
    return parameter.dim() == 2 and not name.startswith(("wte", "wpe"))


initial = {name: {"shape": list(p.shape), "values": rounded(p)} for name, p in parameters().items()}
# What is read back from text is what is trained.
with torch.no_grad():
    for name, p in parameters().items():
        p.copy_(torch.tensor(initial[name]["values"], dtype=torch.float32).view_as(p))

prompts = [[0], [0, 5, 9], [0, 11, 2, 33, 40, 7], [0] + list(range(1, 20, 2))]
greedy = []
model.eval()
for prompt in prompts:
    output = model.generate(
        torch.tensor([prompt]), do_sample=False, max_new_tokens=12, min_new_tokens=12,
        pad_token_id=0, eos_token_id=None, attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
    )
    greedy.append({"prompt": prompt, "continuation": output[0, len(prompt):].tolist()})
model.train()

logits, loss = loss_of()
loss.backward()
gradients = {name: rounded(p.grad) for name, p in parameters().items()}

named = parameters()
optimizer = torch.optim.AdamW(
    [
        {"params": [p for n, p in named.items() if decays(n, p)], "weight_decay": WEIGHT_DECAY},
        {"params": [p for n, p in named.items() if not decays(n, p)], "weight_decay": 0.0},
    ],
    lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8,
)
steps = []
for _ in range(STEPS):
    optimizer.zero_grad()
    _, step_loss = loss_of()
    step_loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimizer.step()
    steps.append({"loss": step_loss.item(), "gradientNorm": norm.item()})

print(json.dumps({
    "madeBy": {"torch": torch.__version__, "transformers": transformers.__version__},
    "configuration": {"vocabularySize": V, "contextLength": CONTEXT, "width": C, "layers": L, "heads": H,
                      "layerNormEpsilon": config.layer_norm_epsilon},
    "options": {"learningRate": LEARNING_RATE, "weightDecay": WEIGHT_DECAY, "clipNorm": CLIP},
    "parameters": initial,
    "batch": {"rows": B, "rowLength": T, "inputIds": ids.flatten().tolist(), "positionIds": positions.flatten().tolist(),
              "targetIds": targets.flatten().tolist(), "targetWeights": rounded(weights),
              "visible": visible.int().flatten().tolist()},
    "logits": rounded(logits),
    "loss": loss.item(),
    "gradients": gradients,
    "steps": steps,
    "greedy": greedy,
}))
