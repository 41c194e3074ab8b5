import logging
import os
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from digit_recognition.datasets import Picture, PicturesDataset
from digit_recognition.errors import ProjectError
from digit_recognition.imaging import decoding
from digit_recognition.imaging.ink import find_ink
from digit_recognition.pipelines.read.nodes import (
    PicturesPath,
    ReadParameters,
    read_pictures,
)
from digit_recognition.recognition.acceptance import ValidationResults

# 400 right digits of confidence 0.95 and 20 wrong ones of 0.9: the threshold is 0.9
VALIDATION = ValidationResults(
    np.repeat([0.95, 0.9], [400, 20]),
    np.arange(420) >= 400,
    np.zeros(420),
    np.arange(420),
)
METADATA = {
    "temperature": "1.0",
    "validation": VALIDATION.to_json(),
    "model_version": "m1",
    "recipe": "standard",
    "dataset": "mnist",
}
LOGITS = {"sure": (20, 5), "unsure": (3, 5), "no digit": (20, -5)}


class Session:
    """Classifies the marks of a page as 0, 1, 2 … with equal confidence."""

    def __init__(self, confidence="sure", metadata=METADATA):
        self.logit, self.digit_logit = LOGITS[confidence]
        self.metadata = metadata

    def get_inputs(self):
        return [self._tensor("image", 28, 28, 1)]

    def get_outputs(self):
        return [self._tensor("logits", 10), self._tensor("digit_logit", 1)]

    @staticmethod
    def _tensor(name, *sizes):
        return SimpleNamespace(name=name, type="tensor(float)", shape=["n", *sizes])

    def get_modelmeta(self):
        return SimpleNamespace(custom_metadata_map=self.metadata)

    def run(self, names, inputs):
        count = len(inputs["image"])
        assert inputs["image"].shape == (count, 28, 28, 1)
        logits = np.zeros((count, 10), np.float32)
        logits[np.arange(count), np.arange(count) % 10] = self.logit
        found = {
            "logits": logits,
            "digit_logit": np.full((count, 1), self.digit_logit, np.float32),
        }
        return [found[name] for name in names]


def page(*lines, size=(200, 120)):
    """Return a white page; each line has ``count`` strokes of 6 x 30 pixels."""
    picture = Image.new("RGB", size, "white")
    for line, count in enumerate(lines):
        for position in range(count):
            x, y = 20 + 40 * position, 15 + 60 * line
            picture.paste("navy", (x, y, x + 6, y + 30))
    return picture


def read(folder, confidence="sure", max_error=0.01):
    pictures = PicturesDataset(filepath=str(folder)).load()
    parameters = ReadParameters(max_error=max_error)
    return read_pictures(pictures, Session(confidence), PicturesPath(""), parameters)


def rows(table):
    return [tuple(row) for row in table.itertuples(index=False)]


def test_each_line_is_a_row_and_each_digit_has_its_box(tmp_path):
    page(3, 2).save(tmp_path / "1.png")
    readings, digits, _ = read(tmp_path)
    assert list(readings) == [
        *("picture", "line", "number", "confidence", "accepted", "reason")
    ]
    assert rows(readings) == [
        ("1.png", 0, "012", 1.0, "true", ""),
        ("1.png", 1, "34", 1.0, "true", ""),
    ]
    assert list(digits) == [
        *("picture", "line", "position", "digit", "confidence"),
        *("x", "y", "width", "height"),
    ]
    assert rows(digits[["line", "position", "digit"]]) == [
        *((0, 0, 0), (0, 1, 1), (0, 2, 2)),
        *((1, 0, 3), (1, 1, 4)),
    ]
    boxes = digits[["x", "y", "width", "height"]].to_numpy()
    drawn = [[20, 15], [60, 15], [100, 15], [20, 75], [60, 75]]
    np.testing.assert_allclose(boxes[:, :2], drawn, atol=2)
    np.testing.assert_allclose(boxes[:, 2:], [[6, 30]] * 5, atol=4)


