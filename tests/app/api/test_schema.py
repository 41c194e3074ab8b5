"""Requests that Schemathesis makes from the API's own OpenAPI document."""

import os
import subprocess
import sys

import pytest
from app.files import encoded
from app.serving import served

from digit_recognition.app.api.routes import create_app

pytestmark = pytest.mark.runs

HOOKS = """
import schemathesis
from hypothesis import strategies as st

pictures = st.sampled_from({pictures!r})
schemathesis.openapi.format("binary", pictures)
schemathesis.openapi.media_type("application/octet-stream", pictures)
"""


def test_schemathesis_finds_nothing(service, page_of, tmp_path):
    """It sends pictures where they are valid, and anything else where it is not."""
    pictures = [encoded(page_of(number)) for number in ("7", "20")]
    (tmp_path / "picture_hooks.py").write_text(HOOKS.format(pictures=pictures))
    with served(create_app(service)) as address:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run"),
                f"{address}/openapi.json",
                *("--checks", "all", "--max-examples", "40", "--seed", "1"),
            ],
            cwd=tmp_path,
            env=os.environ
            | {"SCHEMATHESIS_HOOKS": "picture_hooks", "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout
    assert "Tested: 4" in done.stdout
