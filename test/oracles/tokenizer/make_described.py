"""Trains small byte-level BPE tokenizers with Hugging Face's `tokenizers` and encodes odd and ordinary lines with them.

Needs tokenizers (described.json was made with 0.23.3) and fixture.json. From the repository root:

    python test/oracles/tokenizer/make_described.py

Writes test/oracles/tokenizer/described/NAME/tokenizer.json (and tokenizer_config.json), and described.json: `lines`, and for
each tokenizer the `ids` of each line, special tokens read as text, and the `texts` that each token stands for.

- first: `<|endoftext|>` has id 0; tokens were added, one of them in the middle of words, with ids beyond the vocabulary
- digits: as SmolLM2's: special tokens first, digits apart, bytes without a token; a start token that is not the end token
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

here = Path(__file__).parent
lines = json.loads((here / "fixture.json").read_text())["lines"]
added = ["<|sep|>", "r/", ":-)", "<|sep|>!", "\U0001F600"]
marked = [
    "one<|sep|>two", "a <|sep|> b<|sep|>c", "r/asked and r/r/x", "well :-) :-):-)", "<|sep|>!<|sep|>", "x\U0001F600y",
    "<|endoftext|>r/<|pad|>", "<|im_start|>user<|sep|>", "12<|sep|>34", "4:-)2", " r/ ", "<|sep|", "\u0663\u0664 \u00bd7",
    "3  spaces 1", "in 2019  and\t20", "\u4e00\u4e8c 100\u5143", "\U000E0100\U00050000", "\x00\x1f\x7f 0",
]
lines = lines[::3] + marked


def digits_apart():
    return pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])


def train(special, size, words, alphabet):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = words
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(lines[:110], trainer)
    return tokenizer


first = train(["<|endoftext|>"], 600, pre_tokenizers.ByteLevel(add_prefix_space=False), pre_tokenizers.ByteLevel.alphabet())
first.add_tokens([AddedToken(name, normalized=index % 2 == 0) for index, name in enumerate(added)])
first.add_special_tokens(["<|pad|>"])
digits = train(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<file_sep>"], 420, digits_apart(), [])

result = {"lines": lines}
for name, tokenizer, configuration in [
    ("first", first, None),
    ("digits", digits, {"bos_token": "<|im_start|>", "eos_token": {"content": "<|im_end|>"}}),
]:
    folder = here / "described" / name
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    if configuration:
        (folder / "tokenizer_config.json").write_text(json.dumps(configuration) + "\n")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    ids = [tokenizer.encode(line, add_special_tokens=False).ids for line in lines]
    size = tokenizer.get_vocab_size()
    result[name] = {"size": size, "ids": ids, "texts": [tokenizer.decode(each, skip_special_tokens=True) for each in ids]}
    print(name, size, sum(map(len, ids)), sum(text != line for text, line in zip(result[name]["texts"], lines)))
(here / "described.json").write_text(json.dumps(result) + "\n")
