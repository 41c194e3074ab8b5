import shutil
import threading

import numpy as np
import pytest
from app.files import encoded, jpeg_of_many_scans, png_that_declares
from conftest import run_python
from PIL import Image
from small_model import METADATA, TEMPERATURE, write_model

from digit_recognition.app.reading import limits
from digit_recognition.app.reading import service as service_module
from digit_recognition.app.reading.limits import MAX_BYTES, TooSlow
from digit_recognition.app.reading.picture_reading import box_of
from digit_recognition.app.reading.service import Busy, Service
from digit_recognition.datasets.manifests import Manifests, digest_files
from digit_recognition.errors import ProjectError
from digit_recognition.imaging.decoding import UnreadablePicture
from digit_recognition.recognition.reading_tables import READING_COLUMNS

OLDER = "2025-01-01T00.00.00.000Z"


def numbers(reading):
    return [line.number for line in reading.lines]


@pytest.fixture
def project(small_project, tmp_path):
    """A copy of the small project that the test may change."""
    return shutil.copytree(small_project, tmp_path / "project")


def test_a_drawing_and_its_picture_file_give_the_same_number(service, page_of):
    page = page_of("0123456789")
    assert numbers(service.read_array(page)) == ["0123456789"]
    assert numbers(service.read_array(page / np.float32(255))) == ["0123456789"]
    assert numbers(service.read(encoded(page))) == ["0123456789"]


def test_a_drawing_with_wide_borders_is_read_where_it_is(service, page_of):
    wide = np.full((400, 800), 255, np.uint8)
    wide[200:320, 400:580] = page_of("47").repeat(2, axis=0).repeat(2, axis=1)
    around, cut = service.read(encoded(wide)), service.read_drawing(encoded(wide))
    assert numbers(cut) == numbers(around) == ["47"]
    for place in range(2):
        digits = [reading.lines[0].digits[place] for reading in (around, cut)]
        boxes = [box_of(digits[0], 1), box_of(digits[1], cut.pages[0].scale)]
        np.testing.assert_allclose(boxes[0], boxes[1], atol=3)
        fields = [digit.mark.field for digit in digits]
        np.testing.assert_allclose(fields[0], fields[1], atol=0.3)
    assert cut.annotated().size == (800, 400)


def test_an_empty_drawing_has_no_lines(service):
    reading = service.read_drawing(encoded(np.full((50, 80), 255, np.uint8)))
    assert reading.reasons == ["nothing written was found"]


def test_each_page_of_a_tiff_is_read(service, page_of):
    pages = [Image.fromarray(page_of(number)) for number in ("12", "345")]
    blank = Image.new("L", (50, 50), 255)
    file = encoded(pages[0], "TIFF", save_all=True, append_images=[blank, pages[1]])
    reading = service.read(file)
    assert numbers(reading) == ["12", "345"]
    assert reading.reasons == ["nothing written was found"]
    assert [len(page.lines) for page in reading.pages] == [1, 0, 1]
    assert reading.annotated(page=2).size == (256, 128)


def test_the_rows_are_those_of_the_readings_table(service, page_of):
    (row,) = service.read_array(page_of("7")).rows("=7.png")
    assert tuple(row) == READING_COLUMNS
    assert row["picture"] == "'=7.png"
    assert (row["line"], row["number"], row["accepted"]) == (0, "7", "true")
    assert row["confidence"] == pytest.approx(0.955, abs=0.005)
    (row,) = service.read_array(np.full((50, 50), 255, np.uint8)).rows("blank.png")
    assert (row["number"], row["confidence"], row["accepted"]) == ("", 0.0, "false")
    assert row["reason"] == "nothing written was found"


def test_a_page_that_cannot_be_decoded_after_a_good_one_gets_a_row(service, page_of):
    page = Image.fromarray(page_of("12"))
    tiny = Image.new("L", (2, 2))
    reading = service.read(encoded(page, "TIFF", save_all=True, append_images=[tiny]))
    first, second = reading.rows("a.tif")
    assert (first["number"], first["accepted"]) == ("12", "true")
    assert second["reason"].startswith("expected at least 4 x 4 pixels")
    assert reading.annotated(page=1) is None


