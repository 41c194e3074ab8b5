import numpy as np
import pytest
from scipy import ndimage

from digit_recognition.handwriting.allographs import draw_allographs
from digit_recognition.handwriting.templates import ALLOGRAPHS
from digit_recognition.nondigits.drawings import batch_to_mnist_format


@pytest.mark.parametrize("allograph", ALLOGRAPHS, ids=lambda a: f"{a.digit} {a.name}")
def test_all_variants_of_a_template_can_be_mixed(allograph):
    def form(stroke):
        return [curve.count(",") for curve in stroke.split("/")]

    forms = [[form(stroke) for stroke in variant] for variant in allograph.variants]
    assert all(one == forms[0] for one in forms)


def test_every_digit_is_drawn():
    drawings, digits = draw_allographs(500, np.random.default_rng(0))
    assert drawings.shape == (500, 56, 56)
    assert drawings.dtype == np.float32
    assert 0 <= drawings.min() < drawings.max() <= 1
    assert set(digits) == set(range(10))


def test_drawings_have_the_loops_of_their_digits():
    """A 0, 6 and 9 encloses one piece of paper in most drawings, an 8 two pieces."""
    drawings, digits = draw_allographs(600, np.random.default_rng(1))
    fields = batch_to_mnist_format(drawings)
    loops = np.array([ndimage.label(field < 0.3)[1] - 1 for field in fields])
    for digit, expected in ((0, 1), (1, 0), (6, 1), (8, 2), (9, 1)):
        assert np.median(loops[digits == digit]) == expected


def test_the_generator_determines_the_drawings():
    one, two, other = (
        draw_allographs(20, np.random.default_rng(seed))[0] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_no_drawing_can_be_asked_for():
    drawings, digits = draw_allographs(0, np.random.default_rng(0))
    assert drawings.shape == (0, 56, 56)
    assert digits.shape == (0,)