def test_boxes_are_in_pixels_of_the_picture_even_if_it_is_reduced(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(decoding, "MAX_PAGE_PIXELS", 2000 * 1200 / 4)
    page(2).resize((2000, 1200), Image.Resampling.NEAREST).save(tmp_path / "1.png")
    _, digits, _ = read(tmp_path)
    boxes = digits[["x", "y", "width", "height"]].to_numpy() / 10
    np.testing.assert_allclose(boxes, [[20, 15, 6, 30], [60, 15, 6, 30]], atol=1)


def test_lines_are_numbered_over_all_pages_that_have_digits(tmp_path):
    pages = [page(), page(2)]
    page(1).save(tmp_path / "1.tif", save_all=True, append_images=pages)
    readings, digits, summary = read(tmp_path)
    assert rows(readings[["line", "number"]]) == [(0, "0"), (1, "01")]
    assert summary["pages"] == {"1.tif": [0, 2]}
    assert digits["line"].tolist() == [0, 1, 1]


def test_the_pages_before_a_damaged_page_are_read(tmp_path):
    path = tmp_path / "1.tif"
    page(1).save(path, save_all=True, append_images=[page(2), page(3)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    readings, _, summary = read(tmp_path)
    assert readings["number"].tolist()[0] == "0"
    assert rows(readings)[-1][2:5] == ("", 0.0, "false")
    assert "a whole TIFF" in readings["reason"].tolist()[-1]
    assert (summary["set_aside"], summary["not_readable"]) == (1, 0)
    assert summary["pages"] == {"1.tif": list(range(len(readings)))}


@pytest.mark.parametrize(
    ("confidence", "reason"),
    [("unsure", r"digit 1: unsure \(69.*; digit 2"), ("no digit", "perhaps no digit")],
)
def test_unsure_digits_and_non_digits_are_set_aside_with_the_reason(
    tmp_path, confidence, reason
):
    page(2).save(tmp_path / "1.png")
    readings, _, summary = read(tmp_path, confidence)
    assert readings["number"].tolist() == ["01"]
    assert readings["accepted"].tolist() == ["false"]
    assert readings["reason"].str.contains(reason).all()
    assert (summary["read"], summary["set_aside"]) == (0, 1)


def test_the_confidence_of_a_number_is_the_product_of_its_digits(tmp_path):
    page(2).save(tmp_path / "1.png")
    readings, digits, _ = read(tmp_path, "unsure")
    one = np.exp(3) / (np.exp(3) + 9)
    assert digits["confidence"].tolist() == [round(one, 4)] * 2
    assert readings["confidence"].tolist() == [round(one**2, 4)]


def test_a_picture_without_digits_has_a_row_with_the_reason(tmp_path):
    page().save(tmp_path / "blank.png")
    readings, digits, summary = read(tmp_path)
    assert rows(readings) == [
        ("blank.png", 0, "", 0.0, "false", "nothing written was found")
    ]
    assert len(digits) == 0
    assert summary["set_aside"] == 1


def test_unreadable_pictures_have_a_row_with_the_reason(tmp_path):
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "nothing")
    (tmp_path / "notes.txt").touch()
    page(1).save(tmp_path / "zero.png")
    page().save(tmp_path / "blank.png")
    readings, _, summary = read(tmp_path)
    assert dict(rows(readings[["picture", "reason"]])) == {
        "blank.png": "nothing written was found",
        "empty.png": "expected a picture, received an empty file",
        "nowhere.png": "expected a file, received a link to nothing",
        "text.png": "expected a picture, received text",
        "zero.png": "",
    }
    assert summary == {
        "folder": str(tmp_path),
        "pictures": 5,
        "read": 1,
        "set_aside": 1,
        "not_readable": 3,
        "numbers": 1,
        "accepted": 1,
        "stray_marks": 0,
        "files_skipped": 1,
        "max_error": 0.01,
        "certain": True,
        "certain_max_error": 0.01,
        "max_number_error": 0.0075,
        "certain_numbers": True,
        "certainty": 0.95,
        "threshold": 0.9,
        "number_threshold": 0.9,
        "model_version": "m1",
        "recipe": "standard",
        "dataset": "mnist",
        "pages": {},
    }


def test_a_folder_that_cannot_be_opened_has_a_row_with_the_reason(tmp_path):
    page(1).save(tmp_path / "1.png")

    class Pictures(list):
        folder, skipped = tmp_path, 0

    pictures = Pictures(
        [
            Picture("1.png", tmp_path / "1.png"),
            Picture("locked", tmp_path / "locked", "Permission denied"),
        ]
    )
    readings, _, summary = read_pictures(
        pictures, Session(), PicturesPath(""), ReadParameters(max_error=0.01)
    )
    assert rows(readings)[1] == ("locked", 0, "", 0.0, "false", "Permission denied")
    assert (summary["read"], summary["not_readable"]) == (1, 1)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1.png", "'=1+1.png"),
        ("@a.png", "'@a.png"),
        ("-1/2.png", "'-1/2.png"),
        ("a b, \"c\"\n'd'.png", "a b, \"c\"\\n'd'.png"),
        ("a\x1b[2J\u202e.png", "a\\x1b[2J\\u202e.png"),
        ("文字.png", "文字.png"),
        (os.fsdecode(b"\xff.png"), "\\udcff.png"),
    ],
)
def test_picture_names_are_escaped_for_spreadsheets(tmp_path, name, cell):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    page(1).save(tmp_path / name, "PNG")
    readings, digits, _ = read(tmp_path)
    assert rows(readings)[0] == (cell, 0, "0", 1.0, "true", "")
    assert digits["picture"].tolist() == [cell]


