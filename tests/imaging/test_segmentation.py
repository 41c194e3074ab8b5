import numpy as np
import pytest
from imaging.pages import (
    CONDITIONS,
    INK,
    PAPER,
    blank,
    distance,
    inverted,
    lines_on,
    noisy,
    page_of,
    row_of,
    ruled,
    shaded,
    specked,
    squared,
    write,
)
from scipy import ndimage
from sklearn.svm import SVC

from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.cells import Cell
from digit_recognition.imaging.ink import Ink, find_ink
from digit_recognition.imaging.page_marks import Mark
from digit_recognition.imaging.segmentation import (
    TooManyMarks,
    find_digits,
    find_marks,
    find_unread,
)


def box(mark):
    return mark.x, mark.y, mark.x + mark.width, mark.y + mark.height


def boxes(grey):
    return [[box(mark) for mark in line] for line in find_digits(grey)]


def only_mark(grey):
    """Return the only mark on a page."""
    ((mark,),) = find_digits(grey)
    return mark


def page_with(*inked, shape=(200, 280)):
    """Return a page with ink in boxes of (left, top, right, bottom)."""
    page = blank(*shape)
    for left, top, right, bottom in inked:
        page[top:bottom, left:right] = INK
    return page


def test_an_mnist_image_becomes_one_mark_with_the_same_pixels(digits):
    for image in np.concatenate([digits["x_train"], digits["x_test"]]):
        field = image / np.float32(255)
        mark = only_mark(field)
        assert mark.placed
        np.testing.assert_array_equal(mark.field, field)
        rows, columns = np.nonzero(image)
        inked = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert box(mark) == inked


def test_a_digit_drawn_on_a_page_is_converted_back_to_its_mnist_image(digits):
    found = np.array([only_mark(page_of(image)).field for image in digits["x_test"]])
    expected = digits["x_test"] / 255
    differences = [distance(*pair) for pair in zip(found, expected, strict=True)]
    assert np.mean(differences) < 0.012
    assert max(differences) < 0.06
    np.testing.assert_allclose(found.max(axis=(1, 2)), 1)
    for field in found:
        rows, columns = np.nonzero(field)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        np.testing.assert_allclose(ndimage.center_of_mass(field), 14, atol=0.5)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_digit_is_found_under_each_condition(digits, condition):
    differences = []
    for image in digits["x_test"][::10]:
        page = page_of(image)
        alone, found = only_mark(page), only_mark(condition(page))
        np.testing.assert_allclose(box(found), box(alone), atol=3)
        differences.append(distance(found.field, image / 255))
    assert np.mean(differences) < 0.04
    assert max(differences) < 0.07


@pytest.mark.runs
@pytest.mark.mnist
def test_mnists_test_images_are_recovered_and_still_recognized(whole_mnist):
    mnist = np.load(whole_mnist)
    pixels, labels = mnist["x_test"][:500], mnist["y_test"][:500]
    pages = (write(blank(90, 120), image, 8, 50, scale=2) for image in pixels)
    found = np.array([only_mark(page).field for page in pages])
    images = pixels / 255
    assert np.abs(found - images).mean() < 0.012
    model = SVC(C=5, gamma=0.02).fit(
        mnist["x_train"][:2000].reshape(-1, 784) / 255, mnist["y_train"][:2000]
    )
    correct, before = (
        np.count_nonzero(model.predict(fields.reshape(-1, 784)) == labels)
        for fields in (found, images)
    )
    assert before > 0.9 * len(labels)
    assert correct >= before - 3


@pytest.mark.parametrize("seed", range(3))
def test_digits_are_found_from_left_to_right_with_their_boxes(digits, seed):
    chosen = np.random.default_rng(seed).choice(digits["x_test"], 6)
    page = row_of(chosen)
    (line,) = find_digits(page)
    expected, left = [], 45
    for image in chosen:
        rows, columns = np.nonzero(image > 100)
        first = np.flatnonzero(image.any(axis=0))[0]
        expected.append(
            [
                left + 3 * (columns.min() - first),
                40 + 3 * rows.min(),
                left + 3 * (columns.max() + 1 - first),
                40 + 3 * (rows.max() + 1),
            ]
        )
        left += 3 * (np.ptp(np.flatnonzero(image.any(axis=0))) + 1 + 4)
    np.testing.assert_allclose([box(mark) for mark in line], expected, atol=3)
    for mark, image in zip(line, chosen, strict=True):
        assert distance(mark.field, image / 255) < 0.05
    assert boxes(inverted(page)) == [[box(mark) for mark in line]]


