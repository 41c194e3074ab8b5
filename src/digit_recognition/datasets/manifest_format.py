"""Encode and decode manifests, which list the SHA-256 digests of saved files.

A manifest has lines in the format of sha256sum, followed by a digest of these lines.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping

LINE = re.compile(r"(\\?)([0-9a-f]{64})  ([^\0]+)")
END = "# SHA-256 of the lines above: "
ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r"})
UNESCAPED = {r"\\": "\\", r"\n": "\n", r"\r": "\r"}


def encode(lines: Mapping[str, str]) -> bytes:
    """Return the content of a manifest file.

    ``lines`` maps paths to SHA-256 digests of 64 hex digits. If a path contains
    backslashes, line feeds or carriage returns, these characters are escaped, and the
    line of this path starts with a backslash, as in sha256sum.
    """
    text = ""
    for path, digest in lines.items():
        escaped = path.translate(ESCAPED)
        text += "" if escaped == path else "\\"
        text += f"{digest}  {escaped}\n"
    content = os.fsencode(text)
    return content + f"{END}{hashlib.sha256(content).hexdigest()}\n".encode()


def decode(content: bytes) -> dict[str, str]:
    """Return the paths and digests in the content of a manifest file, as a dictionary.

    This is the inverse of ``encode``. Raises ValueError if the content is damaged.
    """
    body, end, received = content.rpartition(END.encode())
    if not end or received != f"{hashlib.sha256(body).hexdigest()}\n".encode():
        raise ValueError("the digest of the lines differs")
    lines: dict[str, str] = {}
    for line in os.fsdecode(body).split("\n")[:-1]:
        if not (found := LINE.fullmatch(line)):
            raise ValueError("a line without a digest")
        escaped, digest, path = found.groups()
        lines[_unescape(path) if escaped else path] = digest
    return lines


def _unescape(path: str) -> str:
    return re.sub(r"\\.", lambda found: UNESCAPED.get(found[0], found[0]), path)
