import contextlib
import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from digit_recognition.datasets import idx
from digit_recognition.datasets.idx import parse_idx

TWO_LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])
ONE_IMAGE = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4])

ARRAYS = st_numpy.arrays(
    np.uint8, st_numpy.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)
)
quick = settings(max_examples=30, deadline=None, derandomize=True)


def as_idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def test_labels_and_images_are_read():
    np.testing.assert_array_equal(parse_idx(TWO_LABELS, 1), [7, 3])
    np.testing.assert_array_equal(parse_idx(ONE_IMAGE, 3), [[[1, 2], [3, 4]]])
    assert parse_idx(ONE_IMAGE, 3).dtype == np.uint8


def test_gzipped_files_are_read_too():
    np.testing.assert_array_equal(parse_idx(gzip.compress(TWO_LABELS), 1), [7, 3])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "magic number 00000801, received an empty file"),
        (b"\x00\x00\x08\x03" + TWO_LABELS[4:], "magic number 00000801.*00000803"),
        (TWO_LABELS[:-1], r"expected 10 bytes for the shape \(2,\), received 9"),
        (TWO_LABELS + b"\0", "expected 10 bytes.*received 11"),
        (TWO_LABELS[:6], "expected .* bytes"),
        (gzip.compress(TWO_LABELS)[:-9], "whole gzip file"),
    ],
    ids=["empty", "images", "short", "long", "no sizes", "broken gzip"],
)
def test_a_damaged_file_is_refused_with_what_was_expected(content, message):
    with pytest.raises(ValueError, match=message):
        parse_idx(content, 1)


@pytest.mark.parametrize("declared", [2, 10**9])
def test_no_more_than_declared_and_allowed_is_unpacked(declared, monkeypatch):
    monkeypatch.setattr(idx, "MAX_UNPACKED_BYTES", 1000)
    header = bytes([0, 0, 8, 1]) + declared.to_bytes(4, "big")
    bomb = gzip.compress(header + bytes(10**7))
    received = 8 + min(declared, 1000) + 1
    with pytest.raises(ValueError, match=f"received {received}$"):
        parse_idx(bomb, 1)


@quick
@given(ARRAYS, st.booleans())
def test_every_array_is_read_as_it_was_written(array, compressed):
    content = as_idx(array)
    parsed = parse_idx(gzip.compress(content) if compressed else content, array.ndim)
    np.testing.assert_array_equal(parsed, array)
    assert parsed.dtype == np.uint8


@quick
@given(ARRAYS, st.booleans(), st.data())
def test_every_truncated_file_is_refused(array, compressed, data):
    content = gzip.compress(as_idx(array)) if compressed else as_idx(array)
    length = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(ValueError, match=r"expected .*, received"):
        parse_idx(content[:length], array.ndim)


@quick
@given(ARRAYS, st.booleans(), st.data())
def test_a_changed_byte_gives_an_array_or_a_value_error(array, compressed, data):
    content = bytearray(gzip.compress(as_idx(array)) if compressed else as_idx(array))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ValueError):
        assert parse_idx(bytes(content), array.ndim).size == array.size


@quick
@given(st.binary(max_size=64), st.integers(1, 4))
def test_other_bytes_are_refused_with_a_value_error(content, dimensions):
    with pytest.raises(ValueError, match=r"expected .*, received"):
        parse_idx(content, dimensions)
