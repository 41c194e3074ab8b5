import base64
import io

import numpy as np
from app.files import encoded
from PIL import Image

from digit_recognition.app.page.pictures_upload import UploadedPicture
from digit_recognition.app.page.uploaded import read_upload
from digit_recognition.recognition.reading_tables import READING_COLUMNS


def image_of(url):
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def test_a_picture_has_its_rows_and_its_annotated_page(service, page_of):
    page = page_of("71")
    found = read_upload(UploadedPicture("a.png", encoded(page)), service)
    (row,) = found.rows
    assert tuple(row) == READING_COLUMNS
    assert (row["picture"], row["number"]) == ("a.png", "71")
    (shown,) = found.pages
    assert shown[1:] == image_of(shown.url).size
    assert (
        np.ptp(np.asarray(image_of(shown.url)).astype(int), axis=2).max() > 50
    )  # coloured


def test_a_number_that_is_set_aside_is_cut_out_of_its_page(service, page_of):
    page = np.full((400, 300), 255, np.uint8)
    digit = page_of("5")
    page[20:80, 20:80] = digit[:, :60]
    page[300:360, 120:180] = np.maximum(digit[:, :60], 190)  # too pale to be sure
    page[325:335, 120:180] = 40
    found = read_upload(UploadedPicture("a.png", encoded(page)), service)
    set_aside = [n for n, row in enumerate(found.rows) if row["accepted"] == "false"]
    assert set(found.cuttings) == set(set_aside)
    assert set_aside
    for cutting in found.cuttings.values():
        image = image_of(cutting.url)
        assert image.height < 300
        assert cutting[1:] == image.size
        assert np.asarray(image).min() < 120


def test_a_blank_page_is_shown_whole_to_be_checked(service):
    blank = encoded(np.full((90, 300), 255, np.uint8))
    found = read_upload(UploadedPicture("a.png", blank), service)
    assert found.rows[0]["reason"] == "nothing written was found"
    assert image_of(found.cuttings[0].url).size == (300, 90)


def test_a_page_that_cannot_be_decoded_has_no_picture_to_check(service):
    blank, tiny = Image.new("L", (300, 90), 255), Image.new("L", (2, 2))
    data = encoded(blank, "TIFF", save_all=True, append_images=[tiny])
    found = read_upload(UploadedPicture("a.tif", data), service)
    (row,) = found.rows
    assert row["reason"].startswith("expected at least 4 x 4 pixels")
    assert found.cuttings == {}


def test_a_file_that_is_no_picture_has_one_row_with_the_reason(service):
    found = read_upload(UploadedPicture("=1+1.png", b"hello"), service)
    (row,) = found.rows
    assert row == {
        "picture": "'=1+1.png",
        "line": 0,
        "number": "",
        "confidence": 0.0,
        "accepted": "false",
        "reason": "expected a picture, received text",
    }
    assert found.pages == []
    assert found.cuttings == {}


def test_a_file_without_contents_has_one_row_with_the_problem(service):
    found = read_upload(UploadedPicture("a.png", problem="it is too large"), service)
    (row,) = found.rows
    assert (row["number"], row["reason"]) == ("", "it is too large")


def test_an_unexpected_error_is_one_row_and_its_traceback_is_logged(
    service, monkeypatch, caplog
):
    monkeypatch.setattr(service, "read", lambda _: 1 / 0)
    found = read_upload(UploadedPicture("a.png", b"hello"), service)
    assert "could not be read" in found.rows[0]["reason"]
    assert "ZeroDivisionError" in caplog.text


def test_control_characters_of_a_name_are_shown_escaped(service, page_of):
    name = "a\x1b[2J\u202egnp.7"
    for data in (encoded(page_of("7")), b"hello"):
        found = read_upload(UploadedPicture(name, data), service)
        assert found.name == found.rows[0]["picture"] == r"a\x1b[2J\u202egnp.7"
