"""Writes two-lines.json: the bytes TensorBoard's own writer makes of the two lines of metrics in it.

    pip install tensorboard
    python test/oracles/tensorboard/make_fixture.py > test/oracles/tensorboard/two-lines.json
"""

import base64
import io
import json

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

TAGS = {
    "loss": "loss/train",
    "validationLoss": "loss/validation",
    "nearCopyShare": "samples/near_copy_share",
    "learningRate": "training/learning_rate",
    "gradientNorm": "training/gradient_norm",
    "tokensPerSecond": "training/tokens_per_second",
}
START = 1_700_000_000.25
lines = [
    {"step": 1, "epoch": 0.1, "loss": 10.5, "learningRate": 0.0001, "gradientNorm": 40.8, "tokensPerSecond": 180},
    {"step": 300, "epoch": 2.5, "loss": 3.25, "validationLoss": 3.5, "nearCopyShare": 0.03125,
     "learningRate": 0.00002, "gradientNorm": 1.1, "tokensPerSecond": 175},
]

file = io.BytesIO()
writer = RecordWriter(file)
writer.write(Event(wall_time=START, file_version="brain.Event:2").SerializeToString())
for number, line in enumerate(lines, 1):
    values = [Summary.Value(tag=tag, simple_value=line[name]) for name, tag in TAGS.items() if name in line]
    event = Event(wall_time=START + number, step=line["step"], summary=Summary(value=values))
    writer.write(event.SerializeToString())
print(json.dumps({
    "madeBy": {"tensorboard": tensorboard.__version__},
    "start": START,
    "lines": lines,
    "file": base64.b64encode(file.getvalue()).decode(),
}))
