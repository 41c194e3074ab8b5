import numpy as np
import pytest
from scipy import ndimage

from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.ink import ink_is_dark
from digit_recognition.imaging.sheets import without_surroundings, without_table

TABLE, PAPER, WRITING = 0.15, 0.9, 0.3


def sheet_on_table(*spots, table=TABLE):
    """A page of 300 x 400 pixels with a sheet, and with writing at (row, column)."""
    page = np.full((300, 400), table, np.float32)
    page[60:240, 90:330] = PAPER
    for row, column in spots:
        page[row : row + 12, column : column + 5] = WRITING
    return page


@pytest.mark.parametrize("count", [1, 3, 8])
def test_the_table_becomes_paper_and_the_writing_stays(count):
    spots = [(100 + 30 * (n // 4), 130 + 40 * (n % 4)) for n in range(count)]
    page = sheet_on_table(*spots)
    found = without_table(page)
    is_writing = page == np.float32(WRITING)
    np.testing.assert_array_equal(found[is_writing], page[is_writing])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[~is_writing], PAPER, atol=0.01)


def test_a_tilted_sheet_with_writing_needs_no_rectangle():
    rows, columns = np.mgrid[:300, :400]
    page = sheet_on_table(*[(130, 150 + 30 * n) for n in range(4)])
    page[columns > 230 + rows] = page[rows > 320 - columns / 2] = TABLE
    found = without_table(page)
    assert found.min() >= WRITING
    assert (found > 0.85).mean() > 0.98


def test_light_that_varies_on_the_sheet_continues_on_the_table():
    page = sheet_on_table((150, 200), (150, 240), (100, 150), (200, 280))
    page *= np.linspace(0.7, 1, 400, dtype=np.float32)
    found = without_table(page)
    assert found[5, 5] == pytest.approx(PAPER * 0.77, abs=0.03)
    assert found[5, 395] == pytest.approx(PAPER * 0.94, abs=0.03)


def test_light_digits_on_a_dark_page_are_no_sheets():
    rows, columns = np.mgrid[:300, :400]
    ring = np.full((300, 400), TABLE, np.float32)  # a 0 drawn with a broad pen
    away = np.hypot(rows - 150, columns - 200)
    ring[(away > 40) & (away < 100)] = PAPER
    eight = np.full((300, 400), TABLE, np.float32)
    for row in (95, 205):
        away = np.hypot(rows - row, columns - 200)
        eight[(away > 25) & (away < 65)] = PAPER
    one = np.full((300, 400), TABLE, np.float32)
    one[20:280, 180:220] = PAPER
    for page in (ring, eight, one):
        assert without_table(page) is page


def test_ink_that_crosses_the_edge_of_the_sheet_is_not_removed():
    spots = [(100, 120), (100, 180), (160, 120), (160, 180)]
    inside, over_the_edge = sheet_on_table(*spots), sheet_on_table(*spots)
    assert without_table(inside) is not inside
    over_the_edge[140:160, 310:331] = over_the_edge[170:180, 300:312] = TABLE
    thin = sheet_on_table(*spots)
    thin[150:152, 310:331] = TABLE
    near = sheet_on_table(*spots, (150, 323))
    for page in (over_the_edge, thin, near):
        assert without_table(page) is page


def test_ink_where_the_sheet_leaves_the_picture_stays():
    page = sheet_on_table(*[(100, 180 + 30 * n) for n in range(4)])[:, 60:330]
    page[150:162, 264:266] = WRITING  # the sheet reaches the right side
    found = without_table(page)
    assert found is not page
    assert (found[150:162, 264:266] == np.float32(WRITING)).all()


def test_light_ink_beside_a_light_area_is_not_lost():
    spots = [(100 + 30 * (n // 4), 130 + 40 * (n % 4)) for n in range(8)]
    page = sheet_on_table(*spots)
    page[20:50, 20:26] = PAPER  # a light 1
    assert without_table(page) is page
    assert not ink_is_dark(page)
    block = np.full((300, 400), TABLE, np.float32)  # a 0 of straight lines
    block[60:240, 150:250] = PAPER
    block[100:200, 185:215] = TABLE
    assert without_table(block) is block


def test_a_page_of_dark_ink_needs_no_change():
    page = np.full((300, 400), PAPER, np.float32)
    page[100:112, 100:105] = WRITING
    assert without_table(page) is page


def test_a_shadow_is_no_table():
    spots = [(150, 150 + 30 * n) for n in range(5)]
    light = sheet_on_table(*spots, table=0.8)
    gradual = ndimage.gaussian_filter(sheet_on_table(), 12)
    gradual[light == np.float32(WRITING)] = WRITING
    written = sheet_on_table(*spots, table=0.51)
    written[20:32, 40:45] = 0.2
    for page in (light, gradual, written):
        assert without_table(page) is page
        assert ink_is_dark(page)


def test_what_surrounds_a_given_sheet_becomes_paper_if_its_edge_is_sharp():
    page = sheet_on_table((150, 200))
    page[20:50, 20:26] = PAPER  # a light patch on the table
    box = Box(60, 90, 240, 330)
    sheet = page[60:240, 90:330] == np.float32(PAPER)
    found = without_surroundings(page, box, sheet)
    is_writing = page == np.float32(WRITING)
    np.testing.assert_array_equal(found[is_writing], page[is_writing])
    np.testing.assert_allclose(found[~is_writing], PAPER, atol=0.01)
    blurred = ndimage.gaussian_filter(page, 12)
    assert without_surroundings(blurred, box, sheet) is blurred


def test_writing_on_a_ruled_line_that_reaches_the_table_stays():
    page = sheet_on_table((150, 200))
    page[160:163, 90:300] = WRITING
    sheet = page[60:240, 90:330] == np.float32(PAPER)
    found = without_surroundings(page, Box(60, 90, 240, 330), sheet)
    assert found is not page
    assert (found[150:163, 200:205] == np.float32(WRITING)).all()
    assert found[20, 20] > 0.85
