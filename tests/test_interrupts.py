import signal
import subprocess
import sys
import textwrap

import pytest
from conftest import ROOT

START = "from digit_recognition.interrupts import *; quiet_interrupts()"


def run(code):
    """Run the code after quiet_interrupts() in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", f"{START}\n{textwrap.dedent(code)}"],
        cwd=ROOT / "src",
        capture_output=True,
        text=True,
        check=False,
        timeout=25,
    )


@pytest.mark.parametrize(
    ("raised", "line"),
    [("KeyboardInterrupt", "Stopped."), ("KeyboardInterrupt('Done 1.')", "Done 1.")],
)
def test_ctrl_c_during_imports_is_one_line(raised, line):
    done = run(f"raise {raised}")
    assert done.returncode == -signal.SIGINT
    assert done.stderr == f"{line}\n"


def test_ctrl_c_in_a_destructor_stops_the_process_all_the_same():
    done = run(
        """
        import time
        class Ignoring:
            def __del__(self):
                raise KeyboardInterrupt
        Ignoring()
        time.sleep(30)
        print("finished")
        """
    )
    assert done.returncode == -signal.SIGINT
    assert "finished" not in done.stdout
    assert done.stderr == "Stopped.\n"


def test_an_error_that_ctrl_c_caused_is_told_from_others():
    done = run(
        """
        def errors():
            try:
                try:
                    raise KeyboardInterrupt
                finally:
                    {}["half built"]
            except KeyError as error:
                yield error
            yield KeyError("other")
            class Ignoring:
                def __del__(self):
                    raise KeyboardInterrupt
            Ignoring()
            yield KeyError("after Ctrl-C was ignored")
        print([is_caused_by_interrupt(error) for error in errors()])
        """
    )
    assert done.stdout == "[True, False, True]\n"


def test_other_errors_keep_their_traceback():
    done = run("1 / 0")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr + done.stdout


def test_ctrl_c_while_python_ends_prints_nothing():
    done = run(
        """
        import atexit
        atexit.register(signal.raise_signal, signal.SIGINT)
        atexit.register(end_at_interrupts)
        """
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr == ""
