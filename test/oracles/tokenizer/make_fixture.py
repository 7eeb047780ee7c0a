"""Encodes odd and ordinary lines with Hugging Face's GPT-2 tokenizer, opened from the files titlesmith writes.

Needs transformers 5 (fixture.json was made with 5.23.0) and a built dist/ (npm run build). From the repository root:

    python test/oracles/tokenizer/make_fixture.py

Writes test/oracles/tokenizer/fixture.json: `lines`; `full`, their ids in the full vocabulary; and `restricted`, their
ids in the vocabulary of the first `seen` lines.
"""

import json
import random
import subprocess
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

here = Path(__file__).parent
root = here.parent.parent.parent

written = [
    "What is the best advice your grandmother ever gave you?",
    "I'm 42 and I've just learned to ride a bicycle; what's your late start?",
    "People who'd rather walk: why don't you drive, and where'll you go next?",
    "constructor", "__proto__", "toString hasOwnProperty valueOf", " constructor", "prototype.__proto__['x']",
    "<|endoftext|>", "a<|endoftext|>b", "<|startoftext|>title<|endoftext|>", "[deleted]", "&amp; &lt;b&gt;",
    " leading space", "  two leading spaces", "trailing space ", "trailing spaces   ", "tab\there", "a  b   c    d",
    "1234567890", "3.14159, 2,718,281.828", "$1,000,000!!!", "50% off ... or 100%?", "C++ vs. C# vs. F#",
    "\U0001F600", "I \u2764\ufe0f you \U0001F468\u200d\U0001F469\u200d\U0001F467", "\U0001F1E9\U0001F1EA flag",
    "\U0001F44D\U0001F3FD thumbs", "na\u00efve caf\u00e9 r\u00e9sum\u00e9", "cafe\u0301", "\u00fcber gro\u00df",
    "\u65e5\u672c\u8a9e\u306e\u984c\u540d", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
    "\u0645\u0631\u062d\u0628\u0627", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u1f7b \u0301\u0301 \u0e44\u0e17\u0e22",
    "\u2018quoted\u2019 \u201cdouble\u201d \u2013 \u2014 \u2026", "it\u2019s", "'tis 'twas 'S 'LL", "don't DON'T Don'T",
    "\ufeffbyte order mark", "a \ufeff b", "  \ufeff!", "!\ufeff\ufeff\u00a0x", "\u0085next line", "a \u0085 b",
    "\u00a0no-break", "x\u2003em\u2009thin\u3000wide", "zero\u200bwidth\u2060joiner", "\ufffd\ufffd replaced",
    "null\0byte", "\x01\x02\x7f control", "\u202eright to left\u202c", "ﬁ ligature ½ ² Ⅷ ①", "x" * 100, "ab" * 60,
    "=" * 40, "-" * 7, "." * 100, " " * 20, "\u00c2\u00c2\u00c2\u00c2", "AAAAAaaaAAAA", "SolidGoldMagikarp", "_", "",
    "\U00010348\U0001D54F \U000E0041", "http://example.org/?q=a&b=c#d", "/r/some_place and /u/somebody", "\u00ad soft",
]
openings = ["What is", "Why do", "How would", "People of the coast,", "Serious question:", "TIL", "Cooks,", "If"]
things = ["the smallest habit", "a neighbour's cat", "your first bicycle", "30-year-old bread", "an honest mistake"]
endings = ["that changed you?", "worth keeping!", "\u2014 and why?", "in 2019?", "(no, really)", "you'd do again?"]


def random_line(source: random.Random) -> str:
    ranges = [(0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x3FF), (0x2000, 0x206F), (0x1F300, 0x1F6FF)]
    characters = [chr(source.randint(*source.choice(ranges))) for _ in range(source.randint(1, 24))]
    return "".join(characters)


def all_lines() -> list[str]:
    source = random.Random(7)
    made = [f"{a} {b} {c}" for a in openings for b in things for c in endings]
    source.shuffle(made)
    return made[:120] + written + made[120:] + [random_line(source) for _ in range(150)]


def encode_with(tokens_of: str, lines: list[str]) -> list[list[int]]:
    """Lets titlesmith write the files of a tokenizer, opens them with transformers and encodes the lines."""
    with tempfile.TemporaryDirectory() as folder:
        program = f"""
            import {{ readFileSync, writeFileSync }} from 'node:fs';
            import {{ gpt2Tokenizer }} from './dist/model/tokenizer/gpt2.js';
            import {{ restrictedTokenizer }} from './dist/model/tokenizer/restricted.js';
            const seen = JSON.parse(readFileSync(0, 'utf8'));
            for (const [name, content] of ({tokens_of}).files()) writeFileSync({json.dumps(folder)} + '/' + name, content);
        """
        command = ["node", "--input-type=module", "-e", program]
        subprocess.run(command, cwd=root, input=json.dumps(lines[:seen]), text=True, check=True)
        by_document = AutoTokenizer.from_pretrained(folder)
        (Path(folder) / "tokenizer.json").unlink()
        by_merges = AutoTokenizer.from_pretrained(folder)
    results = []
    for tokenizer in (by_document, by_merges):
        assert len(tokenizer) > 256 and tokenizer.eos_token_id == len(tokenizer) - 1, tokenizer
        ids = [tokenizer.encode(line, add_special_tokens=False, split_special_tokens=True) for line in lines]
        assert [tokenizer.decode(each) for each in ids] == lines
        results.append(ids)
    assert results[0] == results[1], "tokenizer.json and merges.txt disagree"
    return results[0]


lines = all_lines()
seen = 150
fixture = {
    "lines": lines,
    "seen": seen,
    "full": encode_with("gpt2Tokenizer()", lines),
    "restricted": encode_with("restrictedTokenizer(seen)", lines),
}
(here / "fixture.json").write_text(json.dumps(fixture) + "\n")
print(len(lines), "lines")
