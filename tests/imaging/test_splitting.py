import numpy as np
import pytest
from imaging.pages import INK, blank, distance, lines_on, row_of

from digit_recognition.imaging.page_marks import Mark, placed_mark
from digit_recognition.imaging.segmentation import find_digits
from digit_recognition.imaging.splitting import merge_marks, split_candidates


def mark_of(ink, x=40, y=30):
    height, width = ink.shape
    return Mark(x, y, width, height, np.asarray(ink, np.float32))


def box(mark):
    return mark.x, mark.y, mark.x + mark.width, mark.y + mark.height


def rings(*centres):
    """Return a mask of 80 x 160 with rings 52 wide, 60 high and 8 thick."""
    rows, columns = np.mgrid[:80, :160]
    ink = np.zeros((80, 160), bool)
    for centre in centres:
        x, y = (columns - centre + 0.5) / 26, (rows - 39.5) / 30
        inner = ((columns - centre + 0.5) / 18) ** 2 + ((rows - 39.5) / 22) ** 2
        ink |= (x**2 + y**2 <= 1) & (inner > 1)
    return ink


def test_two_rings_joined_by_a_bar_are_cut_at_the_bar():
    left, right, bar = rings(40), rings(98), np.zeros((80, 160), bool)
    bar[36:42, 60:78] = True
    ink = (left | right | bar)[10:70, 14:124]
    one, other = next(split_candidates(mark_of(ink, 14, 10)))
    assert (box(one)[:2], box(other)[2:]) == ((14, 10), (124, 70))
    for part, whole in ((one, left), (other, right)):
        there = np.s_[part.y : part.y + part.height, part.x : part.x + part.width]
        assert not (part.ink > whole[there])[~bar[there]].any()
        assert (part.ink > 0.5).sum() == pytest.approx(whole.sum(), rel=0.03)


def test_a_cut_follows_the_gap_between_slanted_strokes():
    first, second = ((60, 20), (20, 140)), ((90, 20), (50, 140))
    page = lines_on(blank(), [first, second, ((43, 95), (62, 95))], 6)
    ink = page[20:141, 17:94] == INK
    left, right = next(split_candidates(mark_of(ink, 17, 20)))
    for part, line in ((left, first), (right, second)):
        stroke = lines_on(blank(), [line], 6) == INK
        found = np.zeros_like(stroke)
        there = np.s_[part.y : part.y + part.height, part.x : part.x + part.width]
        found[there] = part.ink > 0.5
        assert (found & stroke).sum() > 0.95 * stroke[20:141].sum()


def test_two_touching_digits_are_split_into_their_mnist_images(digits):
    zeros = digits["x_train"][digits["y_train"] == 0][:2]
    ((mark,),) = find_digits(row_of(zeros, gap=-1))
    for part, image in zip(next(split_candidates(mark)), zeros, strict=True):
        assert distance(part.field, image / 255) < 0.03


def test_the_parts_of_each_cut_have_all_of_the_ink():
    mark = mark_of(rings(40, 88)[10:70, 14:114] * 0.9)
    ways = list(split_candidates(mark))
    assert 1 <= len(ways) <= 5
    for parts in ways:
        whole = merge_marks(*parts)
        assert box(whole) == box(mark)
        np.testing.assert_array_equal(whole.ink, mark.ink)
        assert sum(part.ink.sum() for part in parts) == pytest.approx(mark.ink.sum())


def test_each_part_is_tall_and_cropped_to_its_ink(digits):
    count = 0
    for pair in zip(digits["x_train"][::8], digits["x_train"][3::8], strict=False):
        marks = [mark for line in find_digits(row_of(pair, gap=-3)) for mark in line]
        for mark, parts in ((m, parts) for m in marks for parts in split_candidates(m)):
            for part in parts:
                count += 1
                assert part.ink.shape == (part.height, part.width)
                assert part.height >= 0.6 * mark.height
                inked = part.ink > 0.25
                sides = inked[0], inked[-1], inked[:, 0], inked[:, -1]
                assert all(side.any() for side in sides)
    assert count > 50


def test_a_mark_with_only_one_tall_side_is_not_split():
    angle = np.zeros((60, 50))
    angle[:, :8] = angle[-8:] = 1
    assert list(split_candidates(mark_of(angle))) == []


def test_at_most_five_cuts_are_tried():
    comb = np.ones((40, 70))
    for tooth in range(0, 70, 10):
        comb[:36, tooth + 5 : tooth + 10] = 0
    assert len(list(split_candidates(mark_of(comb[:, :65])))) == 5


def test_merged_marks_have_the_box_and_the_ink_of_both():
    left, right = (
        mark_of(np.full((4, 2), 0.5), 10, 20),
        mark_of(np.ones((3, 3)), 11, 18),
    )
    both = merge_marks(left, right)
    expected = np.zeros((6, 4))
    expected[2:6, 0:2] = 0.5
    expected[0:3, 1:4] = 1
    assert box(both) == (10, 18, 14, 24)
    np.testing.assert_array_equal(both.ink, expected)
    np.testing.assert_array_equal(merge_marks(right, left).ink, expected)


def test_the_parts_stand_beside_each_other(digits):
    for image in digits["x_train"][::4]:
        mark = placed_mark(image.reshape(28, 28).astype(np.float32) / 255)
        for left, right in split_candidates(mark):
            shared = left.x + left.width - right.x
            assert shared <= max(min(left.width, right.width) / 2, mark.height / 10)
