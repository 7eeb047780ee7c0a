"""Prints the folder in which Python's huggingface_hub finds a repository, downloading it where it may.

    pip install huggingface_hub
    HF_HUB_OFFLINE=1 HF_HUB_CACHE=folder python test/oracles/weights/hub_cache.py owner/name
"""

import sys

from huggingface_hub import snapshot_download

print(snapshot_download(sys.argv[1]))
