import numpy as np
import pytest
from imaging.pages import INK, apart, blank, lines_on, row_of

from digit_recognition.imaging.segmentation import Mark, find_digits
from digit_recognition.imaging.splitting import merge_marks, split_candidates


def mark_of(ink, x=40, y=30):
    height, width = ink.shape
    return Mark(x, y, width, height, np.asarray(ink, np.float32))


def box(mark):
    return mark.x, mark.y, mark.x + mark.width, mark.y + mark.height


def rings(*centres):
    """Ink, in a page of 80 x 160, of rings 52 wide, 60 high and 8 thick."""
    rows, columns = np.mgrid[:80, :160]
    ink = np.zeros((80, 160), bool)
    for centre in centres:
        x, y = (columns - centre + 0.5) / 26, (rows - 39.5) / 30
        inner = ((columns - centre + 0.5) / 18) ** 2 + ((rows - 39.5) / 22) ** 2
        ink |= (x**2 + y**2 <= 1) & (inner > 1)
    return ink


def test_rings_that_hold_hands_are_cut_between_them():
    left, right, hands = rings(40), rings(98), np.zeros((80, 160), bool)
    hands[36:42, 60:78] = True
    ink = (left | right | hands)[10:70, 14:124]
    one, other = next(split_candidates(mark_of(ink, 14, 10)))
    assert (box(one)[:2], box(other)[2:]) == ((14, 10), (124, 70))
    for part, whole in ((one, left), (other, right)):
        there = np.s_[part.y : part.y + part.height, part.x : part.x + part.width]
        assert not (part.ink > whole[there])[~hands[there]].any()
        assert (part.ink > 0.5).sum() == pytest.approx(whole.sum(), rel=0.03)


def test_a_cut_goes_round_the_strokes_that_lean():
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


def test_two_digits_that_touch_come_back_as_they_were(digits):
    zeros = digits["x_train"][digits["y_train"] == 0][:2]
    ((mark,),) = find_digits(row_of(zeros, gap=-1))
    for part, image in zip(next(split_candidates(mark)), zeros, strict=True):
        assert apart(part.field, image / 255) < 0.03


def test_the_parts_share_out_the_ink():
    mark = mark_of(rings(40, 88)[10:70, 14:114] * 0.9)
    ways = list(split_candidates(mark))
    assert 1 <= len(ways) <= 3
    for parts in ways:
        whole = merge_marks(*parts)
        assert box(whole) == box(mark)
        np.testing.assert_array_equal(whole.ink, mark.ink)
        assert sum(part.ink.sum() for part in parts) == pytest.approx(mark.ink.sum())


def test_each_part_is_tall_and_touches_its_box(digits):
    for pair in zip(digits["x_train"][::8], digits["x_train"][3::8], strict=False):
        for line in find_digits(row_of(pair, gap=-3)):
            for mark in line:
                for part in (
                    part for parts in split_candidates(mark) for part in parts
                ):
                    assert part.ink.shape == (part.height, part.width)
                    assert part.height >= 0.6 * mark.height
                    inked = part.ink > 0.25
                    sides = inked[0], inked[-1], inked[:, 0], inked[:, -1]
                    assert all(side.any() for side in sides)


def test_what_has_one_tall_side_only_is_not_cut():
    angle = np.zeros((60, 50))
    angle[:, :8] = angle[-8:] = 1
    assert list(split_candidates(mark_of(angle))) == []


def test_of_many_places_three_are_tried():
    comb = np.ones((40, 70))
    for tooth in range(0, 70, 10):
        comb[:36, tooth + 5 : tooth + 10] = 0
    assert len(list(split_candidates(mark_of(comb[:, :65])))) == 3


@pytest.mark.parametrize("shape", [(1, 1), (40, 2), (3, 3), (1, 90)])
def test_what_is_narrow_or_flat_gives_no_error(shape):
    for parts in split_candidates(mark_of(np.ones(shape))):
        assert sum(part.ink.sum() for part in parts) == np.prod(shape)


def test_joined_marks_have_the_box_and_the_ink_of_both():
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
