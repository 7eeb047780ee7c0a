"""Writes greedy.json: greedy continuations of 200 prompts by Hugging Face `generate`, on the model of ../gpt2.

Every prompt begins with the end token, as titlesmith's do; a continuation stops before the end token, or after 14
tokens. One prompt at a time, so that no padding takes part.

    pip install torch transformers numpy
    python test/oracles/generation/make_fixture.py > test/oracles/generation/greedy.json
"""

import json
import pathlib
import random

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

torch.set_num_threads(1)
oracle = json.loads((pathlib.Path(__file__).parent.parent / "gpt2" / "gpt2-tiny.json").read_text())
size = oracle["configuration"]
V, CONTEXT = size["vocabularySize"], size["contextLength"]
END, PROMPTS, NEW_TOKENS = V - 1, 200, 14

config = GPT2Config(
    vocab_size=V, n_embd=size["width"], n_layer=size["layers"], n_head=size["heads"], n_positions=CONTEXT,
    layer_norm_epsilon=size["layerNormEpsilon"], bos_token_id=END, eos_token_id=END,
)
model = GPT2LMHeadModel(config).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        stored = oracle["parameters"][name.removeprefix("transformer.")]
        parameter.copy_(torch.tensor(stored["values"]).view(stored["shape"]))

# Left as it is, a tiny random model repeats one token. Larger blocks and positions make its continuations vary; an end
# token that is always a little likelier than a common token makes some of them end.
BLOCK_SCALE, POSITION_SCALE, END_LIKE, END_SCALE = 4, 3, 0, 1.01
with torch.no_grad():
    for name, parameter in model.transformer.h.named_parameters():
        if parameter.dim() == 2:
            parameter.mul_(BLOCK_SCALE)
    model.transformer.wpe.weight.mul_(POSITION_SCALE)
    model.transformer.wte.weight[END] = model.transformer.wte.weight[END_LIKE] * END_SCALE

draw = random.Random(20)
texts = []
for index in range(PROMPTS):
    length = 1 + index % (CONTEXT - NEW_TOKENS)
    prompt = [END] + [draw.randrange(V - 1) for _ in range(length - 1)]
    output = model.generate(
        torch.tensor([prompt]), do_sample=False, max_new_tokens=NEW_TOKENS, eos_token_id=END, pad_token_id=END,
        attention_mask=torch.ones(1, length, dtype=torch.long),
    )[0, length:].tolist()
    stopped = END in output
    texts.append({"prompt": prompt, "continuation": output[: output.index(END)] if stopped else output, "stopped": stopped})

print(json.dumps({
    "madeBy": {"torch": torch.__version__, "transformers": transformers.__version__},
    "blockScale": BLOCK_SCALE, "positionScale": POSITION_SCALE, "endLike": END_LIKE, "endScale": END_SCALE,
    "newTokens": NEW_TOKENS,
    "texts": texts,
}))
