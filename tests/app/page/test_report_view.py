import re

from digit_recognition.app.page.report_view import show_pictures, show_report
from digit_recognition.app.reading.report import Report

METRICS = {
    "test_accuracy": 0.995,
    "test_errors": 50,
    "test_images": 10000,
    "accuracy_low": 0.9934,
    "accuracy_high": 0.9962,
    "coverage_at_1e-3_error": 0.9868,
}


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def report(tmp_path, **parts):
    metadata = {"recipe": "standard", "seed": "3", "model_digest": "0123456789" * 6}
    return Report(metadata, tmp_path / "model.onnx", **parts)


def test_the_figures_and_the_origin_of_the_model_are_shown(tmp_path):
    training = {"epochs": 36, "train_images": 54000, "augmentation": {"zoom": 0.1}}
    text = text_of(show_report(report(tmp_path, metrics=METRICS, training=training)))
    assert "Test accuracy 99.50% 50 of 10,000 wrong" in text
    assert "95% interval 99.34% to 99.62%" in text
    assert "Accepted 98.7% at 1 error in 1,000" in text
    assert "Recipe standard Seed 3 Epochs 36 Images to train on 54,000" in text
    assert "Digest of the model 012345678901 …" in text
    assert str(tmp_path) not in text


def test_without_metrics_the_report_says_how_to_get_them(tmp_path):
    text = text_of(show_report(report(tmp_path)))
    assert "kedro run --pipelines evaluate" in text
    assert "Recipe standard" in text


def test_a_picture_that_is_gone_is_left_out(tmp_path):
    (tmp_path / "a.png").write_bytes(b"png")
    pictures = {"Mistakes": tmp_path / "a.png", "Filters": tmp_path / "b.png"}
    html = show_pictures(pictures)
    assert "Mistakes" in html
    assert "data:image/png;base64,cG5n" in html
    assert "Filters" not in html
