"""End a command without a traceback whenever Ctrl-C is pressed."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from types import TracebackType
from typing import Any

EXIT_CODE_INTERRUPTED = 128 + signal.SIGINT  # the convention of shells

REPEATED_AFTER = 0.05
"""Seconds after which a KeyboardInterrupt that Python ignored is raised again."""


def quiet_interrupts() -> None:
    """Change how Python handles a KeyboardInterrupt that no code catches.

    A KeyboardInterrupt that is not caught, for example during imports, prints one line
    instead of a traceback. It still ends the process with SIGINT. In some places, such
    as destructors, Python ignores exceptions. A KeyboardInterrupt that is ignored there
    is raised again a moment later.
    """
    report, ignore = sys.excepthook, sys.unraisablehook

    def report_quietly(
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print(str(error) or "Stopped.", file=sys.stderr)
        else:
            report(kind, error, traceback)

    def repeat(ignored: Any) -> None:
        if ignored.exc_type and issubclass(ignored.exc_type, KeyboardInterrupt):
            timer = threading.Timer(REPEATED_AFTER, _interrupt_main_thread)
            timer.daemon = True
            timer.start()
        else:
            ignore(ignored)

    sys.excepthook, sys.unraisablehook = report_quietly, repeat


def _interrupt_main_thread() -> None:
    """Send SIGINT to the main thread, even if the thread is waiting.

    The signal ends a wait such as a sleep. On Windows, ``interrupt_main`` is the only
    way to interrupt the main thread, and it does not end a wait.
    """
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def end_at_interrupts() -> None:
    """Let Ctrl-C end the process silently while Python shuts down.

    Otherwise, Python would print a traceback. All results have been saved by then.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
