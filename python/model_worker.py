"""Serves one MLflow model (any flavour with `python_function`) over a Unix socket, to the server that started it.

    python model_worker.py SOCKET MODEL_FOLDER

Only the server connects the two: the worker dials SOCKET twice. Over the first connection go orders and answers; the
second is held by a guardian process, which ends everything the worker started as soon as the server is gone.

A frame is two little-endian uint32 (bytes of header, bytes of body), a JSON header and a body:

    {"kind": "predict", "id": 7}   body: an Arrow stream, one column per input of the model's
                                   signature: doubles (times as microseconds since 1970) or text
    {"kind": "values", "id": 7, "outputs": ["setosa", ...]}   body: an Arrow stream, one column per output
    {"kind": "infer", "id": 9, "inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 3], "size": 24}]}
                                   body: the bytes of each tensor, little-endian, each filled up to a multiple of 8;
                                   datatypes as in the Open Inference Protocol, BYTES each with its length before it
    {"kind": "tensors", "id": 9, "outputs": [{"name": ...}]}   body: likewise
    {"kind": "ping", "id": 8}      {"kind": "pong", "id": 8}
    {"kind": "raised", "id": 7, "type": "ValueError", "message": "...", "frames": ["model.py:12 in predict"]}
    {"kind": "refused", "id": 7, "about": "input", "reason": "..."}   not what the model takes; or about its "output"
    {"kind": "ready", "pid": 4711, "warmed": true, "signature": {"inputs": [...], "outputs": [...], "optional": [...]}}
     {"kind": "unreadable", "reason": "...", "frames": [...]}
"""

import json
import os
import shutil
import signal
import socket
import struct
import sys
import traceback

