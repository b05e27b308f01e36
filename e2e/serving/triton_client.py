"""The unmodified tritonclient against a server: `triton_client.py HOST:PORT GRPC_HOST:PORT TOKEN`. Prints one line of JSON."""

import asyncio
import json
import sys

import numpy as np
import tritonclient.grpc as grpc
import tritonclient.http as http
import tritonclient.http.aio as aio
from tritonclient.utils import InferenceServerException

address, grpc_address, token = sys.argv[1:]
# A fresh copy for every call: the client writes its own headers into what it is given.
headers = {"authorization": f"Bearer {token}"}
stranger = {"authorization": "Bearer tdm_nobody"}

LONGS = np.array([9007199254740993, -(2**63), 2**63 - 1], dtype=np.int64)
TEXTS = np.array(["ä", "", "two\nlines"], dtype=object)
TRUTHS = np.array([True, False, True])
FLOATS = np.linspace(-1, 1, 3000, dtype=np.float32).reshape(1000, 3)
HALVES = np.array([0.5, -2, 65504], dtype=np.float16)
UNSIGNED = np.array([0, 1, 2**64 - 1], dtype=np.uint64)
DOUBLES = np.array([1e300, -0.1, 5e-324])
SMALL = np.array([-128, 0, 127], dtype=np.int8)
VALUES = {
    "long": (LONGS, "INT64"),
    "text": (TEXTS, "BYTES"),
    "truth": (TRUTHS, "BOOL"),
    "matrix": (FLOATS, "FP32"),
    "unsigned": (UNSIGNED, "UINT64"),
    "double": (DOUBLES, "FP64"),
    "small": (SMALL, "INT8"),
}


def inputs_of(module, values, **how):
    inputs = []
    for name, (array, datatype) in values.items():
        tensor = module.InferInput(name, array.shape, datatype)
        tensor.set_data_from_numpy(array, **how)
        inputs.append(tensor)
    return inputs


def assert_echo(result, values):
    for name, (array, _) in values.items():
        found = result.as_numpy(f"{name}_out")
        if array.dtype == object:
            found = np.array([each.decode() if isinstance(each, bytes) else each for each in found.ravel()], dtype=object)
        assert found.shape == array.shape, (name, found.shape)
        assert (found == array).all(), (name, found)


def refusal(ask):
    try:
        ask()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    raise AssertionError("it was not refused")


def by_http():
    client = http.InferenceServerClient(address)
    assert client.is_server_live(headers=dict(headers)) and client.is_server_ready(headers=dict(headers))
    assert client.is_model_ready("echo", headers=dict(headers)) and client.is_model_ready("echo", "1", headers=dict(headers))
    assert not client.is_model_ready("nobody", headers=dict(headers))
    server = client.get_server_metadata(headers=dict(headers))
    metadata = client.get_model_metadata("echo", "1", headers=dict(headers))
    index = client.get_model_repository_index(headers=dict(headers))
    ask = lambda inputs, **more: client.infer("echo", inputs, headers=dict(headers), **more)
    # As the client does it by itself: bytes in, bytes out.
    assert_echo(ask(inputs_of(http, VALUES)), VALUES)
    # JSON in, JSON out, digit by digit.
    wanted = [http.InferRequestedOutput(f"{name}_out", binary_data=False) for name in VALUES]
    result = ask(inputs_of(http, VALUES, binary_data=False), outputs=wanted, request_id="r-1")
    assert_echo(result, VALUES)
    assert result.get_response()["id"] == "r-1", result.get_response()
    # Half of the outputs, in their order, mixed.
    some = [http.InferRequestedOutput("matrix_out"), http.InferRequestedOutput("long_out", binary_data=False)]
    part = ask(inputs_of(http, VALUES), outputs=some)
    assert [each["name"] for each in part.get_response()["outputs"]] == ["matrix_out", "long_out"]
    for request in (None, "gzip", "deflate"):
        for response in (None, "gzip", "deflate"):
            packed = {"request_compression_algorithm": request, "response_compression_algorithm": response}
            assert_echo(ask(inputs_of(http, VALUES), **packed), VALUES)
    half = {"half": (HALVES, "FP16")}
    assert_echo(client.infer("half", inputs_of(http, half), headers=dict(headers)), half)
    odd = {"x": (np.array([np.nan, np.inf, 1], dtype=np.float32), "FP32")}
    refusals = {
        "name": refusal(lambda: client.infer("nobody", inputs_of(http, odd), headers=dict(headers))),
        "version": refusal(lambda: client.infer("echo", inputs_of(http, VALUES), model_version="7", headers=dict(headers))),
        "input": refusal(lambda: ask(inputs_of(http, odd))),
        "token": refusal(lambda: client.infer("echo", inputs_of(http, VALUES), headers=dict(stranger))),
        "elsewhere": refusal(lambda: client.get_model_metadata("secret", headers=dict(headers))),
        "load": refusal(lambda: client.load_model("echo", headers=dict(headers), config="{}")),
    }
    client.unload_model("half", headers=dict(headers))
    assert not client.is_model_ready("half", headers=dict(headers))
    client.load_model("half", headers=dict(headers))
    assert client.is_model_ready("half", headers=dict(headers))
    client.unload_model("half", headers=dict(headers))
    assert_echo(client.infer("half", inputs_of(http, half), headers=dict(headers)), half)
    client.close()
    return {"server": server["name"], "metadata": metadata, "index": index, "refusals": refusals}


