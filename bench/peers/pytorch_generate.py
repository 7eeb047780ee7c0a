"""Generation by PyTorch and Hugging Face transformers; prints one JSON line like bench/generate/texts.ts.

    python pytorch_generate.py <Hugging Face folder> <lengths.json> --batch 32 --threads 2 [--recipe]

A batch lasts until its longest text ends. `--recipe` is gpt-2-simple's way: every text takes 100 tokens, 20 texts at a
time, and is cut afterwards.
"""

import argparse
import json
import resource
import time

import torch
import transformers
from transformers import AutoModelForCausalLM, LogitsProcessor, LogitsProcessorList

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("lengths")
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--recipe", action="store_true")
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
with open(options.lengths) as file:
    lengths = json.load(file)
batch = 20 if options.recipe else options.batch
model = AutoModelForCausalLM.from_pretrained(options.folder, dtype=torch.float32).eval()
END = model.config.eos_token_id


class ForcedEnds(LogitsProcessor):
    """Ends each text after its number of tokens, and not before."""

    def __init__(self, wanted):
        self.wanted, self.generated = torch.tensor(wanted), 0

    def __call__(self, input_ids, scores):
        ends = self.generated >= self.wanted
        scores[:, END] = float("-inf")
        scores[ends] = float("-inf")
        scores[ends, END] = 0
        self.generated += 1
        return scores


def generate(wanted):
    ids = torch.full((len(wanted), 1), END)
    with torch.inference_mode():
        model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=0.7, top_k=0, pad_token_id=END,
            # The longest text and its end token; texts of one length need no end.
            max_new_tokens=max(wanted) + (max(wanted) != min(wanted)), logits_processor=LogitsProcessorList([ForcedEnds(wanted)]),
        )


generate([3] * batch)
started, cpu = time.perf_counter(), time.process_time()
for first in range(0, len(lengths), batch):
    wanted = lengths[first:first + batch]
    generate([100] * len(wanted) if options.recipe else wanted)
seconds = time.perf_counter() - started
tokens = sum(lengths)
name = "gpt-2-simple's recipe in" if options.recipe else "Hugging Face generate,"
print(json.dumps({
    "name": f"{name} torch {torch.__version__}, transformers {transformers.__version__}, batch {batch}",
    "textsPerSecond": len(lengths) / seconds,
    "tokensPerSecond": tokens / seconds,
    "seconds": seconds,
    "cpuSeconds": time.process_time() - cpu,
    "texts": len(lengths),
    "tokens": tokens,
    "peakGigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
}))