@pytest.mark.parametrize(
    ("asked", "certain", "guaranteed"), [(0.02, True, 0.02), (0.001, False, 0.01)]
)
def test_the_summary_says_which_error_rate_is_guaranteed(
    tmp_path, asked, certain, guaranteed
):
    page(1).save(tmp_path / "1.png")
    _, _, summary = read(tmp_path, max_error=asked)
    assert summary["max_error"] == asked
    assert (summary["certain"], summary["certain_max_error"]) == (certain, guaranteed)


def test_more_rows_than_a_chunk_make_one_table(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    pictures = [Picture(f"{n}.png", tmp_path / "text.png") for n in range(2001)]
    found = type("Pictures", (list,), {"folder": tmp_path, "skipped": 0})(pictures)
    readings, digits, _ = read_pictures(
        found, Session(), PicturesPath(""), ReadParameters(max_error=0.01)
    )
    assert readings["picture"].tolist() == [picture.name for picture in pictures]
    assert list(readings.index) == list(range(2001))
    assert len(digits) == 0


def test_a_model_without_the_required_metadata_is_refused(tmp_path):
    page(1).save(tmp_path / "1.png")
    pictures = PicturesDataset(filepath=str(tmp_path)).load()
    older = {k: v for k, v in METADATA.items() if k != "validation"}
    with pytest.raises(ProjectError, match="expected validation in the metadata"):
        read_pictures(
            *(pictures, Session(metadata=older)),
            *(PicturesPath(""), ReadParameters(max_error=0.01)),
        )


def test_an_unexpected_error_in_one_picture_does_not_stop_the_others(
    tmp_path, monkeypatch, caplog
):
    def find(grey):
        if grey.shape == (50, 50):
            raise ZeroDivisionError("unexpected")
        return find_ink(grey)

    monkeypatch.setattr("digit_recognition.recognition.reader.find_ink", find)
    caplog.set_level(logging.DEBUG, "digit_recognition")
    page(1).save(tmp_path / "1.png")
    page(1, size=(50, 50)).save(tmp_path / "2.png")
    page(2).save(tmp_path / "3.png")
    readings, _, summary = read(tmp_path)
    assert readings["number"].tolist() == ["0", "", "01"]
    assert readings["reason"][1] == "could not be read (ZeroDivisionError, see the log)"
    assert (summary["read"], summary["not_readable"]) == (2, 1)
    assert "2.png could not be read" in caplog.text
    assert "unexpected" in caplog.text
