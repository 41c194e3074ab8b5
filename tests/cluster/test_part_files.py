from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digit_recognition.cluster.part_files import SCHEMAS, PartFolder
from digit_recognition.datasets import SharedFolder

READINGS = pd.DataFrame(
    {
        **{"picture": ["a.png", "b.png"], "line": [0, 0], "number": ["07", ""]},
        **{"confidence": [0.99, 0.0], "accepted": ["true", "false"]},
        "reason": ["", "nothing written was found"],
    }
)
DIGITS = pd.DataFrame(
    {
        **{"picture": ["a.png"] * 2, "line": [0, 0], "position": [0, 1]},
        **{"digit": [0, 7], "confidence": [0.995, 0.995]},
        **{"x": [3, 30], "y": [4, 4], "width": [20, 18], "height": [25, 25]},
    }
)
RECORD = {"digest": "ab12", "rows": {"readings": 2, "digits": 2}}


@pytest.fixture
def folder(tmp_path):
    place = SharedFolder(fsspec.filesystem("file"), str(tmp_path))
    folder = PartFolder.create(place, {"model": "ab12"})
    folder.save(0, {"readings": READINGS, "digits": DIGITS}, RECORD)
    return folder


def test_a_partition_has_its_record_and_a_missing_one_has_none(folder):
    assert folder.load_record(0) == RECORD
    assert folder.load_record(1) is None
    pd.testing.assert_frame_equal(folder.load("readings"), READINGS)


@pytest.mark.parametrize("table", SCHEMAS)
def test_a_damaged_partition_counts_as_missing(folder, table):
    path = Path(folder.part_path(table, 0))
    good = path.read_bytes()
    expected = pq.read_table(path)
    noticed = 0
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(good), 200):
        damaged = bytearray(good)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        if folder.load_record(0) is None:
            noticed += 1
        else:  # a statistic, or the name of the program that wrote the file
            assert pq.read_table(path).equals(expected)
    assert noticed > 80


def test_a_file_without_a_record_counts_as_missing(folder):
    schema = SCHEMAS["digits"]
    pq.write_table(
        pa.Table.from_pandas(DIGITS, schema).replace_schema_metadata(None),
        folder.part_path("digits", 0),
    )
    assert folder.load_record(0) is None
