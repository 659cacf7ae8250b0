"""Amazon's own clients, and a stand-in for the services that they ask."""

import logging
import os
import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from tests.ports import claim_port
from tests.publishing.aws import Aws, create_aws_app
from tests.sdk.programs import sdk as sdk


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An account of AWS with nothing in it, which every client that is started asks."""
    port = claim_port()
    account = Aws(f"http://127.0.0.1:{port}")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, create_aws_app(account), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield account
    server.shutdown()
    thread.join()
    server.server_close()
