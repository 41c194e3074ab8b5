import gzip

import numpy as np
import pytest

from digit_recognition.datasets.idx import parse_idx

TWO_LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])
ONE_IMAGE = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4])


def test_labels_and_images_are_read():
    np.testing.assert_array_equal(parse_idx(TWO_LABELS, 1), [7, 3])
    np.testing.assert_array_equal(parse_idx(ONE_IMAGE, 3), [[[1, 2], [3, 4]]])
    assert parse_idx(ONE_IMAGE, 3).dtype == np.uint8


def test_gzipped_bytes_are_read_as_the_same():
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
