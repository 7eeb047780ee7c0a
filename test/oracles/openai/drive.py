"""Sends completion requests through OpenAI's own Python client, and prints what it gets as JSON.

drive.py URL REQUESTS: REQUESTS is a file with a JSON list of bodies. Fields that the client has no parameter for are sent as
its `extra_body`. A stream's chunks are put together as one answer, with how many there were. Besides them, the models.

    pip install openai
"""

import inspect
import json
import pathlib
import sys

import openai

url, requests = sys.argv[1], json.loads(pathlib.Path(sys.argv[2]).read_text())
client = openai.OpenAI(base_url=f"{url}v1", api_key="none", max_retries=0)
known = set(inspect.signature(client.completions.create).parameters)


def merged(chunks):
    choices, usage, count = {}, None, 0
    for chunk in chunks:
        count += 1
        usage = chunk.usage or usage
        for choice in chunk.choices:
            whole = choices.setdefault(choice.index, {"text": "", "finish_reason": None})
            whole["text"] += choice.text
            whole["finish_reason"] = choice.finish_reason or whole["finish_reason"]
    return {
        "choices": [{"index": index, **choices[index]} for index in sorted(choices)],
        "usage": usage and usage.model_dump(exclude_none=True),
        "chunks": count,
    }


def send(body):
    own = {name: value for name, value in body.items() if name in known}
    extra = {name: value for name, value in body.items() if name not in known}
    own.setdefault("model", "made-up")
    own.setdefault("prompt", None)
    try:
        answer = client.completions.create(**own, extra_body=extra)
        if body.get("stream"):
            return merged(answer)
        # What the client leaves out as null is null in JavaScript's.
        choices = [{**choice.model_dump(), "logprobs": choice.logprobs and choice.logprobs.model_dump()} for choice in answer.choices]
        return {"choices": choices, "usage": answer.usage.model_dump(exclude_none=True)}
    except openai.APIStatusError as error:
        return {"status": error.status_code, **{name: error.body[name] for name in ["message", "type", "param", "code"]}}


models = [client.models.list().data[0].id, client.models.retrieve("made-up").id]
print(json.dumps({"models": models, "answers": [send(body) for body in requests]}))
