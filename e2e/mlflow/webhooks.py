"""Webhooks of the registry: what the client sets up, what a receiver here gets, signed; none after it is deleted."""

import base64
import hashlib
import hmac
import http.server
import json
import queue
import threading
import time

import mlflow
from mlflow.entities.webhook import WebhookStatus
from story import refused, since_3, tell, unique

received = queue.Queue()
secret = "a-secret-of-the-receiver"


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received.put((dict(self.headers.items()), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def receive(entity, action, name):
    """The next delivery about this; others may come in between."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            headers, body = received.get(timeout=1)
        except queue.Empty:
            continue
        message = json.loads(body)
        if (message["entity"], message["action"]) == (entity, action) and message["data"].get("name") == name:
            return {k.lower(): v for k, v in headers.items()}, body, message
    raise AssertionError(f"no delivery of {entity}.{action} within half a minute")


@since_3
def listen(client, story):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    story["url"] = f"http://127.0.0.1:{server.server_port}/hook"


@since_3
def set_up(client, story):
    events = ["registered_model.created", "model_version.created", "model_version_alias.created"]
    made = client.create_webhook(
        name="to-the-test", url=story["url"], events=events, description="of a test", secret=secret
    )
    story["webhook"] = made.webhook_id
    assert made.name == "to-the-test" and made.status == WebhookStatus.ACTIVE and len(made.events) == 3
    assert client.get_webhook(made.webhook_id).url == story["url"]
    assert made.webhook_id in [w.webhook_id for w in client.list_webhooks()]
    assert client.update_webhook(made.webhook_id, description="changed").description == "changed"
    assert not hasattr(made, "secret") or made.secret is None


@since_3
def tested(client, story):
    result = client.test_webhook(story["webhook"])
    assert result.success and result.response_status == 200, result


@since_3
def delivered(client, story):
    name = unique("hooked")
    client.create_registered_model(name)
    headers, body, message = receive("registered_model", "created", name)
    signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["x-mlflow-signature"] == f"v1,{expected}", headers
    with mlflow.start_run():
        mlflow.log_text("x", "model/x.txt")
        run = mlflow.active_run().info
        client.create_model_version(name, f"{run.artifact_uri}/model", run.run_id)
    assert str(receive("model_version", "created", name)[2]["data"]["version"]) == "1"
    client.set_registered_model_alias(name, "champion", "1")
    assert receive("model_version_alias", "created", name)[2]["data"]["alias"] == "champion"


@since_3
def deleted(client, story):
    client.delete_webhook(story["webhook"])
    refused("RESOURCE_DOES_NOT_EXIST", client.get_webhook, story["webhook"])
    name = unique("unheard")
    client.create_registered_model(name)
    time.sleep(1)
    while not received.empty():
        assert name not in received.get()[1].decode()


@since_3
def bad_addresses(client, story):
    """Refused wherever the server's flags do not allow more."""
    for url in ["ftp://example.com/", "http://user:pass@", "not an address", ""]:
        refused("INVALID_PARAMETER_VALUE", client.create_webhook, "bad", url, ["registered_model.created"])
    refused("INVALID_PARAMETER_VALUE", client.create_webhook, "bad name!", story["url"], ["registered_model.created"])


if __name__ == "__main__":
    tell(__doc__)