def test_a_mark_has_its_box_on_the_page_and_the_ink_in_it():
    page = page_with((100, 50, 112, 90), (180, 40, 190, 95))
    ((left, right),) = find_digits(page)
    assert (left.x, left.y, left.width, left.height) == (100, 50, 12, 40)
    assert box(right) == (180, 40, 190, 95)
    np.testing.assert_allclose(left.ink, np.ones((40, 12)), atol=1e-5)
    assert left.ink.dtype == np.float32
    assert not left.placed


def test_tilted_lines_are_ordered_from_top_to_bottom():
    above = [(20 + 60 * i, 30 - 8 * i + 10, 32 + 60 * i, 80 - 8 * i) for i in range(4)]
    below = [(15 + 60 * i, 130 - 8 * i, 27 + 60 * i, 180 - 8 * i) for i in range(4)]
    assert boxes(page_with(*below[::-1], *above)) == [above, below]


@pytest.mark.parametrize(
    "page",
    [
        blank(),
        inverted(blank()),
        shaded(blank()),
        shaded(blank()).T,
        noisy(blank()),
        noisy(shaded(blank())),
        ruled(blank()),
        squared(blank()),
        np.zeros((28, 28), np.float32),
        np.ones((4, 4), np.float32),
        np.random.default_rng(0).random((200, 280), np.float32),
    ],
)
def test_paper_shadows_rulings_and_noise_are_no_digits(page):
    assert find_digits(page) == []


def test_a_page_of_texture_is_refused():
    page = blank(600, 600)
    for row in range(3):
        for column in range(3):
            page[row::10, column::10] = INK
    with pytest.raises(TooManyMarks, match=r"^3,600 pieces of ink side by side$"):
        find_digits(page)


def test_specks_are_removed_and_a_small_digit_is_kept():
    tall, small, speck = (100, 50, 112, 150), (160, 110, 166, 150), (20, 30, 32, 42)
    assert boxes(page_with(tall, small, speck)) == [[tall, small]]


def test_specks_do_not_change_a_line_of_digits(digits):
    page = row_of(digits["x_test"][::20])
    np.testing.assert_allclose(boxes(specked(page)), boxes(page), atol=3)


@pytest.mark.parametrize("digit", range(10))
def test_a_broken_digit_is_one_mark(digits, digit):
    page = page_of(digits["x_test"][10 * digit])
    whole = only_mark(page)
    middle = whole.y + whole.height // 2
    page[middle - 2 : middle + 2] = PAPER
    broken = only_mark(page)
    assert box(broken) == box(whole)
    assert not broken.ink[middle - 1 - whole.y].any()


FIVE = ((100, 60), (100, 95), (130, 95), (148, 115), (130, 140), (100, 140))


@pytest.mark.parametrize("gap", [4, 10, 20])
def test_the_detached_bar_of_a_five_belongs_to_it(gap):
    bar = ((100 + gap, 60), (150, 56))
    assert box(only_mark(lines_on(blank(), [FIVE, bar], 7))) == pytest.approx(
        (97, 53, 152, 144), abs=1
    )


def test_a_flat_bar_beside_a_stroke_belongs_to_it():
    stroke, bar = (100, 60, 107, 150), (121, 60, 151, 67)
    assert boxes(page_with(stroke, bar)) == [[(100, 60, 151, 150)]]


def test_a_tall_stroke_inside_another_shape_belongs_to_it():
    cup = (100, 50, 108, 110), (142, 50, 150, 110), (100, 102, 150, 110)
    assert boxes(page_with(*cup, (122, 50, 128, 90))) == [[(100, 50, 150, 110)]]


def test_tall_strokes_side_by_side_are_two_digits():
    ones = [(100, 50, 112, 150), (118, 50, 130, 150)]
    assert boxes(page_with(*ones)) == [ones]


@pytest.mark.parametrize("pitch", [10, 30])
def test_lines_that_nearly_touch_are_not_one_broken_digit(pitch):
    near = [(x, y, x + 4, y + 16) for y in (20, 39, 58, 77) for x in (100, 110)]
    others = [(20 + i * pitch, 150, 24 + i * pitch, 166) for i in range(8)]
    found = boxes(page_with(*near, *others))
    assert sorted(b for line in found for b in line) == sorted([*near, *others])


