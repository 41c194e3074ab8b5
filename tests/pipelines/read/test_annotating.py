import inspect
import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from digit_recognition.datasets import Picture, PicturesDataset
from digit_recognition.datasets.csv_safety import escape_cell
from digit_recognition.pipelines.read.annotating import (
    TILE_TEXT_WIDTH,
    _shorten,
    annotate_pictures,
)
from digit_recognition.plotting.page_drawing import (
    ACCEPTED_COLOUR,
    MAX_SIDE,
    MIN_SIDE,
    REVIEW_COLOUR,
    font,
)
from digit_recognition.recognition.read_parameters import ReadParameters

READINGS = ["picture", "line", "number", "confidence", "accepted", "reason"]
DIGITS = [
    *("picture", "line", "position", "digit", "confidence"),
    *("x", "y", "width", "height"),
]
NO_DIGITS = pd.DataFrame(columns=DIGITS)
SIZE = (400, 300)
ONE_PAGE = {"pages": {}}
PARAMETERS = ReadParameters(max_error=0.01)


@pytest.fixture
def annotated(tmp_path):
    """Return a function that annotates white pictures: images by their names."""

    def annotate(names, readings, digits=()):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            Image.new("RGB", SIZE, "white").save(tmp_path / name, "PNG")
        found = annotate_pictures(
            PicturesDataset(filepath=str(tmp_path)).load(),
            pd.DataFrame(readings, columns=READINGS),
            pd.DataFrame(digits, columns=DIGITS),
            ONE_PAGE,
            PARAMETERS,
        )
        return dict(found)

    return annotate


def test_the_node_is_no_generator_function_because_kedro_would_save_it_in_chunks():
    assert not inspect.isgeneratorfunction(annotate_pictures)


def has(image, colour):
    return bool((np.asarray(image) == colour).all(axis=2).any())


