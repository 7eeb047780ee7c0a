"""Tokens a second of tiktoken on the same titles: python tiktoken_rate.py RANKS TITLES.csv ROUNDS."""

import base64
import csv
import sys
import time

import tiktoken

ranks_path, titles_path, rounds = sys.argv[1:4]
with open(ranks_path, "rb") as lines:
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}
encoding = tiktoken.Encoding(
    "gpt2",
    pat_str=r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""",
    mergeable_ranks=ranks,
    special_tokens={"<|endoftext|>": 50256},
)
with open(titles_path, newline="", encoding="utf-8") as file:
    titles = [row[0] for row in csv.reader(file)][1:]
rates, tokens = [], 0
for _ in range(int(rounds)):
    started, tokens = time.process_time(), 0
    for title in titles:
        tokens += len(encoding.encode_ordinary(title))
    rates.append(f"{tokens / (time.process_time() - started) / 1e6:.2f}")
print(f"| tiktoken {tiktoken.__version__} | {tokens} | {', '.join(rates)} |")
