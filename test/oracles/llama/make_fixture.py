"""Writes two tiny Llamas as Hugging Face transformers saves them, and what PyTorch and transformers make of them.

grouped: four heads on two of keys and values, tied output, float16, one file.
wide: heads wider than their share of the width and of no round size, three on one, an output layer of its own, rotary
positions scaled as Llama 3's, bfloat16, several files.
Beside each, expected.safetensors and expected.json: logits, loss and the gradient of every tensor on packed rows with a
block-diagonal causal mask, ten AdamW steps, logits with linearly scaled positions, and greedy continuations by `generate`,
all in float32 on the CPU.

    pip install torch transformers safetensors
    python test/oracles/llama/make_fixture.py test/oracles/llama
"""

import copy
import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

folder = Path(sys.argv[1])
torch.set_num_threads(1)

B, T, CONTEXT = 3, 16, 64
LEARNING_RATE, WEIGHT_DECAY, CLIP, STEPS = 1e-2, 0.1, 0.5, 10

# GPT-2's alphabet of bytes: printable ones stand for themselves, the others are moved to 256 and on.
printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
others = [byte for byte in range(256) if byte not in printable]
alphabet = [chr(byte) for byte in printable] + [chr(256 + index) for index in range(len(others))]
merges = ["t h", "th e", "\u0120 the"]
vocabulary = alphabet + [merge.replace(" ", "") for merge in merges] + ["<|endoftext|>"]
V = len(vocabulary)

shared = dict(
    vocab_size=V, num_hidden_layers=2, max_position_embeddings=CONTEXT, bos_token_id=V - 1, eos_token_id=V - 1,
    attn_implementation="eager",
)
models = {
    "grouped": dict(
        hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2,
        rms_norm_eps=1e-5, rope_theta=10_000.0, tie_word_embeddings=True,
    ),
    "wide": dict(
        hidden_size=24, intermediate_size=40, num_attention_heads=3, num_key_value_heads=1, head_dim=10,
        rms_norm_eps=1e-6, tie_word_embeddings=False,
        rope_parameters=dict(
            rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=24,
        ),
    ),
}
types = {"grouped": torch.float16, "wide": torch.bfloat16}


def rounded(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


def packed_batch():
    """Rows of titles of these lengths, then padding that attends to itself only."""
    lengths = [[5, 7, 4], [9, 6], [3, 3, 3, 5]]
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
    return torch.randint(0, V, (B, T)), torch.randint(0, V, (B, T)), positions, weights, visible


def decays(name, parameter):
    return parameter.dim() == 2 and "embed_tokens" not in name and "lm_head" not in name


def save(name, model):
    path = folder / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    sharding = {"max_shard_size": "20KB"} if name == "wide" else {}
    copy.deepcopy(model).to(types[name]).save_pretrained(path, **sharding)
    (path / "generation_config.json").unlink(missing_ok=True)
    (path / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(vocabulary)}))
    (path / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    return path


def make(name, settings):
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**shared, **settings)).train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.15 * torch.randn_like(parameter))
            parameter.copy_(parameter.to(types[name]).float())
    path = save(name, model)
    ids, targets, positions, weights, visible = packed_batch()
    mask = torch.where(visible, 0.0, -1e9)[:, None]

    def logits_of(of):
        return of(input_ids=ids, position_ids=positions, attention_mask=mask).logits

    def loss_of():
        logits = logits_of(model)
        losses = torch.nn.functional.cross_entropy(logits.view(-1, V), targets.view(-1), reduction="none")
        return logits, (losses * weights.view(-1)).sum() / weights.sum()

    greedy = []
    model.eval()
    for prompt in [[V - 1], [V - 1, 5, 9], [V - 1, 11, 2, 33, 40, 7], [V - 1, *range(1, 40, 2)]]:
        output = model.generate(
            torch.tensor([prompt]), do_sample=False, max_new_tokens=20, min_new_tokens=20,
            pad_token_id=0, eos_token_id=None, attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        )
        greedy.append({"prompt": prompt, "continuation": output[0, len(prompt):].tolist()})
    text = torch.randint(0, V, (1, CONTEXT))
    with torch.no_grad():
        long_logits = model(text).logits
    scaling = dict(rope_type="linear", factor=2.5, rope_theta=700.0)
    linear = LlamaForCausalLM(LlamaConfig(**shared, **{**settings, "rope_parameters": scaling})).eval()
    linear.load_state_dict(model.state_dict())
    with torch.no_grad():
        linear_logits = linear(text).logits
    model.train()

    logits, loss = loss_of()
    loss.backward()
    named = dict(model.named_parameters())
    expected = {f"gradient/{name}": p.grad.clone() for name, p in named.items()}
    expected |= {"logits": logits.detach(), "longLogits": long_logits, "linearLogits": linear_logits}

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
    save_file({name: tensor.contiguous() for name, tensor in expected.items()}, path / "expected.safetensors")
    (path / "expected.json").write_text(json.dumps({
        "madeBy": {"torch": torch.__version__, "transformers": transformers.__version__},
        "options": {"learningRate": LEARNING_RATE, "weightDecay": WEIGHT_DECAY, "clipNorm": CLIP},
        "batch": {"rows": B, "rowLength": T, "inputIds": ids.flatten().tolist(),
                  "positionIds": positions.flatten().tolist(), "targetIds": targets.flatten().tolist(),
                  "targetWeights": rounded(weights), "visible": visible.int().flatten().tolist()},
        "linear": {"factor": scaling["factor"], "base": scaling["rope_theta"]},
        "text": text[0].tolist(),
        "loss": loss.item(),
        "steps": steps,
        "greedy": greedy,
    }))


for name, settings in models.items():
    make(name, settings)