SIZES = struct.Struct("<II")
LONGEST_TEXT = 2000
MOST_FRAMES = 8
ALIGNMENT = 8
LENGTH = struct.Struct("<I")
DATATYPES = {
    "bool": "BOOL",
    **{f"{sign}int{bits}": f"{sign.upper()}INT{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}
# Types of columns in a signature; those of dates and of nested values travel as text.
COLUMNS = {"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64"}
MARK = "TIDEMILL_WORKER"


def connect(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    return connection


def guard(connection, path, group):
    """In a process of its own, so that no model that holds the interpreter's lock can keep it from working."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    while connection.recv(1):
        pass
    shutil.rmtree(os.path.dirname(path), ignore_errors=True)
    mark = f"{MARK}={os.environ.get(MARK, '')}".encode()
    for pid in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark in file.read().split(b"\0") and int(pid) != os.getpid():
                    os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass  # It has ended, or is somebody else's.
    os.killpg(group, signal.SIGKILL)


def receive_exactly(connection, size):
    buffer = bytearray(size)
    view, done = memoryview(buffer), 0
    while done < size:
        count = connection.recv_into(view[done:])
        if count == 0:
            return None
        done += count
    return buffer


def receive(connection):
    sizes = receive_exactly(connection, SIZES.size)
    if sizes is None:
        return None, None
    header_size, body_size = SIZES.unpack(sizes)
    header, body = receive_exactly(connection, header_size), receive_exactly(connection, body_size)
    return (None, None) if body is None or header is None else (json.loads(header), body)


def send(connection, header, *parts):
    text = json.dumps(header).encode()
    # So that the body starts where numbers may lie.
    text += b" " * (-len(text) % ALIGNMENT)
    connection.sendall(SIZES.pack(len(text), sum(map(len, parts))) + text)
    for part in parts:
        connection.sendall(part)


def describe(error, hidden):
    """What the model's author needs: the frames of their code, without those of this file."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename not in hidden]
    shown = [f"{each.filename}:{each.lineno} in {each.name}" for each in frames[-MOST_FRAMES:]]
    return {"type": type(error).__name__, "message": str(error)[:LONGEST_TEXT], "frames": shown}


class Refused(Exception):
    """The order cannot be carried out (`input`), or its answer not be sent (`output`)."""

    def __init__(self, about, reason):
        super().__init__(reason)
        self.about = about


class Model:
    def __init__(self, folder):
        import mlflow.pyfunc
        import numpy
        import pyarrow
        import pyarrow.compute

        self.numpy, self.arrow = numpy, pyarrow
        self.pyfunc = mlflow.pyfunc.load_model(folder)
        signature = self.pyfunc.metadata.signature
        inputs = signature.inputs if signature is not None else None
        is_tensors = inputs is not None and inputs.is_tensor_spec()
        # Name (None for the only, unnamed one), type and shape of each.
        self.tensors = [(each.name, each.type, each.shape) for each in inputs.inputs] if is_tensors else None
        # Numbers arrive as doubles; MLflow takes a long for a double, never a double for a long.
        kinds = {
            "boolean": pyarrow.bool_(),
            "integer": pyarrow.int32(),
            "long": pyarrow.int64(),
            "float": pyarrow.float32(),
            "string": pyarrow.string(),
            "datetime": pyarrow.timestamp("ns"),
        }
        fields = [] if inputs is None or is_tensors else inputs.inputs
        named = {each.name: getattr(each.type, "name", None) for each in fields}
        self.kinds = {name: kinds[kind] for name, kind in named.items() if kind in kinds}
        self.fields = {each.name: getattr(each.type, "name", "nested") for each in fields}
        self.signature = {
            "inputs": self.specs(inputs, "input"),
            "outputs": self.specs(None if signature is None else signature.outputs, "prediction"),
            "optional": [each.name for each in fields if not each.required],
        }

    def specs(self, schema, unnamed):
        """What a schema says, as tensors: a column is one with a value per row."""
        if schema is None:
            return []
        if schema.is_tensor_spec():
            return [
                {
                    "name": each.name or unnamed,
                    "datatype": DATATYPES.get(self.numpy.dtype(each.type).name, "BYTES"),
                    "shape": [int(size) for size in each.shape],
                }
                for each in schema.inputs
            ]
        return [
            {
                "name": str(unnamed if each.name is None else each.name),
                "datatype": DATATYPES.get(COLUMNS.get(getattr(each.type, "name", ""), ""), "BYTES"),
                "shape": [-1, 1],
            }
            for each in schema.inputs
        ]

    def take_tensors(self, inputs, body):
        """Tensors as the model wants them: an array, an array per name, or a DataFrame."""
        arrays, offset = {}, 0
        for each in inputs:
            arrays[each["name"]] = self.array(each, memoryview(body)[offset : offset + each["size"]])
            offset += each["size"] + -each["size"] % ALIGNMENT
        if self.tensors is not None:
            if len(self.tensors) == 1 and self.tensors[0][0] is None:
                return next(iter(arrays.values()))
            return arrays
        if not self.fields and len(arrays) == 1:
            return next(iter(arrays.values()))
        import pandas

        if len({len(each) for each in arrays.values()}) > 1:
            raise Refused("input", "its columns have different numbers of rows")
        return pandas.DataFrame({name: self.series(name, array) for name, array in arrays.items()})

    def array(self, spec, held):
        numpy = self.numpy
        if spec["datatype"] != "BYTES":
            dtype = next(name for name, datatype in DATATYPES.items() if datatype == spec["datatype"])
            return numpy.frombuffer(held, dtype=dtype).reshape(spec["shape"])
        texts, offset = [], 0
        while offset < len(held):
            (size,) = LENGTH.unpack_from(held, offset)
            raw = bytes(held[offset + LENGTH.size : offset + LENGTH.size + size])
            offset += LENGTH.size + size
            try:
                texts.append(raw.decode())
            except UnicodeDecodeError:
                texts.append(raw)
        return numpy.array(texts, dtype=object).reshape(spec["shape"])

    def series(self, name, array):
        import pandas

        if array.ndim > 1 and array.shape[1:] != (1,):
            raise Refused("input", f"'{name}' has the shape {list(array.shape)}, where one value per row must be")
        column, kind = array.reshape(-1), self.fields.get(name, "")
        try:
            if kind == "datetime":
                return pandas.to_datetime(pandas.Series(column)).astype("datetime64[ns]")
            if kind == "nested":
                return pandas.Series([json.loads(each) for each in column])
        except ValueError as error:
            raise Refused("input", f"'{name}' cannot be read: {error}") from error
        if kind == "binary":
            return pandas.Series([each.encode() if isinstance(each, str) else each for each in column])
        return pandas.Series(column)

    def give_tensors(self, answer, wanted):
        numpy = self.numpy
        if hasattr(answer, "columns") and hasattr(answer, "to_numpy"):
            found = [(str(name), answer.iloc[:, i]) for i, name in enumerate(answer.columns)]
        elif isinstance(answer, dict):
            found = [(str(name), value) for name, value in answer.items()]
        else:
            told = self.signature["outputs"]
            found = [(told[0]["name"] if len(told) == 1 else "prediction", answer)]
        missing = set(wanted or []) - {name for name, _ in found}
        if missing:
            raise Refused("input", f"there is no output '{min(missing)}' among {', '.join(name for name, _ in found)}")
        outputs, parts = [], []
        for name, value in found:
            if wanted is not None and name not in wanted:
                continue
            try:
                array = self.settle(value.toarray() if hasattr(value, "toarray") else numpy.asarray(value))
            except (ValueError, TypeError) as error:
                raise Refused("output", f"it gave {type(value).__name__}, which is no tensor: {error}") from error
            if array.ndim == 0:
                array = array.reshape(1)
            datatype = DATATYPES.get(array.dtype.name, "BYTES")
            raw = self.texts(array) if datatype == "BYTES" else memoryview(array).cast("B") if array.size else b""
            outputs.append({"name": name, "datatype": datatype, "shape": list(array.shape), "size": len(raw)})
            parts += [raw, b"\0" * (-len(raw) % ALIGNMENT)]
        return outputs, parts

    def settle(self, array):
        """Contiguous, and of a datatype that has a name on the wire; text and all else as objects."""
        numpy = self.numpy
        if array.dtype.kind in "biuf":
            array = array if array.dtype.name in DATATYPES else array.astype("float64")
            return numpy.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False)).reshape(array.shape)
        if array.dtype.kind == "c":
            raise TypeError("complex numbers have no datatype on the wire")
        is_number = (int, float, numpy.number, numpy.bool_)
        if array.dtype.kind == "O" and array.size and all(each is None or isinstance(each, is_number) for each in array.flat):
            return array.astype("float64")
        return array.astype(object)

    def texts(self, array):
        parts = []
        for each in array.flat:
            raw = each if isinstance(each, bytes) else b"" if each is None else str(each).encode()
            parts += [LENGTH.pack(len(raw)), raw]
        return b"".join(parts)

    def warm(self):
        """The first prediction imports and compiles; better before the first request than in it."""
        try:
            example = self.pyfunc.input_example
        except Exception:  # noqa: BLE001 - an example that cannot be read is no reason not to serve
            example = None
        if example is None:
            return False
        try:
            self.answer(self.pyfunc.predict(example), None)
            return True
        except Exception as error:  # noqa: BLE001 - requests will say the same, to those who ask
            print(f"The model's own input example fails: {type(error).__name__}: {error}", file=sys.stderr)
            return False

    def take(self, body):
        """Columns as the model wants them: a DataFrame, one array, or an array per name."""
        try:
            table = self.arrow.ipc.open_stream(body).read_all()
        except self.arrow.ArrowException as error:
            raise Refused("input", f"the rows are no Arrow stream: {error}") from error
        if self.tensors is None:
            return self.cast(table).to_pandas(), table.num_rows
        if len(self.tensors) == 1:
            name, dtype, shape = self.tensors[0]
            rows = self.numpy.column_stack([column.to_numpy() for column in table.columns]).astype(dtype)
            if len(shape) != 2:
                rows = rows.reshape([table.num_rows, *shape[1:]])
            return (rows if name is None else {name: rows}), table.num_rows
        return {
            name: table[name].to_numpy().astype(dtype).reshape([table.num_rows, *shape[1:]])
            for name, dtype, shape in self.tensors
        }, table.num_rows

    def cast(self, table):
        for i, name in enumerate(table.column_names):
            kind, column = self.kinds.get(name), table.column(i)
            if kind is None or column.type == kind:
                continue
            try:
                if self.arrow.types.is_timestamp(kind) and self.arrow.types.is_floating(column.type):
                    column = self.arrow.compute.multiply(column, 1000).cast(self.arrow.int64())
                if self.arrow.types.is_float32(kind):
                    column = column.cast(kind, safe=False)
                table = table.set_column(i, name, column.cast(kind))
            except self.arrow.ArrowException as error:
                raise Refused("input", f"the column '{name}' must hold {kind}: {error}") from error
        return table

    def columns(self, answer):
        """Names and one-dimensional columns of whatever a model gives."""
        numpy = self.numpy
        if hasattr(answer, "columns") and hasattr(answer, "to_numpy"):
            return [(str(name), answer.iloc[:, i]) for i, name in enumerate(answer.columns)]
        if isinstance(answer, dict):
            parts = [(name, self.columns(value)) for name, value in answer.items()]
            return [
                (str(name) if len(found) == 1 else f"{name}.{each}", column)
                for name, found in parts
                for each, column in found
            ]
        if hasattr(answer, "toarray"):
            answer = answer.toarray()
        array = numpy.asarray(answer)
        if array.ndim == 0:
            array = array.reshape(1)
        array = array.reshape(len(array), -1) if array.ndim != 1 else array[:, None]
        names = ["prediction"] if array.shape[1] == 1 else [str(i) for i in range(array.shape[1])]
        return [(name, array[:, i]) for i, name in enumerate(names)]

    def answer(self, answer, rows):
        arrow = self.arrow
        try:
            found = self.columns(answer)
            columns = [arrow.array(self.plain(column), from_pandas=False) for _, column in found]
        except (arrow.ArrowException, ValueError, TypeError) as error:
            raise Refused("output", f"it gave {type(answer).__name__}, which is no table of values: {error}") from error
        names = [name for name, _ in found]
        for column in columns:
            if rows is not None and len(column) != rows:
                raise Refused("output", f"it gave {len(column)} predictions for {rows} rows")
        # Names go in the header: they need not be unique.
        batch = arrow.record_batch(columns, names=[str(i) for i in range(len(columns))])
        sink = arrow.BufferOutputStream()
        with arrow.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        return names, memoryview(sink.getvalue())

    def plain(self, column):
        """Numbers as doubles, the rest as text: what a caller of any language can take."""
        numpy = self.numpy
        array = numpy.ascontiguousarray(column)
        if array.dtype.kind in "biuf":
            return array.astype("float64", copy=False)
        if array.dtype.kind == "O" and all(
            each is None or isinstance(each, (int, float, numpy.number)) for each in array
        ):
            return array.astype("float64")
        return [None if each is None else str(each) for each in array]


def serve(connection, model):
    while True:
        header, body = receive(connection)
        if header is None:
            return
        answered = {"id": header.get("id")}
        try:
            if header.get("kind") == "ping":
                send(connection, {"kind": "pong", **answered})
                continue
            kind = header.get("kind")
            if kind not in ("predict", "infer"):
                raise Refused("input", f"there is no order '{kind}'")
            rows, count = model.take(body) if kind == "predict" else (model.take_tensors(header["inputs"], body), None)
            # `sys.exit` in a model must not end it for everybody else; whoever gave the order is told.
            try:
                raw = model.pyfunc.predict(rows)
            except BaseException as error:  # noqa: BLE001
                send(connection, {"kind": "raised", **answered, **describe(error, {__file__})})
                continue
            if kind == "infer":
                outputs, parts = model.give_tensors(raw, header.get("wanted"))
                send(connection, {"kind": "tensors", **answered, "outputs": outputs}, *parts)
                continue
            names, stream = model.answer(raw, count)
            send(connection, {"kind": "values", **answered, "outputs": names}, stream)
        except Refused as error:
            send(connection, {"kind": "refused", **answered, "about": error.about, "reason": str(error)[:LONGEST_TEXT]})
        except Exception as error:  # noqa: BLE001 - what one caller sent must not end it for everybody else
            reason = f"{type(error).__name__}: {error}"[:LONGEST_TEXT]
            send(connection, {"kind": "refused", **answered, "about": "input", "reason": reason})


def main():
    path, folder = sys.argv[1:]
    # What the model prints goes where errors go.
    os.dup2(2, 1)
    connection, guarded = connect(path), connect(path)
    if os.fork() == 0:
        connection.close()
        guard(guarded, path, os.getpgid(0))
        os._exit(0)
    guarded.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        model = Model(folder)
        warmed = model.warm()
    except BaseException as error:  # noqa: BLE001
        found = describe(error, {__file__})
        send(connection, {"kind": "unreadable", "reason": f"{found['type']}: {found['message']}", "frames": found["frames"]})
        sys.exit(1)
    send(connection, {"kind": "ready", "pid": os.getpid(), "warmed": warmed, "signature": model.signature})
    serve(connection, model)


if __name__ == "__main__":
    main()
