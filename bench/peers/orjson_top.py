"""The same question by Python and orjson: python orjson_top.py FILE.zst SUBREDDIT > titles."""

import heapq
import subprocess
import sys

import orjson

path, wanted = sys.argv[1], sys.argv[2].lower()
lines = subprocess.Popen(["zstd", "-dcq", "--long=31", path], stdout=subprocess.PIPE, bufsize=1 << 20).stdout


def posts():
    for line in lines:
        post = orjson.loads(line)
        title = post["title"]
        if (post["subreddit"] or "").lower() == wanted and len(title) >= 8:
            yield -post["score"], post["created_utc"], post["id"], title


for *_, title in heapq.nsmallest(16_000, posts()):
    print(title.replace("\n", " "))
