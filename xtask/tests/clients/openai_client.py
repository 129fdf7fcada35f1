"""The official `openai` client, unchanged, against a server: `openai_client.py http://ADDRESS/v1 MODEL`."""

import json
import sys

import openai


def main(address: str, model: str) -> None:
    client = openai.OpenAI(base_url=address, api_key="none", max_retries=0)
    assert model in [known.id for known in client.models.list()]
    assert client.models.retrieve(model).id == model
    question = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 12 + 30?"}]
    settings = {"model": model, "messages": question, "seed": 7, "max_tokens": 40}

    # an answer, twice the same; and streamed, in the same words
    answer = client.chat.completions.create(**settings)
    choice = answer.choices[0]
    assert choice.finish_reason in ("stop", "length") and choice.message.role == "assistant"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert client.chat.completions.create(**settings).choices[0].message.content == choice.message.content
    chunks = list(client.chat.completions.create(**settings, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == choice.message.content, (text, choice.message.content)
    assert chunks[-1].usage == answer.usage
    with client.chat.completions.stream(**settings) as events:
        assert "".join(event.delta for event in events if event.type == "content.delta") == text

    # several, with log-probabilities
    several = client.chat.completions.create(**settings, n=3, logprobs=True, top_logprobs=4)
    assert [choice.index for choice in several.choices] == [0, 1, 2]
    for token in several.choices[0].logprobs.content:
        assert token.logprob <= 0 and len(token.top_logprobs) == 4
        assert bytes(token.bytes).decode(errors="replace") == token.token

    # a tool, called because it must be; its answer read
    tool = {
        "type": "function",
        "function": {
            "name": "calculate",
            "description": "Sums, exactly",
            "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}},
        },
    }
    choice = {"type": "function", "function": {"name": "calculate"}}
    end = {"max_tokens": 60, "temperature": 0}
    called = client.chat.completions.create(**settings | end, tools=[tool], tool_choice=choice).choices[0]
    if called.finish_reason == "tool_calls":
        [call] = called.message.tool_calls
        assert call.function.name == "calculate" and "expression" in json.loads(call.function.arguments)
        said = {"role": "tool", "tool_call_id": call.id, "content": "42"}
        after = client.chat.completions.create(**settings | {"messages": [*question, called.message, said]}, tools=[tool])
        print(f"{model} calls {call.function.arguments} and says {after.choices[0].message.content!r}")
    else:
        # a model that learned no calls may go on until there is no room
        assert called.finish_reason == "length"

    # texts
    text = client.completions.create(model=model, prompt=["The town", "A"], max_tokens=6, logprobs=2, n=2)
    assert len(text.choices) == 4 and len(text.choices[0].logprobs.tokens) <= 6
    pieces = client.completions.create(model=model, prompt="The town", max_tokens=6, seed=1, stream=True)
    whole = client.completions.create(model=model, prompt="The town", max_tokens=6, seed=1)
    assert "".join(piece.choices[0].text for piece in pieces) == whole.choices[0].text

    # errors are those that the client knows
    expect(openai.NotFoundError, "model_not_found", lambda: client.chat.completions.create(**settings | {"model": "x"}))
    wrong = lambda: client.chat.completions.create(**settings, temperature=9)
    assert expect(openai.BadRequestError, "invalid_value", wrong).param == "temperature"
    long = {"messages": [{"role": "user", "content": "word " * 20000}]}
    expect(openai.BadRequestError, "context_length_exceeded", lambda: client.chat.completions.create(**settings | long))
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    seeing = {"messages": [{"role": "user", "content": [picture, {"type": "text", "text": "What is it?"}]}]}
    expect(openai.BadRequestError, "no_codec", lambda: client.chat.completions.create(**settings | seeing))
    print("the openai client works")


def expect(kind: type, code: str, request) -> openai.APIStatusError:
    try:
        request()
    except kind as error:
        assert error.code == code, error
        return error
    raise AssertionError(f"expected {kind}")


main(*sys.argv[1:])
