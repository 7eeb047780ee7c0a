"""gpt-2-simple's finetune() as it is, on a random 124M in OpenAI's files; prints one JSON line.

    pip install tensorflow gpt-2-simple
    python gpt2_simple_step.py --titles titles.csv --tokenizer FOLDER

Its own defaults: windows of 1,024 tokens, one a batch, delimiters as text; accumulate_gradients=1, its fastest, where its
default of 5 gives the same windows a second less the updates. A step's time is taken between its own progress lines.
Titles a second: windows a second, times a window's share of all tokens, times the titles. FOLDER holds vocab.json and
merges.txt.
"""

import argparse
import contextlib
import csv
import io
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import tempfile
import time
from importlib import metadata

parser = argparse.ArgumentParser()
parser.add_argument("--titles", type=pathlib.Path, required=True)
parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
parser.add_argument("--steps", type=int, default=4)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import gpt_2_simple as gpt2
import tensorflow as tf
from gpt_2_simple.src import encoder, load_dataset, model

warm_up, window = 2, 1024
home = pathlib.Path(tempfile.mkdtemp(prefix="gpt-2-simple-"))
source = home / "models" / "124M"
source.mkdir(parents=True)
shutil.copy(options.tokenizer / "vocab.json", source / "encoder.json")
shutil.copy(options.tokenizer / "merges.txt", source / "vocab.bpe")
hparams = {"n_vocab": 50257, "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12}
(source / "hparams.json").write_text(json.dumps(hparams))
tf1 = tf.compat.v1
with tf.Graph().as_default(), tf1.Session() as session:
    sizes = model.default_hparams()
    sizes.override_from_dict(hparams)
    model.model(hparams=sizes, X=tf1.placeholder(tf.int32, [1, None]))
    session.run(tf1.global_variables_initializer())
    tf1.train.Saver(tf1.trainable_variables()).save(session, str(source / "model.ckpt"))


class Clock:
    """Stands in for standard output: notes the time of each of its progress lines."""

    def __init__(self):
        self.times = []

    def write(self, text):
        if re.match(r"\[\d+ \| ", text):
            self.times.append(time.perf_counter())
        return len(text)

    def flush(self):
        pass


titles = options.titles.resolve()
os.chdir(home)
clock = Clock()
tf1.reset_default_graph()
session = gpt2.start_tf_sess(threads=options.threads)
with contextlib.redirect_stdout(clock):
    gpt2.finetune(session, str(titles), steps=warm_up + options.steps, model_name="124M", accumulate_gradients=1)
seconds = [after - before for before, after in zip(clock.times[warm_up - 1:], clock.times[warm_up:])]
median = statistics.median(seconds)
with contextlib.redirect_stderr(io.StringIO()):
    chunks = load_dataset.load_dataset(encoder.get_encoder(str(source)), str(titles), 50000)
tokens = sum(map(len, chunks))
with titles.open(newline="", encoding="utf8") as file:
    count = sum(1 for _ in csv.reader(file)) - 1
shutil.rmtree(home)
print(json.dumps({
    "name": f"gpt-2-simple {metadata.version('gpt-2-simple')}, TensorFlow {tf.__version__}",
    "tokensPerSecond": window / median,
    "titlesPerSecond": count * window / tokens / median,
    "gigaflops": 6 * 124_439_808 * window / median / 1e9,
    "peakGigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    "tokens": tokens,
    "titles": count,
}))
