"""Properties that hold for any input, tested on random examples."""

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from imaging.pages import INK, PAPER, blank, inverted, noisy, write
from PIL import Image
from scipy import ndimage

from digit_recognition.datasets.picture_formats import FORMATS
from digit_recognition.imaging.decoding import UnreadablePicture, decode
from digit_recognition.imaging.grayscale import to_grey
from digit_recognition.imaging.mnist_format import to_mnist_format
from digit_recognition.imaging.page_marks import Mark
from digit_recognition.imaging.segmentation import TooManyMarks, find_digits
from digit_recognition.imaging.splitting import merge_marks, split_candidates

examples = settings(max_examples=30, deadline=None, derandomize=True, database=None)
SIDES = st.one_of(st.integers(1, 30), st.integers(31, 200))
SEEDS = st.integers(0, 2**32 - 1)


def encoded(name):
    file = io.BytesIO()
    Image.radial_gradient("L").resize((9, 8)).save(file, name)
    return file.getvalue()


FILES = [b"", *(encoded(form.name) for form in FORMATS)]


@st.composite
def inks(draw):
    """Return random blobs of ink, float32 (h, w) in 0..1, cropped to the ink."""
    rng = np.random.default_rng(draw(SEEDS))
    values = rng.random((draw(SIDES), draw(SIDES)), np.float32)
    values = ndimage.gaussian_filter(values, draw(st.sampled_from([0, 1, 3])))
    values -= np.quantile(values, draw(st.sampled_from([0, 0.3, 0.7])))
    ink = np.clip(values / max(values.max(), 1e-3), 0, 1)
    rows, columns = np.nonzero(ink > 0.25)
    if not len(rows):
        return np.ones((1, 1), np.float32)
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


@examples
@given(inks())
def test_every_ink_becomes_a_centred_field_in_mnists_format(ink):
    field = to_mnist_format(ink)
    assert (field.shape, field.dtype) == ((28, 28), np.float32)
    assert 0 <= field.min() < field.max() == 1
    for axis, centre in enumerate(ndimage.center_of_mass(field)):
        inked = np.flatnonzero(field.any(axis=1 - axis))
        assert np.ptp(inked) + 1 <= 20
        # Ink that would leave the field is centred as far as possible.
        assert abs(centre - 14) <= 0.51 or inked[0] == 0 or inked[-1] == 27


@examples
@given(inks())
def test_the_parts_of_every_cut_make_up_the_mark(ink):
    mark = Mark(7, 5, ink.shape[1], ink.shape[0], ink)
    for left, right in split_candidates(mark):
        whole = merge_marks(left, right)
        # Parts are cropped to ink above 0.25.
        inside = np.s_[whole.y - 5 :, whole.x - 7 :]
        expected = ink[inside][: whole.height, : whole.width]
        inked = expected > 0.25
        np.testing.assert_array_equal(whole.ink[inked], expected[inked])
        assert inked.sum() == (ink > 0.25).sum()


@examples
@given(st.data())
def test_the_negative_of_a_page_has_the_same_marks(digits, data):
    page = blank(200, 420)
    for left in range(20, 400, 100)[: data.draw(st.integers(1, 4))]:
        image = data.draw(st.sampled_from(list(digits["x_test"])))
        write(page, image, data.draw(st.integers(10, 90)), left, scale=3)
    page = noisy(page, data.draw(st.sampled_from([0, 0.02])))
    for line, other in zip(find_digits(page), find_digits(inverted(page)), strict=True):
        for mark, negative in zip(line, other, strict=True):
            assert (mark.x, mark.y) == (negative.x, negative.y)
            np.testing.assert_allclose(mark.field, negative.field, atol=1e-3)


@examples
@given(SIDES, SIDES, st.sampled_from([0.1, 0.5, 0.9]), SEEDS)
def test_the_marks_of_every_page_lie_on_it(height, width, share, seed):
    rng = np.random.default_rng(seed)
    page = np.where(rng.random((height, width)) < share, PAPER, INK)
    try:
        lines = find_digits(page.astype(np.float32))
    except TooManyMarks:
        return
    for mark in (mark for line in lines for mark in line):
        assert mark.ink.shape == (mark.height, mark.width)
        assert 0 <= mark.x < mark.x + mark.width <= width
        assert 0 <= mark.y < mark.y + mark.height <= height
        assert 0 < mark.field.max() <= 1


@examples
@given(SIDES, SIDES, SEEDS)
def test_pixels_of_equal_channels_keep_their_level(height, width, seed):
    levels = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    grey = to_grey(np.stack([levels] * 3, axis=-1))
    np.testing.assert_allclose(grey, levels / 255, atol=1e-6)


@examples
@given(st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_becomes_a_level_of_0_to_1(paper, ink):
    pixels = np.full((40, 30, 3), paper, np.uint8)
    pixels[10:20, 5:15] = ink
    grey = to_grey(pixels)
    assert (grey.shape, grey.dtype) == ((40, 30), np.float32)
    assert 0 <= grey.min() <= grey.max() <= 1


@settings(examples, max_examples=300)
@given(st.sampled_from(FILES), st.data())
def test_decoding_damaged_files_raises_only_unreadable_picture(file, data):
    damaged = bytearray(file[: data.draw(st.just(None) | st.integers(0, len(file)))])
    damaged += data.draw(st.binary(max_size=20))
    if damaged:
        places = st.integers(0, len(damaged) - 1)
        changes = st.dictionaries(places, st.integers(0, 255), min_size=1, max_size=4)
        for place, byte in data.draw(changes).items():
            damaged[place] = byte
    try:
        pages = list(decode(io.BytesIO(damaged)))
    except UnreadablePicture:
        return
    for page in pages:
        assert 0 <= page.grey.min() <= page.grey.max() <= 1
