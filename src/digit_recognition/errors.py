"""The error for mistakes that the user can correct, as opposed to bugs."""


class ProjectError(ValueError):
    """A mistake that the user can correct.

    For example, a file is damaged, a parameter is misspelt, or a run needs outputs of
    another run that do not exist yet.

    The message says what was expected, what was received and what to do. ``kedro run``
    shows only the message, without a traceback, and exits with code 1.
    """


def missing_extra(error: ImportError) -> ProjectError:
    """Return the error to raise if an optional package is not installed.

    The package belongs to this project's extra ``dask``. ``error`` is the ImportError
    that Python raised. Its text is part of the returned error's message.
    """
    return ProjectError(
        "expected the packages of the extra `dask`, received a Python without them "
        f"({error}); install them: pip install -r requirements-dask.txt"
    )
