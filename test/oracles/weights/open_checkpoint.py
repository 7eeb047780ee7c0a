"""Opens checkpoint folders with Hugging Face's Auto classes, unchanged, and prints what they make of texts, as JSON.

    pip install torch transformers
    python test/oracles/weights/open_checkpoint.py '{"folder": ["a title", "another"]}'
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_num_threads(1)


def ask(folder, texts):
    model, report = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    end = tokenizer.eos_token_id
    answers = []
    for text in texts:
        tokens = tokenizer(text)["input_ids"]
        logits = model(torch.tensor([[end, *tokens]])).logits[0]
        answers.append({"tokens": tokens, "decoded": tokenizer.decode(tokens), "logits": logits.flatten().tolist()})
    prompt = torch.tensor([[end]])
    greedy = model.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=8)
    return {
        "class": type(model).__name__,
        "endOfTextId": end,
        "problems": {name: sorted(map(str, found)) for name, found in report.items() if found},
        "answers": answers,
        "greedy": greedy[0].tolist(),
    }


with torch.no_grad():
    print(json.dumps({folder: ask(folder, texts) for folder, texts in json.loads(sys.argv[1]).items()}))