def test_boxes_are_drawn_around_the_digits_in_the_colour_of_acceptance(
    service, page_of
):
    drawn = np.asarray(service.read_array(page_of("7")).annotated())
    assert (drawn == (0, 120, 60)).all(axis=2).any()
    assert not (drawn == (213, 94, 0)).all(axis=2).any()


def test_probabilities_are_those_of_the_logits_divided_by_the_temperature(
    service, page_of
):
    (digit,) = service.read_array(page_of("3")).lines[0].digits
    probabilities = service.probabilities(digit.mark.field[None])
    assert probabilities.shape == (1, 10)
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities[0, 3] == pytest.approx(digit.confidence)
    logits = np.mean(
        [
            layer.array
            for step in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
            for layer in service.feature_maps(
                np.roll(digit.mark.field, step, axis=(0, 1))  # its border is empty
            )
            if layer.name == "logits"
        ],
        axis=0,
    )
    expected = np.exp(logits / TEMPERATURE) / np.exp(logits / TEMPERATURE).sum()
    np.testing.assert_allclose(probabilities[0], expected, rtol=1e-5)


def test_without_preparation_the_drawing_is_only_scaled(service):
    page = np.full((280, 280), 255, np.uint8)
    page[10:30, 10:30] = 0
    field, probabilities = service.without_preparation(page)
    expected = np.zeros((28, 28))
    expected[1:3, 1:3] = 1
    np.testing.assert_allclose(field, expected, atol=1e-6)
    np.testing.assert_allclose(probabilities, service.probabilities(field[None])[0])
    inverted, _ = service.without_preparation(255 - page)
    np.testing.assert_allclose(inverted, expected, atol=1e-6)


def test_the_newest_model_is_opened_unless_a_version_is_named(project, digits):
    older = project / "data/06_models/model.onnx" / OLDER / "model.onnx"
    older.parent.mkdir()
    write_model(older, digits, sign=-1)
    assert Service.open(project).model_path.parent.name == METADATA["model_version"]
    assert Service.open(project, OLDER).model_path == older


def test_a_missing_model_is_one_sentence(tmp_path, project):
    with pytest.raises(ProjectError, match="found none; train and export one with"):
        Service.open(tmp_path)
    with pytest.raises(ProjectError, match=r"received '2020'; existing: 2026-01-01"):
        Service.open(project, "2020")


def test_a_damaged_model_is_one_sentence(project):
    path = project / "data/06_models/model.onnx" / METADATA["model_version"]
    (path / "model.onnx").write_bytes(b"half a model")
    with pytest.raises(ProjectError, match="cannot load"):
        Service.open(project)


def test_the_acceptance_rule_is_that_of_the_configuration(project):
    assert Service.open(project).reader.rule.certainty == 0.95
    local = project / "conf" / "local" / "parameters.yml"
    local.write_text("read: {certainty: 0.9999999}")
    service = Service.open(project)
    assert service.reader.rule.certainty == 0.9999999


def test_the_metadata_leave_out_the_results_on_the_validation_part(service):
    assert service.metadata["recipe"] == "standard"
    assert "validation" not in service.metadata


def test_the_report_has_the_metrics_and_pictures_of_the_model(service, small_project):
    report = service.report()
    assert report.metrics["test_accuracy"] == 0.9
    assert report.training["epochs"] == 1
    for found, name in (
        (report.pictures, "mistakes.png"),
        (report.charts, "risk_coverage.json"),
    ):
        (path,) = found.values()
        assert path.name == name


