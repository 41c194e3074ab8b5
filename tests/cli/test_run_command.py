"""Mistakes of a user: one message, exit code 1, nothing written."""

import pytest
import yaml
from click.testing import CliRunner
from conftest import interrupted_save, new_project
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro_datasets.json import JSONDataset

from digit_recognition.cli.run_command import run

pytestmark = pytest.mark.runs

WRONG_PARAMETERS = {
    "recipe=standrad": "one of plain, quick, standard, accurate, received",
    "recipe=3": "expected a valid string, received 3",
    "seed=fast": "expected a valid integer, received 'fast'",
    "lr=0.1": "received 'lr'; known are ",
    "train.epochs=3": "did you mean train.recipes.",
    "train.sed=1": "received 'train.sed'; did you mean seed?",
    "resume=false": "received 'resume'; did you mean ",
    "determinstic=false": "did you mean train.deterministic?",
    "train.resume=maybe": "expected a valid boolean, received 'maybe'",
    "train.recipes.standard.precision=half": "'bfloat16', received 'half'",
    "epochs=3": ".epochs?",
    "train.recipes.standard.epochs=0": "greater than or equal to 1, received 0",
    "train.recipes.standard.learning_rate=fast": "number, received 'fast'",
    "train.recipes.accurate.network.dense_unit=3": "accurate.network.dense_units?",
    "read.keep_digits=1.5": "less than or equal to 1, received 1.5",
    "detector.pictures=9": "greater than or equal to 1000, received 9",
    "detector.epoch=9": "did you mean detector.epochs?",
    "seed=[1": "expected key=value in --params, with YAML values, received 'seed=[1'",
    "seed=${x}": "expected a valid parameters configuration, received an error",
}


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory, digits):
    """A project with data; no run in it writes anything."""
    return new_project(tmp_path_factory.mktemp("shared"), digits)


@pytest.fixture
def own_project(tmp_path, digits):
    """A project with data that a test may change."""
    return new_project(tmp_path, digits)


@pytest.fixture(scope="module")
def refused(shared_project):
    """The message with which a run is refused."""

    def message(*arguments, project=shared_project, **environment):
        done = project.kedro("run", *arguments, **environment)
        assert done.returncode == 1
        _, *messages = f"\n{done.stderr}".split("\nError: ")
        assert len(messages) == 1
        assert written(project) == []
        return " ".join(messages[0].split())

    return message


def written(project):
    """All that runs wrote below ``data/``."""
    return [
        path
        for path in project.folder.glob("data/**/*")
        if path.is_file() and "01_raw" not in path.parts
    ]


@pytest.mark.parametrize("params", WRONG_PARAMETERS)
def test_a_wrong_parameter_stops_the_run_before_anything_is_written(refused, params):
    assert WRONG_PARAMETERS[params] in refused("--params", params)


def test_a_wrong_parameter_of_another_pipeline_is_refused_too(refused):
    message = refused("--pipelines", "evaluate", "--params", "train.sed=1")
    assert "received 'train.sed'" in message


@pytest.mark.parametrize("value", ["0", "1", "-0.1", "low", "null"])
def test_max_error_lies_between_0_and_1(refused, value):
    params = f"read.max_error={value}"
    assert "max_error: expected" in refused("--pipelines", "read", "--params", params)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("explain.image=-1", "image: expected greater than or equal to 0, received -1"),
        ("explain.digit=first", "expected a valid integer, received 'first'"),
        ("explain.pictur=1.png", "did you mean explain.picture?"),
    ],
)
def test_a_wrong_parameter_of_explain_is_refused(refused, params, message):
    assert message in refused("--pipelines", "explain", "--params", params)


def test_a_mistake_ends_the_process_of_kedro_with_one_message(project):
    done = project.python("-m", "kedro", "run", "--pipeline", "evaluate")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("Error:")]
    assert error.startswith("Error: expected dataset_info, history, training")
    assert "received none yet; `kedro run` makes" in error
    assert "Traceback (most recent call last)" in (
        (project.folder / "kedro.log").read_text()
    )
    assert written(project) == []


def test_a_foreign_file_in_the_place_of_mnist_stops_the_run(refused, own_project):
    path = own_project.folder / "data" / "01_raw" / "mnist.npz"
    path.write_bytes(b"not MNIST")
    message = refused(project=own_project)
    assert "expected an .npz file with the arrays x_train" in message
    assert path.read_bytes() == b"not MNIST"


def test_without_network_and_sample_the_message_says_how_to_get_data(
    refused, own_project
):
    (own_project.folder / "data" / "01_raw" / "mnist.npz").unlink()
    message = refused(
        *("--params", "prepare.allow_sample=false"),
        project=own_project,
        https_proxy="http://127.0.0.1:9",
        KERAS_HOME=str(own_project.folder / "keras"),
    )
    for way in ("mnist.npz", "IDX files", "downloaded", "prepare.allow_sample=true"):
        assert way in message


def test_a_misspelt_parameter_in_a_file_is_refused(refused, own_project):
    (own_project.folder / "conf" / "local" / "parameters.yml").write_text("sed: 9\n")
    message = refused(project=own_project)
    assert "in conf/local, received 'sed'; did you mean seed?" in message


