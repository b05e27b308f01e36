"""Tells stories, each in a process of its own that has MLflow's client already: importing it takes seconds, forking none.

    python together.py http://127.0.0.1:4600

Every line of standard input asks for one: {"id": 1, "story": "tracking", "options": []}. What it said, and whether it
ended well, comes back as a line {"id": 1, "code": 0, "last": "…", "said": "…"}, in the order in which they end.
"""

import fcntl
import json
import os
import runpy
import signal
import sys
import tempfile
from pathlib import Path

# Its thread would not be there after a fork.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import story  # noqa: F401, what all of them begin with

folder = Path(__file__).resolve().parent


def write(reply):
    """Whole lines, though several stories end at once."""
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


def run(uri, asked, out, err):
    """The rest of this process is the story, as if it had been started by its name."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.argv = [f"{asked['story']}.py", uri, *asked["options"]]
    runpy.run_path(str(folder / sys.argv[0]), run_name="__main__")


def told(asked, out, err, status):
    out.seek(0)
    err.seek(0)
    last = out.read().decode().strip().rpartition("\n")[2]
    code = os.waitstatus_to_exitcode(status)
    return {"id": asked["id"], "code": code, "last": last, "said": err.read().decode(errors="replace")[-6000:]}


def fork_pair(uri, asked):
    """One child waits for the other, which is the story; so the parent reads on at once and waits for nobody."""
    if os.fork() != 0:
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    child = os.fork()
    if child == 0:
        run(uri, asked, out, err)
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    write(told(asked, out, err, status))
    os._exit(0)


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while line := sys.stdin.readline():
    fork_pair(sys.argv[1], json.loads(line))
