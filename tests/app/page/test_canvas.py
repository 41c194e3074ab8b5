import base64

import pytest
from app.files import encoded

from digit_recognition.app.page.canvas import decode_drawing, drawing_area
from digit_recognition.imaging.decoding import UnreadablePicture


def test_a_drawing_is_a_png_file(page_of):
    data = encoded(page_of("7"))
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    assert decode_drawing(url) == data


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_canvas_is_no_drawing(value):
    assert decode_drawing(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "data:text/html;base64,AAAA",
        "http://localhost/x.png",
        "/etc/passwd",
        {"path": "/etc/passwd"},
        7,
        "data:image/png;base64,A",
        "data:image/png;base64,A*==",
    ],
)
def test_anything_else_than_a_png_drawing_is_refused(value):
    with pytest.raises(UnreadablePicture, match=r"^expected a "):
        decode_drawing(value)


def test_the_template_has_nothing_that_gradio_would_evaluate():
    template = drawing_area().html_template
    assert "${" not in template
    assert "{{" not in template
    assert "`" not in template