@pytest.mark.parametrize("name", ["parameters", "catalog", "credentials"])
@pytest.mark.parametrize("folder", ["base", "local"])
def test_broken_yaml_is_refused_with_file_and_line(refused, own_project, folder, name):
    path = own_project.folder / "conf" / folder / f"{name}_own.yml"
    path.write_text("seed:\n  1\n  recipe: quick\n")
    assert f"expected YAML in {path}, line 3, " in refused(project=own_project)


@pytest.mark.filterwarnings("ignore:Accessing the 'model_fields' attr")  # Kedro 1.7
@pytest.mark.parametrize("place", ["--params", "conf"])
@pytest.mark.parametrize(
    ("dataset", "parameter", "hint"),
    [
        ("pictures", "pictures", "--params pictures=FOLDER"),
        (
            *("explained_picture", "explain.picture"),
            "name a picture: kedro run --pipelines explain --params "
            "explain.picture=FILE",
        ),
        ("mnist_c", "robustness.mnist_c", "name the unpacked mnist_c folder"),
    ],
)
def test_a_missing_input_is_named_with_what_to_do(
    own_project, tmp_path, monkeypatch, place, dataset, parameter, hint
):
    configure_project("digit_recognition")
    monkeypatch.chdir(tmp_path)
    outer, _, inner = parameter.partition(".")
    path = "~nosuchuser/x"
    given = {outer: {inner: path} if inner else path}
    start, options = tmp_path, {"runtime_params": given}
    if place == "conf":
        start, options = own_project.folder, {}
        file = own_project.folder / "conf" / "local" / "parameters.yml"
        file.write_text(yaml.safe_dump(given))
    with KedroSession.create(own_project.folder, **options) as session:
        catalog = session.load_context().catalog
        with pytest.raises(DatasetError, match=f"{start}/{path}, ") as refused:
            catalog.load(dataset)
    assert str(refused.value).endswith(hint)


def test_ctrl_c_while_a_result_is_saved_leaves_nothing_of_it(own_project, monkeypatch):
    monkeypatch.setattr(JSONDataset, "save", interrupted_save(KeyboardInterrupt))
    done = own_project.kedro("run", "--pipelines", "prepare")
    assert done.returncode == 128 + 2
    assert done.stderr.splitlines()[-1] == "Stopped."
    folder = own_project.folder / "data" / "05_model_input"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("x_test.zarr", "x_train.zarr", "y_test.zarr", "y_train.zarr")
    ]


def test_ctrl_c_that_a_library_turned_into_an_error_is_still_ctrl_c(
    own_project, monkeypatch
):
    def save(*_):
        try:
            raise KeyboardInterrupt
        finally:
            raise DatasetError("half built")

    monkeypatch.setattr(JSONDataset, "save", save)
    done = own_project.kedro("run", "--pipelines", "prepare")
    assert done.returncode == 128 + 2
    assert done.stderr.splitlines()[-1] == "Stopped."


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("007", "/007"),
        ("yes", "/yes"),
        ("a, b,c", "/a, b,c"),
        ("a #b", "/a #b"),
        ("a: b", "/a: b"),
        ("@a", "/@a"),
        ("a\nb", "/a\\nb"),
        (" a", "/ a"),
        ("${a}", "/\\\\${a}"),
        ("~nosuchuser/a #b", "/~nosuchuser/a #b"),
    ],
)
def test_a_path_that_the_command_line_would_change_is_refused(path, instead):
    done = CliRunner().invoke(run, ["--params", f"seed=3,pictures={path}"])
    assert done.exit_code == 1
    message = f"expected a plain path in --params pictures=, received {path!r}, which"
    assert message in done.output
    assert f'{instead}" into conf/local/parameters.yml instead' in done.output


@pytest.mark.parametrize("name", ["explain.picture", "robustness.mnist_c"])
@pytest.mark.parametrize(
    ("path", "instead"),
    [("007", "/007"), ("a, b", "/a, b"), ("a #b", "/a #b"), ("${a}", "/\\\\${a}")],
)
def test_so_is_such_a_path_in_a_nested_parameter(name, path, instead):
    done = CliRunner().invoke(run, ["--params", f"{name}={path},seed=3"])
    assert done.exit_code == 1
    message = f"plain path in --params {name}=, received {path!r}, which"
    assert message in done.output
    outer, inner = name.split(".")
    assert f"; write {outer}: {{{inner}: " in done.output
    assert f'{instead}"}} into conf/local/parameters.yml instead' in done.output


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ("pictures=../a b/1.png,seed=3", "../a b/1.png"),
        ("seed=3,pictures=./007", "./007"),
        ("pictures='007'", "007"),
        ('pictures="a #b"', "a #b"),
        ("pictures=/文字/it's=1", "/文字/it's=1"),
    ],
)
def test_a_plain_path_is_taken(params, path):
    context = run.make_context("run", ["--params", params])
    assert context.params["params"]["pictures"] == path


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ("explain.picture=../a b/1.png,explain.digit=1", "../a b/1.png"),
        ("explain.digit=1,explain.picture='007'", "007"),
        ("explain.picture=null,explain.digit=1", None),
    ],
)
def test_a_plain_path_in_a_nested_parameter_is_taken(params, path):
    context = run.make_context("run", ["--params", params])
    assert context.params["params"]["explain"] == {"picture": path, "digit": 1}
