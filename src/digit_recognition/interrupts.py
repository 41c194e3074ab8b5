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
"""Delay, in seconds, before a KeyboardInterrupt that Python has ignored is raised again
(see `quiet_interrupts`)."""

_ignored = threading.Event()
"""Set when Python has ignored a KeyboardInterrupt."""


def quiet_interrupts() -> None:
    """Change how Python handles a KeyboardInterrupt that no code catches.

    If a KeyboardInterrupt is not caught, for example during imports, Python prints one
    line instead of a traceback. As usual, the process then ends itself with the signal
    SIGINT. In some places, such as destructors, Python ignores exceptions. A
    KeyboardInterrupt that is ignored there is raised again a moment later.
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
            _ignored.set()
            timer = threading.Timer(REPEATED_AFTER, _interrupt_main_thread)
            timer.daemon = True
            timer.start()
        else:
            ignore(ignored)

    sys.excepthook, sys.unraisablehook = report_quietly, repeat


def is_caused_by_interrupt(error: BaseException) -> bool:
    """Return whether an error is a result of Ctrl-C.

    Code that Ctrl-C stops in the middle may raise another error because of it. Python
    then keeps the KeyboardInterrupt as the cause or the context of this error.

    In some places, such as destructors, Python ignores exceptions. After Python has
    ignored a KeyboardInterrupt, any error may be a result of it. The function then
    returns True for all errors.
    """
    if _ignored.is_set():
        return True
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, KeyboardInterrupt):
            return True
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return False


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
    """Make Ctrl-C end the process silently from now on.

    This function is called when Python shuts down, after all results have been saved.
    Without it, Python would print a traceback if Ctrl-C is pressed during the shutdown.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
