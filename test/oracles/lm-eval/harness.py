"""Runs lm-evaluation-harness's local-completions against a server, and Hugging Face on the same model.

harness.py URL CHECKPOINT FOLDER: writes a task and its data into FOLDER, and prints JSON: for each document the
log-likelihoods of its choices, `served` by the harness through the server, `huggingface` computed here; and whether
each is what greedy decoding would give.
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
(folder / "titles.yaml").write_text(
    json.dumps(
        {
            "task": "titles",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(data)}},
            "test_split": "test",
            "output_type": "multiple_choice",
            "doc_to_text": "{{question}}",
            "doc_to_choice": "choices",
            "doc_to_target": "answer",
        }
    )
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
    tasks=["titles"],
    task_manager=TaskManager(include_path=str(folder), include_defaults=False),
    batch_size=2,
    bootstrap_iters=0,
)
samples = sorted(results["samples"]["titles"], key=lambda sample: sample["doc_id"])
served = [[[float(number), str(greedy) == "True"] for number, greedy in sample["filtered_resps"]] for sample in samples]

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


huggingface = [
    [loglikelihood(document["question"], " " + choice) for choice in document["choices"]] for document in documents
]
print(json.dumps({"served": served, "huggingface": huggingface}))
