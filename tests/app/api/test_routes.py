import json
import tempfile
from http import HTTPStatus
from pathlib import Path
from unittest import mock

import anyio
import httpx
import numpy as np
import pytest
from app.files import encoded, png_that_declares
from fastapi import FastAPI
from PIL import Image

from digit_recognition.app.api import request_bodies
from digit_recognition.app.api import routes as api
from digit_recognition.app.api.batch_stream import READERS
from digit_recognition.app.api.routes import create_app
from digit_recognition.app.reading import service as service_module


class Client:
    """Sends requests to an app in this process."""

    def __init__(self, app):
        self.app = app

    def __call__(self, method, path, **options):
        async def send():
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://app"
            ) as client:
                return await client.request(method, path, **options)

        return anyio.run(send)


@pytest.fixture
def client(service):
    return Client(create_app(service))


@pytest.fixture
def seven(page_of):
    return encoded(page_of("7"))


def assert_problem(response, status, sentence):
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "about:blank"
    assert problem["title"] == HTTPStatus(status).phrase
    assert problem["status"] == status
    assert sentence in problem["detail"]


@pytest.mark.parametrize("way", ["form", "raw", "picture type"])
def test_a_picture_is_read_as_a_form_or_as_the_body(client, page_of, way):
    data = encoded(page_of("70"))
    options = {
        "form": {"files": {"picture": ("a.png", data)}},
        "raw": {"content": data},
        "picture type": {"content": data, "headers": {"content-type": "image/png"}},
    }[way]
    response = client("POST", "/api/read", **options)
    assert response.status_code == 200
    reading = response.json()
    assert reading["reasons"] == []
    assert reading["model_version"] == "2026-01-01T00.00.00.000Z"
    (line,) = reading["lines"]
    assert (line["number"], line["accepted"], line["reason"]) == ("70", True, "")
    assert line["page"] == 0
    seven, zero = line["digits"]
    assert (seven["digit"], zero["digit"]) == (7, 0)
    assert line["confidence"] == pytest.approx(seven["confidence"] * zero["confidence"])
    assert 15 <= seven["box"]["x"] < 43 < zero["box"]["x"]


def test_boxes_are_in_pixels_of_a_picture_that_was_reduced(client, page_of):
    page = Image.fromarray(page_of("7")).resize((6000, 4000), Image.Resampling.NEAREST)
    (line,) = client("POST", "/api/read", content=encoded(page)).json()["lines"]
    box = line["digits"][0]["box"]
    ink = np.asarray(page) < 128
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    expected = (columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1)
    assert tuple(box.values()) == pytest.approx(expected, abs=150)


def test_a_blank_picture_has_no_lines_and_a_reason(client):
    blank = encoded(np.full((50, 50), 255, np.uint8))
    reading = client("POST", "/api/read", content=blank).json()
    assert reading["lines"] == []
    assert reading["reasons"] == ["nothing written was found"]


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ({"content": b"text"}, 422, "expected a picture, received text"),
        ({"content": b""}, 422, "received an empty file"),
        ({"content": png_that_declares(9000, 9000)}, 422, "at most 25,000,000 pixels"),
        ({"content": bytes(8_100_000)}, 413, "at most 8 MB"),
        ({"files": {"picture": bytes(8_005_000)}}, 422, "at most 8 MB"),
        ({"files": {"picture": bytes(8_100_000)}}, 413, "at most 8 MB"),
        ({"files": {"image": b"1"}}, 422, "in the form's field `picture`"),
        (
            {"files": [("picture", b"1"), ("picture", b"2")]},
            *(400, "Maximum number of files is 1"),
        ),
        (
            {"content": b"1", "headers": {"content-type": "multipart/form-data"}},
            *(400, "Missing boundary"),
        ),
        (
            {
                "content": b"--x\r\n\0\r\n",
                "headers": {"content-type": "multipart/form-data; boundary=x"},
            },
            *(400, "Invalid multipart data"),
        ),
    ],
)
def test_a_request_that_cannot_be_read_is_a_problem(client, options, status, sentence):
    assert_problem(client("POST", "/api/read", **options), status, sentence)


def test_a_request_that_declares_too_many_bytes_is_not_received(client):
    def body():
        raise AssertionError("it was received")
        yield b""

    headers = {"content-length": "900000000"}
    response = client("POST", "/api/read", content=anything(body), headers=headers)
    assert_problem(response, 413, "at most 8 MB")


async def anything(body):
    for part in body():
        yield part


def test_a_request_that_arrives_too_slowly_is_a_problem(client, monkeypatch):
    monkeypatch.setattr(request_bodies, "MAX_RECEIVE_SECONDS", 0.05)

    async def slow():
        yield b"a"
        await anyio.sleep(1)
        yield b"b"

    response = client("POST", "/api/read", content=slow())
    assert_problem(response, 408, "within 0.05 seconds")


def test_several_pictures_are_answered_line_by_line_in_their_order(client, page_of):
    files = [
        ("pictures", (f"{number}.png", data))
        for number, data in enumerate(
            [encoded(page_of("1")), b"text", encoded(page_of("20"))]
        )
    ]
    response = client("POST", "/api/read-batch", files=files)
    assert response.headers["content-type"] == "application/x-ndjson"
    entries = [json.loads(line) for line in response.text.splitlines()]
    assert [entry["position"] for entry in entries] == [0, 1, 2]
    assert [entry["picture"] for entry in entries] == ["0.png", "1.png", "2.png"]
    found = [entry["reading"] and entry["reading"]["lines"] for entry in entries]
    assert [lines and lines[0]["number"] for lines in found] == ["1", None, "20"]
    assert entries[1]["problem"]["detail"] == "expected a picture, received text"
    assert entries[0]["problem"] is None


