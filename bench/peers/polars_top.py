"""The same question by polars: python polars_top.py FILE.zst SUBREDDIT > titles."""

import sys

import polars as pl

path, wanted = sys.argv[1], sys.argv[2].lower()
schema = {"title": pl.String, "subreddit": pl.String, "score": pl.Int64, "created_utc": pl.Int64, "id": pl.String}
top = (
    pl.scan_ndjson(path, schema=schema, ignore_errors=True)
    .filter(pl.col("subreddit").str.to_lowercase() == wanted)
    .filter(pl.col("title").str.len_chars() >= 8)
    .sort(["score", "created_utc", "id"], descending=[True, False, False])
    .head(16_000)
    .collect(engine="streaming")
)
for title in top["title"]:
    print(title.replace("\n", " "))
