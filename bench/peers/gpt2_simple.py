"""Generation by gpt-2-simple itself, in TensorFlow, with random weights; prints one JSON line like bench/generate/texts.ts.

    python gpt2_simple.py <lengths.json> --threads 2

Its way, as its own `generate` does it: every text takes 100 tokens, 20 texts at a time, and is cut afterwards.
"""

import argparse
import importlib.metadata
import json
import os
import resource
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
from gpt_2_simple.src import model, sample

parser = argparse.ArgumentParser()
parser.add_argument("lengths")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--batch", type=int, default=20)
parser.add_argument("--length", type=int, default=100)
options = parser.parse_args()
with open(options.lengths) as file:
    lengths = json.load(file)
tf.compat.v1.disable_eager_execution()
config = tf.compat.v1.ConfigProto(
    intra_op_parallelism_threads=options.threads, inter_op_parallelism_threads=options.threads,
)
session = tf.compat.v1.Session(config=config)
hparams = model.default_hparams()
hparams.override_from_dict({"n_vocab": 50257})
output = sample.sample_sequence(
    hparams=hparams, length=options.length, start_token=50256, batch_size=options.batch, temperature=0.7, top_k=0, top_p=0.0,
)[:, 1:]
session.run(tf.compat.v1.global_variables_initializer())
session.run(output)
started, cpu = time.perf_counter(), time.process_time()
for _ in range(0, len(lengths), options.batch):
    session.run(output)
seconds = time.perf_counter() - started
print(json.dumps({
    "name": f"gpt-2-simple {importlib.metadata.version('gpt-2-simple')}, TensorFlow {tf.__version__}, "
            f"length {options.length}, batch {options.batch}",
    "textsPerSecond": len(lengths) / seconds,
    "tokensPerSecond": sum(lengths) / seconds,
    "seconds": seconds,
    "cpuSeconds": time.process_time() - cpu,
    "texts": len(lengths),
    "tokens": sum(lengths),
    "peakGigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
}))
