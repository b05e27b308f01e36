"""Artifacts by the proxy: files, folders, text, dicts, figures, images, tables; odd names; large ones, in one piece and in parts.
"""

import hashlib
import os
import tempfile
import time

import mlflow
from story import step, tell, unique


@step
def a_run(client, story):
    story["experiment"] = mlflow.set_experiment(unique("artifacts")).experiment_id
    story["run"] = client.create_run(story["experiment"]).info.run_id


@step
def artifacts(client, story):
    names = ["plain.txt", "with space.txt", "plus+tilde~.txt", "100%.txt", "ümlaut.txt", "empty.bin"]
    with mlflow.start_run(run_id=story["run"]), tempfile.TemporaryDirectory() as folder:
        for name in names:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"" if name == "empty.bin" else name.encode())
            mlflow.log_artifact(os.path.join(folder, name), "odd names")
        mlflow.log_artifacts(folder, "copied/deep")
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "notes/data.json")
        mlflow.log_dict({"a": [1, 2]}, "notes/data.yaml")
    root = {f.path: f.is_dir for f in client.list_artifacts(story["run"])}
    assert root == {"copied": True, "notes": True, "odd names": True}, root
    listed = client.list_artifacts(story["run"], "odd names")
    assert sorted(f.path for f in listed) == sorted(f"odd names/{n}" for n in names), listed
    sizes = {f.path: f.file_size for f in client.list_artifacts(story["run"], "notes")}
    assert sizes["notes/hello.txt"] == 5, sizes
    assert client.list_artifacts(story["run"], "notes/hello.txt") == []
    assert client.list_artifacts(story["run"], "nothing") == []
    with tempfile.TemporaryDirectory() as folder:
        got = client.download_artifacts(story["run"], "odd names", folder)
        for name in names:
            with open(os.path.join(got, name), "rb") as file:
                assert file.read() == (b"" if name == "empty.bin" else name.encode()), name
        whole = mlflow.artifacts.download_artifacts(run_id=story["run"], dst_path=os.path.join(folder, "whole"))
        assert os.path.exists(os.path.join(whole, "copied/deep/plain.txt"))
        one = mlflow.artifacts.download_artifacts(f"runs:/{story['run']}/notes/hello.txt", dst_path=folder)
        with open(one) as file:
            assert file.read() == "hello"
    assert mlflow.artifacts.load_dict(f"runs:/{story['run']}/notes/data.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_text(f"runs:/{story['run']}/notes/hello.txt") == "hello"


def write_large(path, size):
    """Random blocks, no two alike: what comes back in another order has another digest."""
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for start in range(0, size, 2**20):
            block = os.urandom(min(2**20, size - start))
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resident(pid):
    """Mebibytes of memory that the process holds; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM"))
    except OSError:
        return 0


def forget_peak(pid):
    try:
        with open(f"/proc/{pid}/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


@step
def large_artifact(client, story):
    size, pid = story["mebibytes"] * 2**20, story["pid"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "large.bin")
        digest = write_large(path, size)
        forget_peak(pid)
        before, started = resident(pid), time.perf_counter()
        client.log_artifact(story["run"], path)
        sent = time.perf_counter()
        back = client.download_artifacts(story["run"], "large.bin", os.path.join(folder))
        received = time.perf_counter()
        after = resident(pid)
        assert digest_of(back) == digest
    assert pid == 0 or after < 400, f"the server held {after} MiB for a file of {story['mebibytes']}"
    story["figures"] = {
        "up, MiB/s": round(size / 2**20 / (sent - started)),
        "down, MiB/s": round(size / 2**20 / (received - sent)),
        "resident, MiB": [before, after],
    }


@step
def in_parts(client, story):
    """Opt-in of the client, with thresholds small enough for a test: seven parts, the last one not full."""
    lowered = {
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(8 * 2**20),
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
    }
    os.environ.update(lowered)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "parts.bin")
            digest = write_large(path, 33 * 2**20)
            client.log_artifact(story["run"], path, "in parts")
            assert client.list_artifacts(story["run"], "in parts")[0].file_size == 33 * 2**20
            back = client.download_artifacts(story["run"], "in parts/parts.bin", os.path.join(folder))
            assert digest_of(back) == digest
    finally:
        for name in lowered:
            del os.environ[name]


@step
def figure(client, story):
    import matplotlib.pyplot as plot

    drawn, axes = plot.subplots()
    axes.plot([1, 2, 3])
    with mlflow.start_run(run_id=story["run"]):
        mlflow.log_figure(drawn, "plots/curve.png")
    plot.close(drawn)
    path = mlflow.artifacts.download_artifacts(f"runs:/{story['run']}/plots/curve.png")
    with open(path, "rb") as file:
        assert file.read(4) == b"\x89PNG"


@step
def tables_and_images(client, story):
    import numpy
    import pandas

    with mlflow.start_run(run_id=story["run"]):
        mlflow.log_table(pandas.DataFrame({"x": [1, 2]}), "tables/t.json")
        mlflow.log_table(pandas.DataFrame({"x": [3]}), "tables/t.json")
        mlflow.log_image(numpy.zeros((4, 4, 3), dtype=numpy.uint8), "plots/black.png")
    assert mlflow.load_table("tables/t.json", run_ids=[story["run"]])["x"].tolist() == [1, 2, 3]


if __name__ == "__main__":
    # `pid`: the server's, when it runs here; its memory is looked at while the large file passes.
    tell(__doc__, [("mebibytes", 200), ("pid", 0)])
