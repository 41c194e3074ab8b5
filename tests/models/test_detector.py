import keras
import numpy as np
from scipy.special import logit, softmax

from digit_recognition.models.cnn import build_cnn, convolutions
from digit_recognition.models.detector import build_detector_head, join_detector

IMAGES = np.random.default_rng(0).random((7, 28, 28, 1), np.float32)


def parts():
    backbone = convolutions(build_cnn(filters=((16,), (32,)), dense_units=32))
    return backbone, build_detector_head(backbone.output_shape[1])


def test_the_logit_is_the_log_odds_of_the_digits_against_non_digits():
    backbone, head = parts()
    logits = head.predict(backbone.predict(IMAGES, verbose=0), verbose=0)
    probabilities = softmax(logits.astype(float), axis=1)
    found = join_detector(backbone, head).predict(IMAGES, verbose=0)
    expected = logit(probabilities[:, :10].sum(axis=1))
    assert found.shape == (7, 1)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-4)


def test_the_head_ignores_the_scale_of_the_features():
    features = np.random.default_rng(0).random((3, 50), np.float32)
    head = build_detector_head(50)
    np.testing.assert_allclose(
        head.predict(9 * features, verbose=0),
        head.predict(features, verbose=0),
        atol=1e-4,
    )


def test_a_black_image_has_a_finite_logit():
    black = np.zeros((1, 28, 28, 1), np.float32)
    assert np.isfinite(join_detector(*parts()).predict(black, verbose=0)).all()


def test_a_saved_detector_loads_in_safe_mode_with_equal_outputs(tmp_path):
    detector = join_detector(*parts())
    detector.save(tmp_path / "detector.keras")
    loaded = keras.models.load_model(tmp_path / "detector.keras", safe_mode=True)
    np.testing.assert_array_equal(
        loaded.predict(IMAGES, verbose=0), detector.predict(IMAGES, verbose=0)
    )
