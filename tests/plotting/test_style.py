import numpy as np

from digit_recognition.plotting.style import caption, draw_images, montage


def test_a_montage_frames_each_image_and_fills_empty_places():
    images = np.array([[[1.0]], [[2.0]], [[3.0]]])
    expected = [
        [9, 9, 9, 9, 9, 9],
        [9, 1, 9, 9, 2, 9],
        [9, 9, 9, 9, 9, 9],
        [9, 9, 9, 9, 9, 9],
        [9, 3, 9, 9, 9, 9],
        [9, 9, 9, 9, 9, 9],
    ]
    np.testing.assert_array_equal(montage(images, columns=2, frame=9), expected)


def test_a_montage_of_images_that_are_not_square_keeps_their_shape():
    images = np.arange(12).reshape(2, 2, 3)
    expected = [[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11]]
    np.testing.assert_array_equal(montage(images, columns=2, gap=0), expected)


def test_the_caption_names_dataset_recipe_seed_and_model():
    scores = {
        "dataset": "mnist",
        "recipe": "quick",
        "seed": 3,
        "model_version": "m1",
        "more": 1,
    }
    assert caption(scores) == "mnist · recipe quick, seed 3 · model m1"
    assert caption(scores, ", blurred").startswith("mnist, blurred · ")


def test_images_are_drawn_as_dark_ink_with_their_titles():
    figure = draw_images(np.array([[[1.0, 0.0]], [[0.0, 0.5]]]), ["a", "b"], columns=2)
    first, second = figure.axes
    np.testing.assert_array_equal(first.images[0].get_array(), [[0, 1]])
    np.testing.assert_array_equal(second.images[0].get_array(), [[1, 0.5]])
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]


def test_empty_places_in_the_last_row_stay_white():
    figure = draw_images(np.zeros((3, 2, 2)), columns=2)
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 0]
    assert not any(axes.axison for axes in figure.axes)
