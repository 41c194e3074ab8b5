"""Run a Python file or module in a process that is killed when it looks up a name.

``python no_lookups.py [--wait] MODULE ARGUMENT…`` runs the module. With ``--wait``, the
process ends only after ONNX Runtime's telemetry would have looked up a name.

The filter is Linux' seccomp, which also sees what compiled libraries do: it kills the
process with SIGSYS as soon as it opens an internet socket for datagrams, and nothing
looks up a name without one.
"""

from __future__ import annotations

import ctypes
import os
import platform
import runpy
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

SOCKET_CALL = {"x86_64": 41, "aarch64": 198}
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER_MODE = 22, 38, 2
LOAD, JUMP_IF_EQUAL, AND, RETURN = 0x20, 0x15, 0x54, 0x06
KILL, ALLOW = 0x80000000, 0x7FFF0000

KEPT = ("PATH", "SYSTEMROOT", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""Variables that a run takes over from the tests. None of them refuses telemetry."""

SENDS_AFTER = 12
"""Seconds after its import at which ONNX Runtime's telemetry has looked up a name."""


def run_without_lookups(
    home: Path, *command: str, cwd: Path, **environment: str
) -> subprocess.CompletedProcess:
    """Run a Python module; ``home`` takes all that it writes into a user's folders.

    The variables that refuse telemetry are not set. Only Linux can forbid look-ups.
    """
    home.mkdir(exist_ok=True)
    places = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "TMPDIR"), str(home))
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    linux = sys.platform == "linux"
    return subprocess.run(
        [sys.executable, *([__file__] if linux else ["-m"]), *command],
        cwd=cwd,
        env={
            **kept,
            **places,
            **{"PYTHONPATH": f"{cwd / 'src'}", "PYTHONDONTWRITEBYTECODE": "1"},
            "ORT_DISABLE_TELEMETRY": "0",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


class Program(ctypes.Structure):
    """A program for the Berkeley packet filter."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def forbid_lookups() -> None:
    """Kill this process when it opens an internet socket for datagrams."""
    steps = [  # operation, steps to skip if equal, steps to skip if not, value
        (LOAD, 0, 0, 0),  # the number of the system call
        (JUMP_IF_EQUAL, 0, 7, SOCKET_CALL[platform.machine()]),
        (LOAD, 0, 0, 16),  # its first argument
        (JUMP_IF_EQUAL, 1, 0, socket.AF_INET),
        (JUMP_IF_EQUAL, 0, 4, socket.AF_INET6),
        (LOAD, 0, 0, 24),  # its second argument
        (AND, 0, 0, 0xF),  # without flags
        (JUMP_IF_EQUAL, 0, 1, socket.SOCK_DGRAM),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, ALLOW),
    ]
    packed = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    program = Program(len(steps), packed)
    assert libc.prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.byref(program), 0, 0) == 0


def note_import(times: list[float]) -> None:
    """Append the time at which ONNX Runtime is imported to ``times``."""
    while "onnxruntime" not in sys.modules:
        time.sleep(0.1)
    times.append(time.monotonic())


if __name__ == "__main__":
    forbid_lookups()
    del sys.argv[0]
    imported: list[float] = []
    if sys.argv[0] == "--wait":
        del sys.argv[0]
        threading.Thread(target=note_import, args=(imported,), daemon=True).start()
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    finally:
        if imported:
            time.sleep(max(0, imported[0] + SENDS_AFTER - time.monotonic()))