def test_the_answers_to_a_batch_are_sent_one_by_one(service, seven):
    """When an answer is sent, at most READERS further pictures have been started."""
    read = []

    class Counting:
        metadata = service.metadata

        def read(self, data):
            read.append(len(data))
            return service.read(data)

    app = create_app(Counting())
    request = httpx.Request(
        *("POST", "http://app/api/read-batch"),
        files=[("pictures", ("a.png", seven))] * 3 * READERS,
    )
    sent = [{"type": "http.request", "body": request.read()}]
    counts = []

    async def receive():
        if not sent:
            await anyio.sleep_forever()
        return sent.pop()

    async def send(message):
        if message.get("body"):
            counts.append(len(read))

    scope = {
        **{"type": "http", "method": "POST", "path": "/api/read-batch"},
        **{"headers": [(k.lower(), v) for k, v in request.headers.raw]},
        **{"query_string": b"", "http_version": "1.1", "asgi": {"spec_version": "2.4"}},
    }
    anyio.run(app, scope, receive, send)
    assert len(counts) == 3 * READERS
    for sent_before, started in enumerate(counts):
        assert sent_before < started <= sent_before + READERS


def test_an_unexpected_error_in_a_batch_is_the_problem_of_one_picture(
    service, seven, caplog
):
    class Failing:
        metadata = service.metadata

        def read(self, data):
            return service.read(data) if data == seven else 1 / 0

    files = [("pictures", b"bad"), ("pictures", seven)]
    response = Client(create_app(Failing()))("POST", "/api/read-batch", files=files)
    bad, good = map(json.loads, response.text.splitlines())
    assert bad["problem"]["status"] == 500
    assert good["reading"]["lines"][0]["number"] == "7"
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ({"content": b"1"}, 415, "expected multipart/form-data"),
        (
            {"data": {"pictures": "1"}, "files": {"a": b""}},
            422,
            "received none or text",
        ),
        ({"files": [("pictures", b"1")] * 201}, 400, "number of files is 200"),
    ],
)
def test_a_batch_without_pictures_is_a_problem(client, options, status, sentence):
    assert_problem(client("POST", "/api/read-batch", **options), status, sentence)


def test_the_model_is_described(client):
    model = client("GET", "/api/model").json()
    assert model["metadata"]["recipe"] == "standard"
    assert model["metrics"]["test_accuracy"] == 0.9
    assert model["thresholds"]["max_error"] == 0.0015
    assert model["thresholds"]["certainty"] == 0.95
    assert 0.6 <= model["thresholds"]["confidence"] < 0.9
    assert model["limits"]["max_bytes"] == 8_000_000


def test_the_health_names_the_model(client):
    assert client("GET", "/health").json() == {
        "status": "ok",
        "model_version": "2026-01-01T00.00.00.000Z",
    }


def test_a_wrong_path_and_a_wrong_method_are_problems(service):
    app = create_app(service, FastAPI)
    assert_problem(Client(app)("GET", "/api/none"), 404, "a path that /docs lists")
    response = Client(app)("GET", "/api/read")
    assert_problem(response, 405, "expected POST, received GET")
    assert response.headers["allow"] == "POST"


def test_a_bug_is_a_problem_without_a_traceback(
    client, service, seven, caplog, monkeypatch
):
    monkeypatch.setattr(
        service.reader, "read", mock.Mock(side_effect=KeyError("secret"))
    )
    response = client("POST", "/api/read", content=seven)
    assert_problem(response, 500, "its log has the reason")
    assert "secret" not in response.text
    assert "secret" in caplog.text


def test_a_busy_server_asks_to_try_again(service, monkeypatch, page_of):
    monkeypatch.setattr(service_module, "MAX_WAIT", 0.01)
    monkeypatch.setattr(api, "is_small", mock.Mock(return_value=False))
    monkeypatch.setattr(service_module, "is_small", mock.Mock(return_value=False))
    service._large.acquire()
    try:
        response = Client(create_app(service))(
            "POST", "/api/read", content=encoded(page_of("1"))
        )
    finally:
        service._large.release()
    assert_problem(response, 503, "try again later")
    assert response.headers["retry-after"] == "5"


def test_scripts_of_other_sites_may_use_the_api_only_if_asked(service):
    header = "access-control-allow-origin"
    origin = {"origin": "https://example.org"}
    answer = Client(create_app(service))("GET", "/health", headers=origin)
    assert header not in answer.headers
    allowing = Client(create_app(service, allow_origins=["https://example.org"]))
    assert (
        allowing("GET", "/health", headers=origin).headers[header] == origin["origin"]
    )
    other = {"origin": "https://example.com"}
    assert header not in allowing("GET", "/health", headers=other).headers


def test_the_documentation_asks_no_other_host(client):
    page = client("GET", "/docs")
    assert page.status_code == 200
    assert "https://" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    script = "/static-offline-docs/swagger-ui-bundle.js"
    assert script in page.text
    assert client("GET", script).status_code == 200


def test_no_temporary_file_is_left(client, monkeypatch, tmp_path, page_of):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened = []
    large = encoded(page_of("1")) + bytes(2_000_000)  # held in a file from 1 MB on
    original = tempfile.SpooledTemporaryFile.rollover
    monkeypatch.setattr(
        tempfile.SpooledTemporaryFile,
        "rollover",
        lambda file: (original(file), opened.append(file)),
    )
    client("POST", "/api/read", files={"picture": large})
    client("POST", "/api/read-batch", files=[("pictures", large)] * 2)
    client("POST", "/api/read", files={"picture": bytes(8_005_000)})
    assert len(opened) == 4
    assert all(file.closed for file in opened)
    assert list(Path(tmp_path).iterdir()) == []
