"""A model for MLServer that computes 2a + 3b + 1, and gives back texts and 64-bit integers as they came."""

import asyncio
import os

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import MLServerError
from mlserver.types import InferenceResponse, ResponseOutput


class Tiny(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        first = payload.inputs[0]
        if first.name == "echo":
            output = ResponseOutput(name="echo", shape=first.shape, datatype=first.datatype, data=first.data)
            return InferenceResponse(model_name=self.name, outputs=[output])
        rows = NumpyCodec.decode_input(first)
        if rows[0, 0] == 404:
            raise MLServerError("no such street")
        if rows[0, 0] == 500:
            os._exit(3)
        if rows[0, 0] == 503:
            await asyncio.sleep(30)
        values = (2 * rows[:, 0] + 3 * rows[:, 1] + 1).astype("float32")
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("y", values.reshape(-1, 1))])
