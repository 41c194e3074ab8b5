import subprocess
import sys

import pytest

from digit_recognition.cli.quiet_stderr import FAILED, SUCCEEDED, filter_notices

NOTICES = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written\n",
    b"I0000 00:00:1795604609.731434    5570 cudart_stub.cc:31] Could not find cuda\n",
    b"2026-01-31 12:00:00.000000: W tensorflow/core/data.cc:12] rather slow\n",
    b"To enable the following instructions: AVX2 FMA, in other operations.\n",
    b"E0000 00:00:1795604609.7 5570 text.cc:9] no field use_unbounded_threadpool\n",
    b"  a line that belongs to it\n",
)
ERROR = b"E0000 00:00:1795604609.731434    5570 executor.cc:3] Out of memory\n"


def shown(*lines):
    return list(filter_notices(lines))


def test_notices_are_held_back_and_errors_and_other_lines_are_shown():
    assert shown(*NOTICES, ERROR, b"  of device 0\n", NOTICES[1], SUCCEEDED) == [
        *(ERROR, b"  of device 0\n")
    ]
    assert shown(b"Killed\n", SUCCEEDED) == [b"Killed\n"]


@pytest.mark.parametrize("ending", [[FAILED], []])
def test_all_notices_follow_if_the_run_fails_or_ends_without_a_word(ending):
    assert shown(*NOTICES, ERROR, *ending) == [ERROR, *NOTICES]


def run(body):
    """Run code in a process whose stderr is quiet."""
    code = (
        "import os, sys\n"
        "from digit_recognition.cli.quiet_stderr import quiet_stderr\n"
        "with quiet_stderr(KeyError):\n"
        "    os.write(2, b'I0000 00:00:17.5 9 a.cc:1] notice\\n')\n"
        "    print('from Python', file=sys.stderr)\n"
        f"    {body}\n"
        "os.write(2, b'after\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    return done.stderr


def test_what_python_writes_is_shown_at_once_and_the_descriptor_is_restored():
    assert run("pass") == "from Python\nafter\n"


def test_a_crash_shows_the_notices():
    assert "notice" in run("os.abort()")


def test_an_unexpected_exception_shows_the_notices():
    assert "notice" in run("raise ValueError")


def test_a_mistake_of_the_user_does_not():
    assert "notice" not in run("raise KeyError")
