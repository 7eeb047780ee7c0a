"""Writes logprobs.json: the log probabilities that Hugging Face has of prompts and greedy continuations, and of titles.

The model is the one that test/serve/serve-run.ts makes from a seed, so no weights are stored; the test that compares with
the fixture runs this again where TITLESMITH_ORACLE_PYTHON is set. A text is read behind the end token, ids as they are.

    pip install torch transformers
    python test/oracles/logprobs/make_fixture.py CHECKPOINT > test/oracles/logprobs/logprobs.json
"""

import hashlib
import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

checkpoint = pathlib.Path(sys.argv[1])
torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
END = tokenizer.convert_tokens_to_ids("<|endoftext|>")
ALTERNATIVES, NEW_TOKENS = 5, 6

texts = [
    "What is the best cheese you ever met, and why?",
    " Who knows: \u00e9t\u00e9, \u2603 and \U0001f469\u200d\U0001f680?\n\"Quoted\"\\ ",
    "Where",
    "What is the best lighthouse in your street, seriously? " * 6,
]
ids = [
    [END],
    [END, 5, 300, 7, END, 7, 7, 255],
    [3],
    [(7 * place) % (END + 1) for place in range(90)],
]


def rounded(value):
    return float(f"{float(value):.9g}")


def case(prompt, tokens):
    """ln p of each token but the first and of the likeliest at its place; then of a greedy continuation."""
    whole = list(tokens)
    with torch.no_grad():
        for _ in range(NEW_TOKENS):
            best = int(model(torch.tensor([whole])).logits[0, -1].argmax())
            whole.append(best)
            if best == END:
                break
        scores = torch.log_softmax(model(torch.tensor([whole])).logits[0].double(), dim=-1)
    own = [rounded(scores[place - 1, whole[place]]) for place in range(1, len(whole))]
    top = [scores[place - 1].topk(ALTERNATIVES) for place in range(1, len(whole))]
    likeliest = [[[int(i), rounded(v)] for i, v in zip(each.indices, each.values)] for each in top]
    # Where two tokens are nearly as likely, another order of additions may choose the other.
    gaps = [float(each.values[0] - each.values[1]) for each in top]
    assert min(gaps[len(tokens) - 1:]) > 1e-4, (prompt, gaps)
    return {"prompt": prompt, "promptTokens": len(tokens), "tokens": whole, "logprobs": own, "top": likeliest}


def title_nats(text):
    """-ln p of a title's tokens and of the end token after them, given the start."""
    tokens = [END, *tokenizer.encode(text, add_special_tokens=False), END]
    with torch.no_grad():
        scores = torch.log_softmax(model(torch.tensor([tokens])).logits[0].double(), dim=-1)
    return rounded(-sum(scores[place - 1, tokens[place]] for place in range(1, len(tokens))))


cases = [case(text, [END, *tokenizer.encode(text, add_special_tokens=False)]) for text in texts]
cases += [case(prompt, prompt) for prompt in ids]
print(json.dumps({
    "model": hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest(),
    "newTokens": NEW_TOKENS,
    "cases": cases,
    "titles": [[text, title_nats(text)] for text in texts],
}))
