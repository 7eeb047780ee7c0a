"""Writes tiny GPT-2s as OpenAI and gpt-2-simple leave them, by TensorFlow's own Saver, and the values they hold.

124M: model.ckpt with the model's variables alone; run1: model-10 and model-20 with Adam's slots,
named by the file `checkpoint` under an absolute path of another machine. expected.safetensors: `124M/model/wte` and
so on, and `run1/…` (of model-20).

    pip install tensorflow-cpu safetensors
    python test/oracles/tensorflow/make_fixture.py test/oracles/tensorflow ../weights/float32
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

folder, tokenizer = Path(sys.argv[1]), Path(sys.argv[2])
tf1 = tf.compat.v1
tf1.disable_eager_execution()
random = np.random.default_rng(0)
V, C, L, H, CONTEXT = 260, 8, 2, 2, 16


def shapes():
    yield "model/wpe", [CONTEXT, C]
    yield "model/wte", [V, C]
    for layer in range(L):
        block = f"model/h{layer}"
        for norm in ["ln_1", "ln_2"]:
            yield f"{block}/{norm}/g", [C]
            yield f"{block}/{norm}/b", [C]
        for name, inner, outer in [
            ("attn/c_attn", C, 3 * C), ("attn/c_proj", C, C), ("mlp/c_fc", C, 4 * C), ("mlp/c_proj", 4 * C, C),
        ]:
            yield f"{block}/{name}/w", [1, inner, outer]
            yield f"{block}/{name}/b", [outer]
    yield "model/ln_f/g", [C]
    yield "model/ln_f/b", [C]


def described(name):
    path = folder / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    hparams = {"n_vocab": V, "n_ctx": CONTEXT, "n_embd": C, "n_head": H, "n_layer": L}
    (path / "hparams.json").write_text(json.dumps(hparams))
    shutil.copy(tokenizer / "vocab.json", path / "encoder.json")
    shutil.copy(tokenizer / "merges.txt", path / "vocab.bpe")
    return path


def build():
    tf1.reset_default_graph()
    return [
        tf1.get_variable(name, shape, initializer=tf1.constant_initializer(random.normal(0, 0.1, shape)))
        for name, shape in shapes()
    ]


expected = {}


def record(name, session, variables):
    for variable, value in zip(variables, session.run(variables)):
        expected[f"{name}/{variable.op.name}"] = value


path = described("124M")
variables = build()
with tf1.Session() as session:
    session.run(tf1.global_variables_initializer())
    tf1.train.Saver(variables).save(session, str(path / "model.ckpt"), write_meta_graph=False)
    record("124M", session, variables)

path = described("run1")
variables = build()
loss = tf.add_n([tf.reduce_sum(tf.square(variable)) for variable in variables])
train = tf1.train.AdamOptimizer(1e-2).minimize(loss, global_step=tf1.train.get_or_create_global_step())
with tf1.Session() as session:
    session.run(tf1.global_variables_initializer())
    saver = tf1.train.Saver(tf1.global_variables(), sharded=False)
    for step in [10, 20]:
        session.run(train)
        saver.save(session, str(path / "model"), global_step=step, write_meta_graph=False)
    record("run1", session, variables)
(path / "checkpoint").write_text(
    'model_checkpoint_path: "/content/checkpoint/run1/model-20"\n'
    'all_model_checkpoint_paths: "/content/checkpoint/run1/model-10"\n'
    'all_model_checkpoint_paths: "/content/checkpoint/run1/model-20"\n'
)
save_file(expected, folder / "expected.safetensors")
