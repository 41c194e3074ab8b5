"""Keep TensorFlow's notices off the terminal, unless the run fails.

Notices are informational messages and warnings that TensorFlow writes in C++ to file
descriptor 2, where Python's logging cannot filter them. While a command runs, this
descriptor leads to a second process. That process runs this file and passes on every
line that is not a notice. It passes on the notices only if the run fails. It is a
process and not a thread, because a crash in C++ ends all threads of a process at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from typing import IO, TextIO, cast

STDERR = 2  # the file descriptor

SUCCEEDED = b"\0succeeded\n"
FAILED = b"\0failed\n"

HEADER = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: ([IWEF]) \S+:\d+\]"
    rb"|([IWEF])\d{4} \d\d:\d\d:\d+\.\d+ +\d+ \S+:\d+\]"
)
"""Matches the start of a message: its time, severity and line of source code.

The severity is I (info), W (warning), E (error) or F (fatal).
"""

UNMARKED_NOTICES = (
    b"WARNING: All log messages before absl::InitializeLog() is called",
    b"To enable the following instructions:",
)

HARMLESS_ERRORS = (
    b"use_unbounded_threadpool",  # an option that this version does not know
    b"Unable to register cu",  # a CUDA library is linked twice
    b"ailed call to cuInit",  # there is no GPU
)
"""Parts of messages that count as notices although their severity is error."""


@contextlib.contextmanager
def quiet_stderr(*harmless: type[BaseException]) -> Iterator[None]:
    """Hold back TensorFlow's notices until the ``with`` block ends.

    If the block ends normally or by an exception of a class in ``harmless``, the
    notices are dropped. If it ends by another exception, or if the process crashes, the
    notices are written to stderr. What Python writes to ``sys.stderr`` is never held
    back. This function has no effect if ``sys.stderr`` is not file descriptor 2, or if
    the process that filters the notices cannot be started.
    """
    stderr = sys.stderr
    reader = _start_reader() if _is_descriptor_2(stderr) else None
    if reader is None:
        yield
        return
    with reader:
        stderr.flush()
        terminal = os.dup(STDERR)
        pipe = cast("IO[bytes]", reader.stdin)
        os.dup2(pipe.fileno(), STDERR)
        sys.stderr = os.fdopen(
            os.dup(terminal),
            "w",
            buffering=1,
            encoding=stderr.encoding,
            errors=stderr.errors,
        )
        ending = FAILED
        try:
            yield
            ending = SUCCEEDED
        except harmless:
            ending = SUCCEEDED
            raise
        finally:
            sys.stderr.close()
            sys.stderr = stderr
            os.dup2(terminal, STDERR)
            os.close(terminal)
            with contextlib.suppress(OSError):  # the reader may have been killed
                pipe.write(ending)
                pipe.close()


def filter_notices(lines: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield each line that is not a notice of TensorFlow.

    Notices are held back until the run ends. If the line ``SUCCEEDED`` arrives, the
    run has succeeded, and the notices are dropped. If the line ``FAILED`` arrives, or
    if the lines end without either of the two, the run has failed, and the notices are
    yielded after all other lines.

    A notice can have several lines. It ends where TensorFlow's next message starts,
    which may be a notice or not.

    >>> list(filter_notices([b"I0000 00:00:17.5 9 a.cc:1] hello\n", SUCCEEDED]))
    []
    """
    held: list[bytes] = []
    in_notice = False
    for line in lines:
        if line.endswith(SUCCEEDED):
            return
        if line.endswith(FAILED):
            break
        header = HEADER.match(line)
        if header or line.startswith(UNMARKED_NOTICES):
            severity = (header[1] or header[2]) if header else b"W"
            in_notice = severity in b"IW" or any(
                text in line for text in HARMLESS_ERRORS
            )
        if in_notice:
            held.append(line)
        else:
            yield line
    yield from held


def _start_reader() -> subprocess.Popen[bytes] | None:
    """Start a process that runs this file. Return None if it cannot be started.

    The process inherits stderr.
    """
    command = [sys.executable, "-I", "-S", __file__]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE)
    except OSError:
        return None


def _is_descriptor_2(stream: TextIO) -> bool:
    try:
        return stream.fileno() == STDERR
    except (AttributeError, OSError, ValueError):  # a stream without a descriptor
        return False


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # only the run handles Ctrl-C
    for line in filter_notices(sys.stdin.buffer):
        os.write(STDERR, line)


if __name__ == "__main__":
    _main()
