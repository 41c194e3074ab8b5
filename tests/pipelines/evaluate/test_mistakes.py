import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from digit_recognition.pipelines.evaluate.mistakes import draw_mistakes

METRICS = {
    **{"dataset": "mnist", "recipe": "quick", "seed": 3},
    **{"model_version": "2026-11-23T10.45.19.856Z"},
}
X_TEST = np.random.default_rng(0).random((80, 28, 28, 1), np.float32)


def table(*rows):
    columns = ["index", "label", "predicted", "confidence"]
    return pd.DataFrame(rows, columns=columns)


def words(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text)]


def drawn(figure):
    """Return title and image, ink as 1, of each mistake in reading order."""
    return [
        (axes.get_title(), 1 - np.asarray(axes.images[0].get_array()))
        for axes in figure.axes
        if axes.images
    ]


def test_only_mistakes_are_drawn_the_most_confident_first():
    predictions = table(
        (7, 3, 3, 0.99), (8, 4, 9, 0.61), (5, 1, 7, 0.987), (2, 0, 6, 0.75)
    )
    mistakes = drawn(draw_mistakes(X_TEST, predictions, METRICS))
    assert [title for title, _ in mistakes] == [
        "1 → 7   98.7 %",
        "0 → 6   75.0 %",
        "4 → 9   61.0 %",
    ]
    for (_, image), index in zip(mistakes, (5, 2, 8), strict=True):
        np.testing.assert_allclose(image, X_TEST[index, ..., 0], atol=1e-6)


def test_the_figure_has_a_title_and_names_the_model():
    texts = words(draw_mistakes(X_TEST, table((0, 1, 7, 0.9), (1, 2, 3, 0.8)), METRICS))
    assert (
        "2 of 2 misclassified images, most confident first "
        "(label → prediction, confidence)"
    ) in texts
    assert "mnist · recipe quick, seed 3 · model 2026-11-23T10.45.19.856Z" in texts


@pytest.mark.parametrize(("count", "start"), [(50, "50 of 50"), (80, "50 of 80")])
def test_at_most_fifty_mistakes_are_drawn_and_the_title_says_of_how_many(count, start):
    confidence = np.linspace(0.3, 0.9, count)
    predictions = table(*((n, 1, 2, confidence[n]) for n in range(count)))
    figure = draw_mistakes(X_TEST, predictions, METRICS)
    mistakes = drawn(figure)
    assert len(mistakes) == 50
    np.testing.assert_allclose(mistakes[0][1], X_TEST[count - 1, ..., 0], atol=1e-6)
    assert figure.get_suptitle().startswith(
        f"{start} misclassified images, most confident first "
    )


def test_the_title_says_that_there_is_no_mistake():
    figure = draw_mistakes(X_TEST, table((0, 1, 1, 0.9)), METRICS)
    assert "No test image is misclassified" in words(figure)
    assert drawn(figure) == []
