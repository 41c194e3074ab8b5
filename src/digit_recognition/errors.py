"""What a person can put right, told apart from what is a fault of the code."""


class ProjectError(ValueError):
    """Something in the data, parameters or order of runs that a person can put right.

    ``kedro run`` shows its message alone, without a traceback, and exits with 1. The
    message says what was expected, what was received and what to do.
    """
