import base64
import json

import anyio
import httpx
import pytest
from app.files import encoded

from digit_recognition.app.page import gate

pytest_plugins = ["app.visits"]
pytestmark = pytest.mark.runs


@pytest.fixture(scope="module")
def client(address):
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def functions(client):
    """The functions of the page by the event that calls them."""
    calls = client.get("/config").json()["dependencies"]
    return {call["targets"][0][1]: call["id"] for call in calls if call["targets"]}


def call(client, function, data):
    request = {"fn_index": function, "data": data, "session_hash": "abc"}
    return client.post("/gradio_api/run/predict", json=request)


def drawing_of(page):
    return f"data:image/png;base64,{base64.b64encode(encoded(page)).decode()}"


def test_the_page_and_its_functions_pass(client, functions, page_of):
    assert "Digit Recognition" in client.get("/").text
    answer = call(client, functions["stroke"], [drawing_of(page_of("7"))])
    assert answer.status_code == 200
    assert '<p class="number">7</p>' in answer.json()["data"][0]


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file%3D/etc/passwd",
        "/gradio_api/proxy=http://localhost/",
        "/gradio_api/info",
        "/gradio_api/stream/a/b/c",
        "/monitoring",
        "/gradio_api/deep_link",
    ],
)
def test_what_the_page_does_not_ask_for_is_refused(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "the page has no such address"


@pytest.mark.parametrize("host", ["127.0.0.1", "box.example"])
def test_scripts_of_other_web_sites_cannot_read_the_answers(client, host):
    headers = {"host": host, "origin": "http://elsewhere.example"}
    answer = client.get("/config", headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/gradio_api/component_server", "/login"])
def test_no_other_function_of_gradio_can_be_called(client, path):
    assert client.post(path, json={}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff",
        b"[" * 100_000,
        b'{"fn_index": 0}',
        b'{"fn_index": 0, "data": []}',
        b'{"fn_index": 0, "data": "a"}',
        b'{"fn_index": 0, "data": {"a": 1}}',
        b'{"fn_index": 999, "data": [""]}',
        b'{"fn_index": -1, "data": [""]}',
        b'{"fn_index": [], "data": [""]}',
    ],
)
@pytest.mark.parametrize("path", [gate.QUEUE, gate.DIRECT])
def test_a_malformed_call_is_refused_with_a_sentence(client, path, body):
    headers = {"content-type": "application/json"}
    answer = client.post(path, content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("expected a call of a function")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(address):
    with httpx.Client(base_url=address) as client:
        answer = call(client, 0, ["x" * gate.MAX_CALL_BYTES])
    assert answer.status_code == 413
    assert answer.json()["detail"].startswith("expected at most 12,000,000 bytes")


def test_an_upload_that_is_too_large_is_answered_with_only_the_sentence():
    """The page shows the answer as it is."""
    length = str(gate.MAX_UPLOAD_BYTES + 1).encode()
    scope = {"type": "http", "method": "POST", "path": gate.UPLOAD}
    scope["headers"] = [(b"content-length", length)]
    sent = []

    async def send(message):
        sent.append(message)

    anyio.run(gate.Gate(None, {}, {}), scope, None, send)
    assert sent[0]["status"] == 413
    assert sent[1]["body"] == (
        b"expected at most 400,000,000 bytes, received 400,000,001; send less at once"
    )


def test_a_body_without_a_length_is_refused(client):
    answer = client.post(gate.QUEUE, content=iter([b"{}"]))
    assert answer.status_code == 411


@pytest.mark.parametrize("value", [7, [], {}, "x", {"path": "/etc/passwd"}])
def test_a_forged_drawing_gets_a_sentence(client, functions, value):
    answer = call(client, functions["stroke"], [value])
    assert answer.status_code == 200
    text = answer.json()["data"][0]
    assert "Not sure" in text or "The answer appears here" in text


@pytest.mark.parametrize("place", [-5, 99, "abc", None, 1.5, [], {}])
def test_a_forged_place_of_a_digit_does_not_end_in_an_error_of_the_server(
    client, functions, page_of, place
):
    data = [drawing_of(page_of("7")), place]
    assert 400 <= call(client, functions["input"], data).status_code < 500


@pytest.mark.parametrize("is_stream", [False, True])
def test_no_file_of_the_server_can_be_named_as_an_upload(
    client, functions, temporary_files, tmp_path, page_of, is_stream
):
    secret = tmp_path / "secret.png"
    secret.write_bytes(encoded(page_of("7")))
    meta = {"_type": "gradio.FileData"}
    file = {"path": str(secret), "meta": meta, "is_stream": is_stream}
    request = {
        "fn_index": functions["upload"],
        "data": [[file], None],
        "session_hash": f"forged{is_stream}",
    }
    assert client.post("/gradio_api/queue/join", json=request).status_code == 200
    session = {"session_hash": request["session_hash"]}
    answer = client.get("/gradio_api/queue/data", params=session).text
    (done,) = (
        message
        for line in answer.splitlines()
        if line.startswith("data:")
        for message in [json.loads(line[5:])]
        if message["msg"] == "process_completed"
    )
    assert not done["success"] or "secret.png" not in str(done["output"])
    assert "data:image/jpeg" not in str(done["output"])
    assert secret.exists()
    assert [path for path in temporary_files.rglob("*") if path.is_file()] == []
