"""Encodes invented lines with Hugging Face's tokenizers, and embeds some of them with ONNX Runtime and numpy.

Needs tokenizers, onnxruntime and numpy (fixture.json was made with 0.23.3, 1.32.0 and 2.4.6), and a folder with the
tokenizer.json and the model.onnx that .ci/install-test-tools fetches. From the repository root:

    python test/oracles/sentences/make_fixture.py .cache/sentence-model

Writes test/oracles/sentences/fixture.json: `lines` and `ids`, [CLS] and [SEP] included; `embedded`, the lines that were
embedded, and `embeddings`, by sentence-transformers' recipe: the mean of the last hidden states of all tokens, weighted by
the attention mask, divided by its Euclidean length.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

here = Path(__file__).parent
folder = Path(sys.argv[1])

sentences = [
    "What is the best advice your grandmother ever gave you?",
    "Which piece of wisdom from your grandma has helped you the most?",
    "TIL a lighthouse keeper in Norway lived alone for 41 years",
    "My neighbour's goat ate the instructions",
    "Scientists grow a liver from skin cells that works for a month in mice",
    "LPT: label both ends of every cable behind your desk",
    "na\u00efve caf\u00e9 r\u00e9sum\u00e9, \u00fcber gro\u00df",
    "I \u2764\ufe0f you \U0001F468\u200d\U0001F469\u200d\U0001F467",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u041a\u0430\u043a \u0434\u0435\u043b\u0430?",
    "\u65e5\u672c\u8a9e\u306e\u984c\u540d \u6211\u4eec\u5403\u996d",
    "Yes",
    "The same street in my town, one hundred years apart, photographed from the same window by the same family who never moved",
]
odd = [
    "", " ", "   several   spaces ", "tab\there\nand\rthere", "don't DON'T Don'T", "it\u2019s \u2018quoted\u2019 \u201cdouble\u201d \u2013 \u2014 \u2026",
    "[CLS]", "[SEP] between [MASK] and [UNK]", "[sep] [Cls]", "[PAD][PAD]", "[WP] A dragon opens a bakery", "[deleted]", "&amp; &lt;b&gt;",
    "C++ vs. C# vs. F#", "$1,000,000!!! 50% off... or 100%?", "3.14159, 2,718,281.828", "a_b-c+d=e|f~g`h^i",
    "cafe\u0301", "\u0130stanbul I\u0307 \u0131", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u039f\u0394\u039f\u03a3", "STRASSE stra\u1e9ee", "\u01c4 \ufb01 \u00bd \u00b2 \u2167 \u2460",
    "\U0001F600", "\U0001F1E9\U0001F1EA flag", "\U0001F44D\U0001F3FD thumbs", "face\U0001F602face", "\U0001F923\U0001F97A",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0e44\u0e17\u0e22", "\ud55c\uad6d\uc5b4 \uc81c\ubaa9", "\u30ab\u30bf\u30ab\u30ca\u3001\u3072\u3089\u304c\u306a\u3002", "\u4f60\u597d,world\u4e16\u754c",
    "\U00020000\U0002a6d6x", "\ufeffbyte order mark", "zero\u200bwidth\u2060joiner", "soft\u00adhyphen", "\ufffd\ufffd replaced", "null\0byte", "\x01\x02\x7f\u0085 control",
    "\u202eright to left\u202c", "x\u2003em\u2009thin\u3000wide\u00a0no-break", "\ue000private", "x" * 100, "x" * 101, "\u00e9" * 100, "ab" * 60, "=" * 40,
    "pneumonoultramicroscopicsilicovolcanoconiosis", "Rindfleischetikettierungs\u00fcberwachungsaufgaben", "http://example.org/?q=a&b=c#d", "/r/some_place and /u/somebody",
    "\u0416\u0443\u043a \u0436\u0443\u0436\u0436\u0438\u0442 \u0401\u043b\u043a\u0430 \u0419\u043e\u0433", "\u00c5ngstr\u00f6m \u00d8re \u0141\u00f3d\u017a \u00c7a va", "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", "Vi\u1ec7t Nam \u1ea4\u1ebf", "\U0001D54F\U0001D4D0 math",
]


def random_line(source: random.Random) -> str:
    ranges = [(0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x2000, 0x206F), (0x4E00, 0x4EFF), (0x1F300, 0x1F64F)]
    return "".join(chr(source.randint(*source.choice(ranges))) for _ in range(source.randint(1, 24)))


def embed(session: onnxruntime.InferenceSession, ids: list[int]) -> list[float]:
    # Alone, and beside padding that the mask leaves out.
    row = np.array([ids + [0, 0, 0]], dtype=np.int64)
    mask = np.array([[1] * len(ids) + [0, 0, 0]], dtype=np.int64)
    (hidden,) = session.run(["last_hidden_state"], {"input_ids": row, "attention_mask": mask, "token_type_ids": row * 0})
    weights = mask[..., None].astype(np.float64)
    mean = (hidden.astype(np.float64) * weights).sum(1) / weights.sum(1)
    return [round(float(value), 6) for value in (mean / np.linalg.norm(mean))[0]]


source = random.Random(11)
lines = sentences + odd + [random_line(source) for _ in range(200)]
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.no_truncation()
session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
fixture = {
    "lines": lines,
    "ids": [tokenizer.encode(line).ids for line in lines],
    "embedded": sentences,
    "embeddings": [embed(session, tokenizer.encode(line).ids) for line in sentences],
}
(here / "fixture.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
