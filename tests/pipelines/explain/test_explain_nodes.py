import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw

from digit_recognition.datasets import PicturesDataset
from digit_recognition.digests import weights_digest
from digit_recognition.errors import ProjectError
from digit_recognition.models.cnn import build_cnn, without_softmax
from digit_recognition.pipelines.explain.nodes import (
    Chosen,
    ExplainParameters,
    choose_image,
    follow_image,
    tabulate_layers,
)

X_TEST = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)
Y_TEST = np.eye(10, dtype=np.float32)[[7, 2, 1, 0, 4]]


def choose(picture=None, **parameters):
    parameters = {"image": 0, "digit": 0, "picture": picture} | parameters
    return choose_image(
        *(X_TEST, Y_TEST, PicturesDataset(filepath=picture).load()),
        ExplainParameters.model_validate(parameters),
    )


@pytest.fixture
def page(tmp_path):
    """A picture of a 0 and, on its right, a 1."""
    sheet = Image.new("L", (240, 140), 230)
    pen = ImageDraw.Draw(sheet)
    pen.ellipse((50, 30, 100, 110), outline=40, width=9)
    pen.line((170, 30, 170, 110), fill=40, width=9)
    sheet.save(tmp_path / "page.png")
    return tmp_path / "page.png"


def test_a_test_image_is_chosen_by_its_index_and_described_by_its_label():
    image, description = choose(image=4)
    np.testing.assert_array_equal(image, X_TEST[4])
    assert description == "test image 4, a 4"
    assert choose().description == "test image 0, a 7"


def test_an_index_without_a_test_image_is_refused():
    with pytest.raises(ProjectError, match=r"explain.image from 0 to 4, received 5; "):
        choose(image=5)


@pytest.mark.parametrize(
    ("digit", "description", "middle"),
    [(0, "digit 1 of 2 in page.png", 0), (1, "digit 2 of 2 in page.png", 1)],
)
def test_a_digit_of_a_picture_gets_the_format_of_mnist(
    page, digit, description, middle
):
    chosen = choose(str(page), digit=digit)
    assert chosen.description == description
    assert (chosen.image.shape, chosen.image.dtype) == ((28, 28, 1), np.float32)
    assert (chosen.image.min(), chosen.image.max()) == (0, pytest.approx(1, abs=0.1))
    rows, _ = np.nonzero(chosen.image[..., 0] > 0.5)
    assert np.ptp(rows) + 1 == pytest.approx(20, abs=1)
    # A 0 is empty in its middle, where a 1 has its stroke.
    assert chosen.image[14, 13:15, 0].max() == pytest.approx(middle, abs=0.1)


def test_a_digit_that_the_picture_does_not_have_is_refused_with_their_number(page):
    with pytest.raises(
        ProjectError, match=r"expected digit 2 \(from 0\) in page.png, found 2; choose"
    ):
        choose(str(page), digit=2)


def test_a_blank_picture_has_no_digit(tmp_path):
    Image.new("L", (200, 100), 230).save(tmp_path / "blank.png")
    with pytest.raises(ProjectError, match=r"in blank.png, found 0; choose another"):
        choose(str(tmp_path / "blank.png"))


def test_a_file_that_is_not_a_picture_is_refused_with_the_reason(tmp_path):
    (tmp_path / "notes.png").write_text("no picture")
    with pytest.raises(
        ProjectError,
        match=r"picture of digits, received notes.png: .* received text; choose",
    ):
        choose(str(tmp_path / "notes.png"))


def test_a_folder_of_two_pictures_is_refused(page):
    page.with_name("other.png").write_bytes(page.read_bytes())
    with pytest.raises(
        ProjectError, match="received a folder of 2 pictures; give the path"
    ):
        choose(str(page.parent))


def test_a_folder_of_one_picture_stands_for_that_picture(page):
    one, same = choose(str(page.parent)), choose(str(page))
    assert one.description == same.description
    np.testing.assert_array_equal(one.image, same.image)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return build_cnn(filters=[[3], [2]], dense_units=4)


@pytest.fixture(scope="module")
def journey(model):
    training = {
        "model_digest": weights_digest(model.get_weights()),
        **{"dataset": "mnist", "recipe": "quick", "seed": 3},
    }
    lineage = {"versions": {"model": "m1"}}
    return follow_image(
        model, Chosen(X_TEST[1], "test image 1, a 2"), training, lineage
    )


def test_the_journey_ends_with_the_models_probabilities_and_names_the_model(
    model, journey
):
    answer = model.predict(X_TEST[1:2], verbose=0)[0]
    np.testing.assert_allclose(journey.stages[-1].output, answer, atol=1e-6)
    assert journey.chosen.description == "test image 1, a 2"
    assert journey.record["model_version"] == "m1"
    assert (journey.record["recipe"], journey.record["seed"]) == ("quick", 3)
    assert journey.filters.shape == (3, 3, 3)


def test_the_two_most_probable_digits_have_pixel_contributions(model, journey):
    logits = without_softmax(model).predict(X_TEST[1:2], verbose=0)[0]
    assert list(journey.attributions) == np.argsort(-logits)[:2].tolist()
    assert {part.shape for part in journey.attributions.values()} == {(28, 28)}


def test_the_record_of_another_model_is_refused(model):
    with pytest.raises(ProjectError, match="received that of 0123456789ab"):
        follow_image(
            *(
                model,
                Chosen(X_TEST[0], "an image"),
                {"model_digest": "0123456789abcdef"},
            ),
            {"versions": {"model": "m1"}},
        )


def test_the_table_of_layers_ends_with_their_sums():
    table = tabulate_layers(build_cnn())
    assert list(table.columns) == [
        *("layer", "kind", "output_shape", "parameters", "passes", "multiplications")
    ]
    assert table["layer"].tolist() == [
        *("conv1", "pool1", "conv2", "pool2", "flatten", "dense", "probabilities"),
        "total",
    ]
    assert table["output_shape"].tolist() == [
        *("26x26x32", "13x13x32", "11x11x64", "5x5x64", "1600", "128", "10", "10")
    ]
    assert table["parameters"].tolist() == [
        *(320, 0, 18_496, 0, 0, 204_928, 1_290, 225_034)
    ]
    assert table["multiplications"].iloc[-1] == 194_688 + 2_230_272 + 204_800 + 1_280
    assert table["kind"].iloc[-1] == "Sequential"
