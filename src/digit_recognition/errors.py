"""The error for mistakes that the user can correct, as opposed to bugs."""


class ProjectError(ValueError):
    """A mistake that the user can correct: in data, parameters or the order of runs.

    The message says what was expected, what was received and what to do. ``kedro run``
    shows only the message, without a traceback, and exits with code 1.
    """