async def by_aio():
    client = aio.InferenceServerClient(address)
    metadata = await client.get_model_metadata("echo", headers=dict(headers))
    index = await client.get_model_repository_index(headers=dict(headers))
    replies = await asyncio.gather(
        *(client.infer("echo", inputs_of(aio, VALUES, binary_data=binary), headers=dict(headers)) for binary in (True, False) * 5)
    )
    for reply in replies:
        assert_echo(reply, VALUES)
    await client.close()
    return {"versions": metadata["versions"], "models": [each["name"] for each in index]}


def by_grpc():
    client = grpc.InferenceServerClient(grpc_address)
    assert client.is_server_live(headers=dict(headers)) and client.is_server_ready(headers=dict(headers))
    assert client.is_model_ready("echo", "1", headers=dict(headers))
    server = client.get_server_metadata(headers=dict(headers))
    metadata = client.get_model_metadata("echo", headers=dict(headers), as_json=True)
    index = client.get_model_repository_index(headers=dict(headers), as_json=True)
    ask = lambda **more: client.infer("echo", inputs_of(grpc, VALUES), headers=dict(headers), **more)
    result = ask(request_id="g-1")
    assert_echo(result, VALUES)
    assert result.get_response().id == "g-1"
    assert_echo(ask(compression_algorithm="gzip"), VALUES)
    half = {"half": (HALVES, "FP16")}
    client.unload_model("half", headers=dict(headers))
    assert not client.is_model_ready("half", headers=dict(headers))
    client.load_model("half", headers=dict(headers))
    assert_echo(client.infer("half", inputs_of(grpc, half), headers=dict(headers)), half)
    return {
        "server": server.name,
        "metadata": metadata,
        "index": [each["name"] for each in index["models"]],
        "typed": typed(client),
        "refusals": {
            "name": refusal(lambda: client.infer("nobody", inputs_of(grpc, half), headers=dict(headers))),
            "version": refusal(lambda: ask(model_version="7")),
            "token": refusal(lambda: client.infer("echo", inputs_of(grpc, VALUES), headers=dict(stranger))),
            "elsewhere": refusal(lambda: client.get_model_metadata("secret", headers=dict(headers))),
            "size": refusal(lambda: client.infer("half", inputs_of(grpc, {"half": (np.zeros(4_000_000, np.float16), "FP16")}), headers=dict(headers))),
            "alive": client.is_server_live(headers=dict(headers)),
        },
    }


def typed(client):
    """Contents as lists of their type, which tritonclient reads but does not write."""
    from tritonclient.grpc import service_pb2, service_pb2_grpc
    import grpc as channels

    request = service_pb2.ModelInferRequest(model_name="echo", id="t")
    fields = {"long": "int64_contents", "truth": "bool_contents", "matrix": "fp32_contents", "text": "bytes_contents",
              "unsigned": "uint64_contents", "double": "fp64_contents", "small": "int_contents"}
    for name, (array, datatype) in VALUES.items():
        tensor = request.inputs.add(name=name, datatype=datatype, shape=array.shape)
        flat = [each.encode() if isinstance(each, str) else each.item() for each in array.ravel()] if array.dtype == object \
            else array.ravel().tolist()
        if array.dtype == object:
            flat = [each.encode() for each in array.ravel()]
        getattr(tensor.contents, fields[name]).extend(flat)
    stub = service_pb2_grpc.GRPCInferenceServiceStub(channels.insecure_channel(grpc_address))
    reply = stub.ModelInfer(request, metadata=[("authorization", headers["authorization"])])
    assert not reply.raw_output_contents
    for output in reply.outputs:
        name = output.name.removesuffix("_out")
        array = VALUES[name][0]
        found = list(getattr(output.contents, fields[name]))
        assert found == ([each.encode() for each in array.ravel()] if array.dtype == object else array.ravel().tolist()), name
    return len(reply.outputs)


print(json.dumps({"http": by_http(), "aio": asyncio.run(by_aio()), "grpc": by_grpc()}))
