from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from digit_recognition.app.page.examples import GAP, examples


def test_each_example_is_one_unit_high_and_starts_at_the_left():
    for example in examples():
        points = [point for stroke in example.strokes for point in stroke]
        heights = [y for _, y in points]
        assert min(heights) >= -0.05
        assert 0.95 <= max(heights) <= 1.05
        assert 0 <= min(x for x, _ in points) < 0.1, example.label


def test_the_characters_of_a_number_do_not_touch():
    (number,) = (example for example in examples() if example.label == "2026")
    boxes = [(min(x for x, _ in s), max(x for x, _ in s)) for s in number.strokes]
    assert len(boxes) == 4
    for (_, right), (left, _) in pairwise(boxes):
        assert left - right >= GAP - 0.05


def test_examples_are_read_as_their_labels_say(service):
    """The small model knows 40 digits of each class; the clear examples are enough."""
    for example in examples():
        if example.label not in ("7", "35", "2026"):
            continue
        width = max(x for stroke in example.strokes for x, _ in stroke)
        image = Image.new("L", (round(100 * width) + 80, 180), 255)
        for stroke in example.strokes:
            points = [(40 + 100 * x, 40 + 100 * y) for x, y in stroke]
            ImageDraw.Draw(image).line(points, fill=0, width=9, joint="curve")
        (line,) = service.read_array(np.asarray(image)).lines
        assert line.number == example.label