def test_metrics_of_another_model_are_not_reported(project):
    (path,) = project.glob("data/08_reporting/metrics.json/*/metrics.json")
    path.write_text('{"test_accuracy": 0.1, "model_digest": "another"}')
    assert Service.open(project).report().metrics == {}
    path.write_text('{"test_accuracy": 0.1, "model_di')
    assert Service.open(project).report().metrics == {}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "an empty file"),
        (b"numbers", "received text"),
        (bytes(MAX_BYTES + 1), "at most 8 MB .* received 8,000,001; reduce it"),
        (png_that_declares(5001, 5000), "at most 25,000,000 pixels, received 25,005"),
        (png_that_declares(3000, 3000), "damaged or cut off"),
        (jpeg_of_many_scans(201), "at most 200 scans, received 201"),
    ],
    ids=["empty", "text", "bytes", "pixels", "truncated", "scans"],
)
def test_a_picture_above_a_limit_gets_a_clear_sentence(service, data, sentence):
    with pytest.raises(UnreadablePicture, match=sentence):
        service.read(data)


def test_a_picture_of_all_permitted_scans_is_read(service):
    assert service.read(jpeg_of_many_scans(200)).reasons


def test_a_crowded_page_is_given_up_after_the_time_limit(service, page_of, monkeypatch):
    monkeypatch.setattr(service_module, "MAX_SECONDS", 0.0)
    with pytest.raises(TooSlow, match="read within 0 seconds, received a larger or"):
        service.read(encoded(page_of("123")))
    with pytest.raises(TooSlow):
        service.read_array(page_of("123"))
    monkeypatch.undo()
    assert numbers(service.read(encoded(page_of("123")))) == ["123"]


def test_a_large_picture_waits_for_another_one_and_a_small_one_does_not(
    service, page_of, monkeypatch
):
    monkeypatch.setattr(service_module, "MAX_WAIT", 0.01)
    monkeypatch.setattr(limits, "SMALL_PIXELS", 150 * 60)
    service._large.acquire()
    try:
        with pytest.raises(Busy, match="try again later"):
            service.read(encoded(page_of("12345")))
        assert numbers(service.read(encoded(page_of("12")))) == ["12"]
    finally:
        service._large.release()
    assert numbers(service.read(encoded(page_of("12345")))) == ["12345"]


def test_threads_share_a_service(service, page_of):
    found = {}

    def read(number):
        reading = service.read_array(page_of(number))
        maps = service.feature_maps(reading.lines[0].digits[0].mark.field)
        found[number] = reading.lines[0].number, int(maps[-1].array.argmax())

    expected = {f"{first}{number}": first for first in "12" for number in range(5)}
    threads = [threading.Thread(target=read, args=(number,)) for number in expected]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert found == {number: (number, int(first)) for number, first in expected.items()}


def test_the_service_needs_neither_gradio_nor_fastapi_nor_tensorflow():
    done = run_python(
        "import sys, digit_recognition.app.reading.service\n"
        "print({'gradio', 'fastapi', 'tensorflow', 'matplotlib'} & set(sys.modules))"
    )
    assert done.stdout.splitlines()[-1] == "set()", done.stderr


@pytest.fixture
def recorded(project):
    """Record the digests of the project's results; return the folder of a result."""
    manifests = Manifests(project)

    def folder(path):
        return project / "data" / path / METADATA["model_version"]

    for path in ("06_models/model.onnx", *map("08_reporting/{}".format, REPORTED)):
        manifests.add(folder(path), digest_files(folder(path)))
    return folder


REPORTED = ("metrics.json", "training.json")


def test_a_changed_byte_of_the_model_is_noticed(project, recorded):
    assert Service.open(project).report().metrics
    path = recorded("06_models/model.onnx") / "model.onnx"
    path.write_bytes(path.read_bytes().replace(b"abc", b"abd"))
    with pytest.raises(ProjectError, match="expected model_onnx as it was saved"):
        Service.open(project)


@pytest.mark.parametrize("name", REPORTED)
def test_a_damaged_report_is_left_out_with_a_warning(project, recorded, caplog, name):
    path = recorded(f"08_reporting/{name}") / name
    path.write_text(path.read_text().replace("1", "2").replace("9", "8"))
    report = Service.open(project).report()
    assert getattr(report, name.removesuffix(".json")) == {}
    (message,) = caplog.messages
    assert f"received a damaged file: {path};" in message