@pytest.mark.parametrize("width", [1, 2, 3])
def test_hairlines_on_a_large_page_are_widened_to_mnists_strokes(width):
    seven = ((150, 300), (450, 300), (300, 800))
    thin = only_mark(lines_on(blank(1050, 800), [seven], width))
    assert box(thin) == pytest.approx((150, 300, 451, 801), abs=2)
    thick = only_mark(lines_on(blank(1050, 800), [seven], 50))
    assert distance(thin.field, thick.field) < 0.06
    assert thin.field.sum() > 0.5 * thick.field.sum()


@pytest.mark.parametrize("end", [0, 2])
@pytest.mark.parametrize("width", [4, 12])
def test_a_one_may_be_as_high_as_the_page(end, width):
    stroke = (130, end, 130 + width, 200 - end)
    mark = only_mark(page_with(stroke))
    assert box(mark) == stroke
    assert not mark.perhaps_frame


@pytest.mark.parametrize("end", [0, 2])
def test_two_thin_lines_as_high_as_the_page_are_rulings(end):
    lines = [(x, end, x + 3, 200 - end) for x in (40, 240)]
    assert boxes(page_with(*lines)) == []
    digit = (130, 60, 142, 140)
    assert boxes(page_with(*lines, digit)) == [[digit]]


def test_a_horizontal_line_across_the_page_is_a_ruling():
    digit = (130, 60, 142, 140)
    assert boxes(page_with(digit, (2, 180, 278, 183))) == [[digit]]


def test_the_boxes_of_a_form_are_removed():
    page = blank()
    ones = []
    for left in (20, 100, 180):
        page[40:160, left : left + 70] = INK
        page[43:157, left + 3 : left + 67] = PAPER
        ones.append((left + 30, 60, left + 42, 140))
        page[60:140, left + 30 : left + 42] = INK
    assert boxes(page) == [ones]


def test_a_digit_that_touches_the_frame_of_faint_boxes_is_in_its_cell():
    page = blank(120, 260)
    for left in (20, 120):
        page[20:100, left : left + 101] = 0.75
        page[22:98, left + 2 : left + 99] = PAPER
    page[35:85, 60:68] = page[20:80, 160:168] = INK  # the second touches the frame
    without_frames, in_cells = find_marks(find_ink(page))
    assert sorted(mark.x for mark in without_frames) == [60]
    assert sorted(mark.x for mark in in_cells) == [60, 160]
    assert all(mark.cell for mark in in_cells)


@pytest.mark.parametrize(("boxes", "in_doubt"), [(2, [183]), (0, [])])
def test_a_line_of_a_cell_that_was_not_found_may_be_a_frame(boxes, in_doubt):
    """The last box lacks its lower line; its other lines may be a 7."""
    page = blank(120, 340)
    for left in (20, 100):
        page[20:100, left : left + 81] = INK
        page[23:97, left + 3 : left + 78] = PAPER
    page[20:23, 180:230] = page[20:90, 224:230] = INK
    for left in (55, 135)[:boxes]:
        page[35:85, left : left + 6] = INK
    lists = list(find_marks(find_ink(page)))
    marks = [mark for mark in lists[-1] if mark.perhaps_frame]
    assert [mark.x for mark in marks] == in_doubt


@pytest.mark.parametrize(("width", "columns"), [(2, [55, 135]), (8, [55, 75, 135])])
def test_hairlines_are_no_marks_on_a_page_of_boxes(width, columns):
    page = blank(120, 260)
    for left in (20, 100):
        page[20:100, left : left + 81] = INK
        page[23:97, left + 3 : left + 78] = PAPER
        page[35:85, left + 35 : left + 43] = INK
    page[35:85, 75 : 75 + width] = INK
    *_, in_cells = find_marks(find_ink(page))
    assert sorted(mark.x for mark in in_cells) == columns


def test_pencil_is_kept_alone_and_ignored_beside_a_marker():
    faint = page_with()
    faint[50:130, 60:72] = 0.75
    assert boxes(faint) == [[(60, 50, 72, 130)]]
    faint[50:130, 160:172] = 0.05
    assert boxes(faint) == [[(160, 50, 172, 130)]]


@pytest.mark.parametrize(("beside", "marks"), [(PAPER, 1), (0.5, 0), (0.2, 0)])
def test_the_edge_of_the_paper_on_a_darker_table_is_no_digit(beside, marks):
    stroke = np.zeros((200, 280), np.float32)
    stroke[40:80, 140:143] = 1
    grey = np.where(stroke, np.float32(0.5), PAPER)
    grey[:, :140] = beside
    (found,) = find_marks(Ink(grey, stroke, stroke, 0.06, 3.0))
    assert len(found) == marks


