"""The same question by pandas, in pieces of 50,000 lines: python pandas_top.py FILE.zst SUBREDDIT > titles."""

import subprocess
import sys

import pandas as pd

path, wanted = sys.argv[1], sys.argv[2].lower()
lines = subprocess.Popen(["zstd", "-dcq", "--long=31", path], stdout=subprocess.PIPE, bufsize=1 << 20).stdout
columns = ["title", "subreddit", "score", "created_utc", "id"]
top = pd.DataFrame(columns=columns)
for piece in pd.read_json(lines, lines=True, chunksize=50_000, convert_dates=False, engine="ujson"):
    posts = piece[columns]
    posts = posts[(posts["subreddit"].str.lower() == wanted) & (posts["title"].str.len() >= 8)]
    top = pd.concat([top, posts]) if len(top) else posts
    top = top.sort_values(["score", "created_utc", "id"], ascending=[False, True, True]).head(16_000)
for title in top["title"]:
    print(title.replace("\n", " "))
