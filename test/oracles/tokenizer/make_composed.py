"""A small byte-level BPE tokenizer as today's large models have it, by Hugging Face's `tokenizers`: texts are put into NFC, and a
word that is a token is taken whole before anything is merged (`ignore_merges`), also where no merge makes it.

Needs tokenizers (composed.json was made with 0.23.3) and fixture.json. From the repository root:

    python test/oracles/tokenizer/make_composed.py

Writes test/oracles/tokenizer/described/composed/tokenizer.json, and composed.json: `lines`, the `ids` of each, special tokens
read as text, how many of these lists `ignore_merges` and NFC change, and the `texts` that the tokens stand for.
"""

import json
import unicodedata
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

here = Path(__file__).parent
ordinary = json.loads((here / "fixture.json").read_text())["lines"]
marked = [
    "cafe\u0301 caf\u00e9 cafe\u0301s", "\u212b \u2126 \u1e69 s\u0323\u0307 s\u0307\u0323", "\u1112\u1161\u11ab\u1100\u116e\u11a8 \ud55c\uad6d",
    "\u0958 \u0915\u093c", "a\u0315\u0300\u05ae\u0300b", "\ufb01ne \u00bd \uff21", "e\u0301| \u00e9| e\u0301|e\u0301",
    "\u1112\u1161\u11ab+ \ud55c+ \ud55c +", "<|endoftext|> e\u0301|<|endoftext|>", "neighbours' neighbour neighbourhood", " habit habits",
    "\u0301 at the start", "2019\u0301", "n\u0303o\u0303", "\U0001d15e \U00011131\U00011127", "",
]
lines = ordinary[::2] + [unicodedata.normalize("NFD", line) for line in ordinary[1::3]] + marked

tokenizer = Tokenizer(models.BPE())
tokenizer.normalizer = normalizers.NFC()
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
alphabet = pre_tokenizers.ByteLevel.alphabet()
trainer = trainers.BpeTrainer(
    vocab_size=480, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False)
tokenizer.train_from_iterator(ordinary[:110], trainer)
document = json.loads(tokenizer.to_str())
vocabulary = document["model"]["vocab"]
cut = tokenizer.pre_tokenizer.pre_tokenize_str
words = [word for line in ordinary[110:] + marked for word, _ in cut(tokenizer.normalizer.normalize_str(line))]
for word in [word for word in dict.fromkeys(words) if word not in vocabulary and len(word) > 3][::4]:
    vocabulary[word] = len(vocabulary)
document["model"]["ignore_merges"] = True
tokenizer = Tokenizer.from_str(json.dumps(document))
# The first is found as it is written, the second in what was put into NFC.
tokenizer.add_tokens([AddedToken("e\u0301|", normalized=False), AddedToken("\u1112\u1161\u11ab+", normalized=True)])
document = json.loads(tokenizer.to_str())
model = document["model"]


def encode(changed):
    own = Tokenizer.from_str(json.dumps({**document, **changed}))
    own.encode_special_tokens = True
    return own, [own.encode(line, add_special_tokens=False).ids for line in lines]


folder = here / "described" / "composed"
folder.mkdir(parents=True, exist_ok=True)
(folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
own, ids = encode({})
differs = lambda changed: sum(a != b for a, b in zip(ids, encode(changed)[1]))
result = {
    "lines": lines, "ids": ids, "size": own.get_vocab_size(),
    "texts": [own.decode(each, skip_special_tokens=True) for each in ids],
    "changed": {"ignore_merges": differs({"model": {**model, "ignore_merges": False}}), "NFC": differs({"normalizer": None})},
}
print(len(lines), result["size"], result["changed"])
(here / "composed.json").write_text(json.dumps(result) + "\n")