@pytest.mark.parametrize(("darkest", "unwritten"), [(0.4, False), (0.8, True)])
def test_no_pen_writes_ink_that_varies_much(darkest, unwritten):
    page = page_with((130, 60, 146, 140))
    page[60:140, 130:146] = PAPER - np.linspace(0.3, darkest, 80)[:, None]
    assert only_mark(page).unwritten == unwritten
    assert not only_mark(page_with((130, 60, 146, 140))).unwritten


@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize(("spots", "unwritten"), [(0, False), (10, True)])
def test_a_strip_of_paper_with_writing_is_no_light_one(spots, unwritten, ruled):
    sheet = np.zeros((900, 400), np.float32)
    sheet[40:860, 90:310] = 1
    if ruled:  # from the left edge on
        sheet[85:850:110, 90:290] = sheet[86:850:110, 90:290] = 0
    for row in range(spots):
        sheet[100 + 75 * row : 125 + 75 * row, 190:205] = 0
    one = Ink(1 - 0.9 * sheet, sheet, sheet, 0.06, 180.0)
    marks = next(find_marks(one))
    assert any(mark.unwritten for mark in marks) == unwritten


def test_a_digit_of_rough_strokes_is_no_strip_of_paper():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:400, :300]
    away = np.hypot((rows - 200) / 1.4, columns - 150)
    ring = ((away > 60) & (away < 110) & (rng.random(away.shape) > 0.1)) * 1.0
    ring = ring.astype(np.float32)
    (zero,) = next(find_marks(Ink(1 - 0.9 * ring, ring, ring, 0.06, 50.0)))
    assert not zero.unwritten


def test_the_input_page_is_not_modified(digits):
    page = noisy(page_of(digits["x_test"][0]))
    before = page.copy()
    find_digits(page)
    np.testing.assert_array_equal(page, before)


def test_a_placed_mark_keeps_its_position_in_the_field():
    ink = np.random.default_rng(0).random((20, 9), np.float32)
    field = np.pad(ink, ((3, 5), (12, 7)))
    np.testing.assert_array_equal(Mark(12, 3, 9, 20, ink, placed=True).field, field)


def test_the_box_of_a_mark_at_the_edge_of_a_reduced_page_ends_with_the_page():
    mark = Mark(8, 6, 3, 4, np.ones((4, 3), np.float32))  # of a page of (10, 11)
    large = mark.enlarged(2, (19, 21))
    assert large.box == (12, 16, 19, 21)


def test_ink_of_which_only_a_speck_is_a_mark_is_unread():
    ink = find_ink(page_with((40, 30, 48, 130)))
    speck, inner = (
        Mark(40, 85 - height // 2, 4, height, np.ones((height, 4), np.float32))
        for height in (9, 60)
    )
    (found,) = find_unread(ink, [speck]).boxes
    np.testing.assert_allclose(found, (30, 40, 130, 48), atol=3)
    assert find_unread(ink, [inner]).boxes == []


def test_the_soft_edge_of_a_digit_in_a_cell_is_not_unread():
    page = page_with((80, 30, 86, 90))
    grid = Box(20, 20, 100, 140)
    cell = Cell(Box(20, 60, 100, 100), grid)
    for width, count in ((5, 0), (1, 1)):
        narrow = Mark(80, 30, width, 60, np.ones((60, width), np.float32))
        found = find_unread(find_ink(page), [narrow], [cell])
        assert len(found.boxes) == count


def test_a_mark_over_two_cells_leaves_their_ink_unread():
    page = blank(160, 160)
    page[30:60, 40:48] = page[90:120, 40:48] = INK
    cells = [Cell(Box(top, 20, top + 50, 70), Box(20, 20, 130, 70)) for top in (20, 80)]
    ink = find_ink(page)
    both = Mark(40, 30, 8, 90, np.ones((90, 8), np.float32))
    single = Mark(40, 30, 8, 30, np.ones((30, 8), np.float32))
    tops = [box.top for box in find_unread(ink, [both], cells).boxes]
    np.testing.assert_allclose(sorted(tops), [30, 90], atol=3)
    assert [box.top > 60 for box in find_unread(ink, [single], cells[:1]).boxes] == [
        True
    ]