def box_of(image, colour):
    """Return left, top, right and bottom of the pixels of one colour."""
    rows, columns = np.nonzero((np.asarray(image) == colour).all(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize(
    ("accepted", "reason", "colour", "other"),
    [
        (True, "", ACCEPTED_COLOUR, REVIEW_COLOUR),
        (False, "unsure (60%)", REVIEW_COLOUR, ACCEPTED_COLOUR),
    ],
)
def test_accepted_numbers_are_green_and_numbers_to_check_are_orange(
    annotated, accepted, reason, colour, other
):
    found = annotated(
        ["1.png"],
        [("1.png", 0, "7", 0.9, accepted, reason)],
        [("1.png", 0, 0, 7, 0.9, 100, 120, 40, 60)],
    )
    assert list(found) == ["pictures/1.png", "sheets/0001"]
    for image in found.values():
        assert has(image, colour)
        assert not has(image, other)


def test_the_box_surrounds_the_digit(annotated):
    found = annotated(
        ["1.png"],
        [("1.png", 0, "7", 0.9, True, "")],
        [("1.png", 0, 0, 7, 0.9, 100, 120, 80, 60)],
    )
    left, _, right, bottom = box_of(found["pictures/1.png"], ACCEPTED_COLOUR)
    assert found["pictures/1.png"].size == SIZE
    assert abs(left - 99) <= 1
    assert abs(right - 182) <= 1
    assert abs(bottom - 182) <= 1


def test_each_line_of_a_picture_has_its_own_colour(annotated):
    found = annotated(
        ["1.png"],
        [("1.png", 0, "7", 0.9, True, ""), ("1.png", 1, "1", 0.5, False, "unsure")],
        [
            ("1.png", 0, 0, 7, 0.9, 100, 60, 40, 60),
            ("1.png", 1, 0, 1, 0.5, 100, 200, 40, 60),
        ],
    )
    picture = found["pictures/1.png"]
    assert box_of(picture, ACCEPTED_COLOUR)[3] < box_of(picture, REVIEW_COLOUR)[1]
    assert has(found["sheets/0001"], REVIEW_COLOUR)


@pytest.mark.parametrize("place", [(0, 0), (390, 0), (0, 290), (390, 290)])
def test_a_label_stays_within_the_picture(annotated, place):
    found = annotated(
        ["1.png"],
        [("1.png", 0, "7", 0.9, True, "")],
        [("1.png", 0, 0, 7, 0.9, *place, 10, 10)],
    )
    left, top, right, bottom = box_of(found["pictures/1.png"], ACCEPTED_COLOUR)
    assert right - left > 20
    assert bottom - top > 15


@pytest.mark.parametrize(
    ("size", "shown"),
    [((28, 28), (MIN_SIDE, MIN_SIDE)), ((4000, 1000), (MAX_SIDE, MAX_SIDE // 4))],
)
def test_small_pictures_are_enlarged_and_large_ones_reduced_with_their_boxes(
    tmp_path, size, shown
):
    Image.new("L", size, "white").save(tmp_path / "1.png")
    readings = pd.DataFrame([("1.png", 0, "1", 1.0, True, "")], columns=READINGS)
    box = [side // 2 for side in size] + [side // 4 for side in size]
    digits = pd.DataFrame([("1.png", 0, 0, 1, 1.0, *box)], columns=DIGITS)
    pictures = PicturesDataset(filepath=str(tmp_path)).load()
    _, picture = next(
        annotate_pictures(pictures, readings, digits, ONE_PAGE, PARAMETERS)
    )
    assert picture.size == shown
    _, _, right, bottom = box_of(picture, ACCEPTED_COLOUR)
    np.testing.assert_allclose(
        (right, bottom), [side * 3 / 4 for side in shown], atol=0.02 * shown[0]
    )


def test_each_sheet_has_thirty_pictures(annotated):
    names = [f"{number}.png" for number in range(31)]
    readings = [(name, 0, "", 0.0, False, "nothing") for name in names]
    found = annotated(names, readings)
    assert [name for name in found if name.startswith("sheets")] == [
        *("sheets/0001", "sheets/0002")
    ]
    first, last = found["sheets/0001"], found["sheets/0002"]
    assert first.width == last.width
    assert first.height > 5 * last.height


def test_unreadable_pictures_are_only_on_the_sheet(tmp_path):
    (tmp_path / "1.png").write_text("no picture")
    pictures = [Picture("1.png", tmp_path / "1.png"), Picture("a", tmp_path, "locked")]
    readings = pd.DataFrame(
        [(picture.name, 0, "", 0.0, False, "why") for picture in pictures],
        columns=READINGS,
    )
    found = dict(
        annotate_pictures(
            pictures, readings, pd.DataFrame(columns=DIGITS), ONE_PAGE, PARAMETERS
        )
    )
    assert list(found) == ["sheets/0001"]
    assert has(found["sheets/0001"], REVIEW_COLOUR)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "=1+1.png",
            "a/1.png",
            "\x1b\u202e.png",
            "文字 'ü'.png",
            "new\nline.png",
            "x" * 240 + ".png",
        ),
        os.fsdecode(b"\xff.png"),
    ],
)
def test_pictures_with_unusual_names_get_their_rows(annotated, name):
    found = annotated(
        [name],
        [(escape_cell(name), 0, "1", 1.0, True, "")],
        [(escape_cell(name), 0, 0, 1, 1.0, 10, 10, 50, 50)],
    )
    assert list(found) == [f"pictures/{name}", "sheets/0001"]
    assert has(found[f"pictures/{name}"], ACCEPTED_COLOUR)


@pytest.mark.parametrize("text", ["7" * 4000, "folder/" * 600, "\u0301" * 4000])
def test_a_long_label_is_cut_to_the_longest_text_that_fits(text):
    lengths = []

    class Face:
        def getlength(self, text):
            lengths.append(len(text))
            return font(12).getlength(text)

    cut = _shorten(text, Face())
    assert cut.endswith("…")
    assert font(12).getlength(cut) <= TILE_TEXT_WIDTH
    longer = text[: len(cut)] + "…"
    assert font(12).getlength(longer) > TILE_TEXT_WIDTH
    assert len(lengths) < 20


def test_a_picture_added_after_the_reading_is_left_out(annotated):
    found = annotated(["1.png", "new.png"], [("1.png", 0, "", 0.0, False, "nothing")])
    assert list(found) == ["pictures/1.png", "sheets/0001"]


def test_pictures_are_opened_one_by_one(tmp_path):
    Image.new("L", SIZE, "white").save(tmp_path / "1.png")
    pictures = [Picture("1.png", tmp_path / "1.png"), Picture("2.png", tmp_path / "2")]
    readings = pd.DataFrame(
        [(f"{number}.png", 0, "", 0.0, False, "why") for number in (1, 2)],
        columns=READINGS,
    )
    found = annotate_pictures(
        pictures, readings, pd.DataFrame(columns=DIGITS), ONE_PAGE, PARAMETERS
    )
    assert next(found)[0] == "pictures/1.png"
    Image.new("L", SIZE, "white").save(tmp_path / "2", "PNG")
    assert next(found)[0] == "pictures/2.png"


def test_each_page_of_a_picture_has_its_own_boxes(tmp_path):
    pages = [Image.new("L", SIZE, 255) for _ in range(2)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    found = dict(
        annotate_pictures(
            PicturesDataset(filepath=str(tmp_path)).load(),
            pd.DataFrame(
                [("a.tif", 0, "1", 1.0, True, ""), ("a.tif", 1, "2", 0.5, False, "no")],
                columns=READINGS,
            ),
            pd.DataFrame(
                [
                    ("a.tif", 0, 0, 1, 1.0, 50, 50, 20, 40),
                    ("a.tif", 1, 0, 2, 0.5, 50, 50, 20, 40),
                ],
                columns=DIGITS,
            ),
            {"pages": {"a.tif": [0, 1]}},
            PARAMETERS,
        )
    )
    first, second = found["pictures/a.tif"], found["pictures/a.tif page 2"]
    assert has(first, ACCEPTED_COLOUR)
    assert not has(first, REVIEW_COLOUR)
    assert has(second, REVIEW_COLOUR)
    assert not has(second, ACCEPTED_COLOUR)
