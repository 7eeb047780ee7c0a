"""Says with numpy how likely paraphrases say what their closest titles say, token by token.

Needs what make_fixture.py needs. From the repository root:

    python test/oracles/sentences/make_likeness.py .cache/sentence-model

Writes test/oracles/sentences/likeness.json. `small`: random vectors of tokens, how many of 20 titles have each token, and the
log odds. `texts`: every tenth paraphrase of test/dedupe/paraphrases.tsv among all its originals, with the closest
of them, its cosine, the mean cosine of the ten next, and the log odds where the cosine is 0.65 or more.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

here = Path(__file__).parent
folder = Path(sys.argv[1])


def rows(matrix):
    return matrix / np.linalg.norm(matrix, axis=-1, keepdims=True)


def log_odds(ids_a, a, ids_b, b, cosine, crowd, rarity):
    wa, wb = np.array([rarity[i] for i in ids_a]), np.array([rarity[i] for i in ids_b])
    products = a @ b.T
    lacks_a, lacks_b = ~np.isin(ids_a, ids_b), ~np.isin(ids_b, ids_a)
    rest = 0.0
    if lacks_a.any() and lacks_b.any():
        shares = wa[lacks_a].sum() / wa.sum(), wb[lacks_b].sum() / wb.sum()
        rest = (float(rows(wa[lacks_a] @ a[lacks_a]) @ rows(wb[lacks_b] @ b[lacks_b])) - 0.5) * np.mean(shares)
    features = [
        1, cosine, max(0, cosine - 0.9), crowd, float(wa @ (1 - products.max(1))), float(wb @ (1 - products.max(0))), rest,
        abs(np.log((len(ids_a) + 1) / (len(ids_b) + 1))), np.log(len(ids_a) + 1),
    ]
    return float(np.dot(features, [3.85, 1.89, 87.7, -16.4, -0.448, -0.585, 21.5, -3.16, 1.8]))


source = np.random.default_rng(3)
counts = {i: int(source.integers(1, 20)) for i in range(12)}
small_rarity = {i: float(np.log(21 / (count + 1)) / np.log(21)) for i, count in counts.items()}
small = []
for n, m in [(3, 4), (5, 5), (1, 6), (4, 2)]:
    ids_a, ids_b = source.integers(0, 12, n).tolist(), source.integers(0, 12, m).tolist()
    small.append((ids_a, ids_b))
small += [([2, 7], [7, 2]), ([2, 7], [2, 7, 9])]
cases = []
for ids_a, ids_b in small:
    a, b = (rows(source.normal(size=(len(ids), 3))) for ids in (ids_a, ids_b))
    cases.append({
        "text": {"ids": ids_a, "vectors": a.ravel().tolist()},
        "title": {"ids": ids_b, "vectors": b.ravel().tolist()},
        "logOdds": log_odds(ids_a, a, ids_b, b, 0.95, 0.5, small_rarity),
    })

lines = [line.split("\t") for line in (here / "../../dedupe/paraphrases.tsv").read_text().rstrip("\n").split("\n")[1:]]
titles, texts = [line[1] for line in lines], [line[2] for line in lines][::10]
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_padding()
session = onnxruntime.InferenceSession(str(folder / "model.onnx"))


def read(text):
    ids = tokenizer.encode(text).ids
    row = np.array([ids], dtype=np.int64)
    (hidden,) = session.run(["last_hidden_state"], {"input_ids": row, "attention_mask": row * 0 + 1, "token_type_ids": row * 0})
    hidden = hidden[0].astype(np.float64)
    return ids[1:-1], rows(hidden[1:-1]), rows(hidden.mean(0))


read_titles, read_texts = [read(title) for title in titles], [read(text) for text in texts]
rarity = {}
for token in {token for ids, _, _ in read_titles + read_texts for token in ids}:
    holding = sum(token in ids for ids, _, _ in read_titles)
    rarity[token] = np.log((len(titles) + 1) / (holding + 1)) / np.log(len(titles) + 1)
found = []
for text, (ids, tokens, vector) in zip(texts, read_texts):
    cosines = np.array([vector @ other for _, _, other in read_titles])
    order = np.argsort(-cosines, kind="stable")
    closest, cosine, crowd = order[0], cosines[order[0]], cosines[order[1:11]].mean()
    odds = log_odds(ids, tokens, read_titles[closest][0], read_titles[closest][1], cosine, crowd, rarity) if cosine >= 0.65 else None
    found.append({"text": text, "matched": titles[closest], "cosine": float(cosine), "crowd": float(crowd), "logOdds": odds})
fixture = {"counts": counts, "small": cases, "texts": found}
(here / "likeness.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
