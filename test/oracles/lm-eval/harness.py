"""Runs lm-evaluation-harness's local-completions against a server, and Hugging Face on the same model.

harness.py URL CHECKPOINT FOLDER: writes tasks and their data into FOLDER, and prints JSON, `served` by the harness through
the server, `huggingface` computed here: for each document the log-likelihoods of its choices, and whether each is what
greedy decoding would give (`choices`); that of a whole text (`whole`); and how greedy decoding goes on (`continued`).
"""

import json
import pathlib
import sys

import torch
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager
from transformers import AutoModelForCausalLM, AutoTokenizer

url, checkpoint, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
documents = [
    {"question": "What is the name of", "choices": ["the dog in the house?", "a song"], "answer": 0},
    {"question": "Who was the first", "choices": ["to ask", "person on the moon and why?"], "answer": 1},
    {"question": "Why do", "choices": ["cats sleep", "people like \u00e9t\u00e9 \u2603?"], "answer": 1},
]
data = folder / "documents.jsonl"
data.write_text("".join(json.dumps(document) + "\n" for document in documents))


def write_task(name: str, **parts) -> None:
    common = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(data)}},
        "test_split": "test",
        "doc_to_text": "{{question}}",
    }
    (folder / f"{name}.yaml").write_text(json.dumps({**common, **parts}))


NEW_TOKENS, STOPS = 8, ["\n", "?"]
write_task("titles", output_type="multiple_choice", doc_to_choice="choices", doc_to_target="answer")
write_task("whole", output_type="loglikelihood_rolling", doc_to_text="", doc_to_target="{{question}} {{choices[1]}}")
write_task(
    "continued",
    output_type="generate_until",
    doc_to_target="{{choices[0]}}",
    generation_kwargs={"until": STOPS, "max_gen_toks": NEW_TOKENS, "do_sample": False, "temperature": 0},
)
arguments = {
    "model": "made-up",
    "base_url": f"{url}v1/completions",
    "tokenizer": checkpoint,
    "tokenizer_backend": "huggingface",
    "tokenized_requests": True,
    "num_concurrent": 1,
    "max_length": 256,
}
results = simple_evaluate(
    model="local-completions",
    model_args=arguments,
    tasks=["titles", "whole", "continued"],
    task_manager=TaskManager(include_path=str(folder), include_defaults=False),
    batch_size=2,
    bootstrap_iters=0,
)

def answers(task: str) -> list:
    samples = sorted(results["samples"][task], key=lambda sample: sample["doc_id"])
    return [sample["filtered_resps"] for sample in samples]


served = {
    "choices": [[[float(number), str(greedy) == "True"] for number, greedy in each] for each in answers("titles")],
    "whole": [float(each[0]) for each in answers("whole")],
    "continued": [each[0].rstrip("\ufffd") for each in answers("continued")],
}

tokenizer = AutoTokenizer.from_pretrained(checkpoint)
model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()


def loglikelihood(context: str, continuation: str) -> list:
    """ln p of a continuation, as the harness's own model of Hugging Face computes it."""
    whole = tokenizer.encode(context + continuation, add_special_tokens=False)
    start = len(tokenizer.encode(context, add_special_tokens=False))
    with torch.no_grad():
        scores = torch.log_softmax(model(torch.tensor([whole])).logits[0].double(), dim=-1)
    own = range(start, len(whole))
    greedy = all(int(scores[place - 1].argmax()) == whole[place] for place in own)
    return [sum(float(scores[place - 1, whole[place]]) for place in own), greedy]


def whole(text: str) -> float:
    """ln p of a text behind the end token."""
    tokens = [tokenizer.eos_token_id, *tokenizer.encode(text, add_special_tokens=False)]
    with torch.no_grad():
        scores = torch.log_softmax(model(torch.tensor([tokens])).logits[0].double(), dim=-1)
    return sum(float(scores[place - 1, tokens[place]]) for place in range(1, len(tokens)))


def continued(context: str) -> str:
    """Greedy decoding up to a stop text, without what is left of a character that the limit cuts off."""
    tokens = tokenizer.encode(context, add_special_tokens=False)
    start = len(tokens)
    for _ in range(NEW_TOKENS):
        with torch.no_grad():
            tokens.append(int(model(torch.tensor([tokens])).logits[0, -1].argmax()))
        if tokens[-1] == tokenizer.eos_token_id:
            tokens.pop()
            break
    text = tokenizer.decode(tokens[start:])
    return min((text.split(stop)[0] for stop in STOPS), key=len).rstrip("\ufffd")


huggingface = {
    "choices": [[loglikelihood(each["question"], " " + choice) for choice in each["choices"]] for each in documents],
    "whole": [whole(f"{each['question']} {each['choices'][1]}") for each in documents],
    "continued": [continued(each["question"]) for each in documents],
}
print(json.dumps({"served": served, "huggingface": huggingface}))
