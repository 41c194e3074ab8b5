"""Commands of Kedro in forked processes, which need not import TensorFlow again."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

EXIT_CODE_OF_A_BUG = 70


class Done(NamedTuple):
    """A command that has ended: exit code (negative: the signal) and output."""

    code: int
    output: str


def import_slow_packages() -> None:
    """Import what all commands need, before the first fork."""
    for name in (
        *("keras", "matplotlib.pyplot", "plotly.graph_objects", "tensorflow"),
        *("sklearn.linear_model", "tf2onnx", "kedro.framework.cli"),
        *("kedro.framework.session", "digit_recognition.models.onnx_sessions"),
    ):
        import_module(name)


class Forked:
    """``kedro`` with the given arguments, in a forked process of its own."""

    def __init__(
        self, project: Path, *arguments: str, prepare: Callable[[], None] | None = None
    ):
        """Start the command; the new process calls ``prepare`` first."""
        self._output = TemporaryFile("w+")  # noqa: SIM115 (closed by `wait`)
        self.pid = os.fork()
        if self.pid == 0:
            self._run(project, arguments, prepare)

    def _run(
        self,
        project: Path,
        arguments: tuple[str, ...],
        prepare: Callable[[], None] | None,
    ) -> None:
        code = EXIT_CODE_OF_A_BUG
        try:
            for stream in (1, 2):
                os.dup2(self._output.fileno(), stream)
            os.chdir(project)
            warnings.simplefilter("ignore")  # Kedro warns of its own deprecations
            if prepare:
                prepare()
            sys.argv = ["kedro", *arguments]
            from kedro.framework.cli.cli import main

            main()
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else int(bool(exit_.code))
        except BaseException:  # noqa: BLE001 (the child must never return)
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def kill_after(self, seconds: float) -> None:
        """Kill the process after this time, unless it ends before."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended:
                return
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> Done:
        """Wait for the end of the command."""
        _, status = os.waitpid(self.pid, 0)
        self._output.seek(0)
        output = self._output.read()
        self._output.close()
        return Done(os.waitstatus_to_exitcode(status), output)
