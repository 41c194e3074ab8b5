import numpy as np
from scipy import ndimage

from digit_recognition.recognition.views import average_views, shift


def test_a_shift_moves_whole_pixels_and_leaves_the_background_beside():
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    for down, right in ((0, 0), (1, 0), (-2, 0), (0, 3), (-1, 2)):
        expected = ndimage.shift(images, (0, down, right, 0), order=0)
        np.testing.assert_array_equal(shift(images, down, right), expected)


def test_each_output_is_the_mean_over_the_image_and_its_four_neighbours():
    image = np.zeros((1, 28, 28, 1), np.float32)
    image[0, 5, 7] = 10

    def predict(images):
        return [images[:, 5, 7], images.sum(axis=(1, 2))]

    one, total = average_views(predict, image)
    assert one.tolist() == [[2]]  # the pixel is there in one of five views
    assert total.tolist() == [[10]]
