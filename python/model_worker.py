"""Serves one MLflow model (any flavour with `python_function`) over a Unix socket, to the server that started it.

    python model_worker.py SOCKET MODEL_FOLDER

Only the server connects the two: the worker dials SOCKET twice. Over the first connection go orders and answers; the
second is held by a guardian process, which ends everything the worker started as soon as the server is gone.

A frame is two little-endian uint32 (bytes of header, bytes of body), a JSON header and a body:

    {"kind": "predict", "id": 7}   body: an Arrow stream, one column per input of the model's
                                   signature: doubles (times as microseconds since 1970) or text
    {"kind": "values", "id": 7, "outputs": ["setosa", ...]}   body: an Arrow stream, one column per output
    {"kind": "ping", "id": 8}      {"kind": "pong", "id": 8}
    {"kind": "raised", "id": 7, "type": "ValueError", "message": "...", "frames": ["model.py:12 in predict"]}
    {"kind": "refused", "id": 7, "about": "input", "reason": "..."}   not what the model takes; or about its "output"
    {"kind": "ready", "pid": 4711, "warmed": true}  {"kind": "unreadable", "reason": "...", "frames": [...]}
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


def send(connection, header, body=b""):
    text = json.dumps(header).encode()
    connection.sendall(SIZES.pack(len(text), len(body)) + text)
    if len(body):
        connection.sendall(body)


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
            if header.get("kind") != "predict":
                raise Refused("input", f"there is no order '{header.get('kind')}'")
            rows, count = model.take(body)
            # `sys.exit` in a model must not end it for everybody else; whoever gave the order is told.
            try:
                raw = model.pyfunc.predict(rows)
            except BaseException as error:  # noqa: BLE001
                send(connection, {"kind": "raised", **answered, **describe(error, {__file__})})
                continue
            names, stream = model.answer(raw, count)
            send(connection, {"kind": "values", **answered, "outputs": names}, stream)
        except Refused as error:
            send(connection, {"kind": "refused", **answered, "about": error.about, "reason": str(error)[:LONGEST_TEXT]})


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
    send(connection, {"kind": "ready", "pid": os.getpid(), "warmed": warmed})
    serve(connection, model)


if __name__ == "__main__":
    main()
