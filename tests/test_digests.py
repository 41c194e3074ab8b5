import hashlib

import numpy as np

from digit_recognition.digests import array_digest, combined_digest, weights_digest


def test_a_digest_is_the_sha256_of_the_bytes_in_c_order():
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    expected = hashlib.sha256(bytes(range(6))).hexdigest()
    assert array_digest(array) == expected
    assert array_digest(np.asfortranarray(array)) == expected


def test_a_combined_digest_does_not_depend_on_the_order_of_names():
    one, two = np.ones(1), np.full(1, 2.0)
    both = combined_digest({"a": one, "b": two})
    assert both == combined_digest({"b": two, "a": one})
    assert both != combined_digest({"a": two, "b": one})


def test_the_weights_digest_depends_on_every_bit_the_shape_and_the_dtype():
    weights = [np.zeros((2, 2), np.float32)]
    one_bit = [np.array([[0, 0], [0, np.nextafter(np.float32(0), 1)]], np.float32)]
    digests = {
        weights_digest(weights),
        weights_digest(one_bit),
        weights_digest([np.zeros(4, np.float32)]),
        weights_digest([np.zeros((2, 2), np.int32)]),
    }
    assert len(digests) == 4
    assert weights_digest(weights) == weights_digest([weights[0].copy()])
