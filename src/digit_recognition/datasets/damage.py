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

MAX_UNPACKED_BYTES = 1_000_000_000
"""Maximum size of the arrays in a file together. MNIST has 55 million bytes."""
