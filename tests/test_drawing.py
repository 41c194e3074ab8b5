import numpy as np

from digit_recognition.drawing import caption, mosaic


def test_images_stand_in_rows_with_a_frame_around_each():
    images = np.array([[[1.0]], [[2.0]], [[3.0]]])
    expected = [
        [9, 9, 9, 9, 9, 9],
        [9, 1, 9, 9, 2, 9],
        [9, 9, 9, 9, 9, 9],
        [9, 9, 9, 9, 9, 9],
        [9, 3, 9, 9, 9, 9],
        [9, 9, 9, 9, 9, 9],
    ]
    np.testing.assert_array_equal(mosaic(images, columns=2, frame=9), expected)


def test_images_that_are_not_square_keep_their_rows_and_columns():
    images = np.arange(12).reshape(2, 2, 3)
    expected = [[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11]]
    np.testing.assert_array_equal(mosaic(images, columns=2, gap=0), expected)


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
