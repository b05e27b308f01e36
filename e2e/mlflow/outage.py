"""Training goes on through a server that dies and comes back; a line on standard input says that it is back.

    python outage.py http://127.0.0.1:4600

Prints "ready" when some metrics are acknowledged, goes on logging while the server is killed and started again by
whoever reads that line, and then counts: everything that was acknowledged is there.
"""

import os
import sys
import threading
import time

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "9"
os.environ["MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR"] = "1"

import mlflow
from story import step, tell, unique


@step
def through_it(client, story):
    mlflow.set_experiment(unique("outage"))
    acknowledged = []
    is_back = threading.Event()

    def listen():
        sys.stdin.readline()
        is_back.set()

    with mlflow.start_run() as run:
        threading.Thread(target=listen, daemon=True).start()
        mlflow.log_param("alpha", 1)
        number, after = 0, 0
        while after < 50 and number < 1_000_000:
            mlflow.log_metric("loss", number / 2, step=number)
            acknowledged.append(number)
            number += 1
            if number == 100:
                print("ready", flush=True)
            after += is_back.is_set()
            if number > 100 and not is_back.is_set():
                time.sleep(0.001)
    got = client.get_run(run.info.run_id)
    history = client.get_metric_history(run.info.run_id, "loss")
    steps_there = [m.step for m in history]
    missing = set(acknowledged) - set(steps_there)
    assert not missing, f"acknowledged and gone: {sorted(missing)[:10]} of {len(acknowledged)}"
    assert len(steps_there) == len(set(steps_there)), "a retry was counted twice"
    assert got.info.status == "FINISHED" and got.data.params == {"alpha": "1"}
    story["figures"] = {"acknowledged": len(acknowledged)}


if __name__ == "__main__":
    tell(__doc__)
