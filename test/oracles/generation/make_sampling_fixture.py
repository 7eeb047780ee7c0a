"""Writes sampling.json: what Hugging Face's logits processors leave of rows of logits, for combinations of samplers.

The processors and their order are those that `generate` itself makes of a configuration.

    pip install torch transformers numpy
    python test/oracles/generation/make_sampling_fixture.py > test/oracles/generation/sampling.json
"""

import itertools
import json
import random

import torch
import transformers
from transformers import GenerationConfig, GPT2Config, GPT2LMHeadModel

torch.set_num_threads(1)
VOCABULARY = 40
model = GPT2LMHeadModel(
    GPT2Config(vocab_size=VOCABULARY, n_embd=8, n_layer=1, n_head=1, n_positions=32, bos_token_id=0, eos_token_id=0)
).eval()
draw = random.Random(7)
PROMPT, GENERATED = [0, 3, 17, 3], [9, 17, 30]
BIAS = {3: 1.5, 9: -2, 25: 3, 31: -100}
ids = torch.tensor([PROMPT + GENERATED])

choices = {
    "logitBias": [None, BIAS],
    "repetitionPenalty": [None, 1.4],
    "temperature": [1.0, 0.7],
    "topK": [0, 12],
    "topP": [0, 0.8],
    "minP": [0, 0.08],
    "typicalP": [0, 0.85],
}
cases = []
for values in itertools.product(*choices.values()):
    options = dict(zip(choices, values))
    logits = [round(draw.gauss(0, 2.5), 3) for _ in range(VOCABULARY)]
    configuration = GenerationConfig(
        do_sample=True,
        sequence_bias=None if options["logitBias"] is None else {(token,): float(bias) for token, bias in BIAS.items()},
        repetition_penalty=options["repetitionPenalty"],
        temperature=options["temperature"],
        top_k=options["topK"],
        top_p=options["topP"] or 1.0,
        min_p=options["minP"] or None,
        typical_p=options["typicalP"] or 1.0,
    )
    processors = model._get_logits_processor(
        generation_config=configuration, input_ids_seq_length=ids.shape[1], encoder_input_ids=ids, prefix_allowed_tokens_fn=None,
        logits_processor=[],
    )
    scores = processors(ids, torch.tensor([logits], dtype=torch.float32))[0]
    kept = {str(token): round(p, 6) for token, p in enumerate(scores.double().softmax(-1).tolist()) if p > 0}
    used = {name: value for name, value in options.items() if value}
    cases.append({"options": used, "processors": [type(each).__name__ for each in processors], "logits": logits, "kept": kept})

print(json.dumps({
    "madeBy": {"torch": torch.__version__, "transformers": transformers.__version__},
    "prompt": PROMPT, "generated": GENERATED, "cases": cases,
}))
