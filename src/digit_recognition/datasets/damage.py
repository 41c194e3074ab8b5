"""Errors of NumPy and zipfile for damaged, encrypted, oversized or foreign files."""

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
"""Maximum number of characters of a reason. zipfile quotes thousands of damaged bytes.
"""

MAX_UNPACKED_BYTES = 1_000_000_000
"""Maximum size of the arrays in a file together. MNIST has 55 million bytes."""


def describe_damage(error: BaseException) -> str:
    """Return the error's first line, or its class, in at most MAX_REASON characters.

    >>> describe_damage(EOFError())
    'EOFError'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    reason = lines[0]
    return reason if len(reason) <= MAX_REASON else f"{reason[: MAX_REASON - 1]}…"
