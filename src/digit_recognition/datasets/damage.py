"""Errors that NumPy and zipfile raise for damaged, encrypted or unexpected files."""

import lzma
import tokenize
import zipfile
import zlib

DAMAGED_FILE_ERRORS = (
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    tokenize.TokenError,  # an array's header is parsed as Python code
)

MAX_REASON = 200
"""Maximum number of characters that ``describe_damage`` returns. Some messages of
zipfile quote thousands of damaged bytes."""

MAX_UNPACKED_BYTES = 1_000_000_000
"""Maximum total size of a file after unpacking, in bytes. MNIST has 55 million
bytes."""


def describe_damage(error: BaseException) -> str:
    """Return the first line of an error's message, or its class if it has no message.

    The line is cut after MAX_REASON characters.

    >>> describe_damage(EOFError())
    'EOFError'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    reason = lines[0]
    return reason if len(reason) <= MAX_REASON else f"{reason[: MAX_REASON - 1]}…"
