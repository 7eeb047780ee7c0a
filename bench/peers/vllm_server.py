"""vLLM's own server on the processor, with as many sequences and threads as are asked for; prints its address as JSON when it answers.

Usage: python vllm_server.py MODEL_FOLDER float32|bfloat16 SEQUENCES THREADS
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

folder, dtype, sequences, threads = sys.argv[1:5]
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
environment = {
    **os.environ,
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": f"0-{int(threads) - 1}",
    "OMP_NUM_THREADS": threads,
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
}
server = subprocess.Popen(
    [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", folder, "--served-model-name", "bench"]
    + ["--dtype", dtype, "--max-num-seqs", sequences, "--max-model-len", "128", "--host", "127.0.0.1", "--port", str(port)]
    env=environment,
    stdout=sys.stderr,
)


def stop(*_: object) -> None:
    server.terminate()
    server.wait()
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
address = f"http://127.0.0.1:{port}/"
while True:
    if server.poll() is not None:
        sys.exit(server.returncode or 1)
    try:
        urllib.request.urlopen(f"{address}health", timeout=2)
        break
    except OSError:
        time.sleep(0.5)
print(json.dumps({"url": address}, separators=(",", ":")), flush=True)
server.wait()
