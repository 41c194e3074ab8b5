"""What a person who errs is told: one message, exit code 1, nothing written."""

import pytest
from click.testing import CliRunner

from digit_recognition.cli import run


def refused(project, *arguments):
    done = project.kedro("run", *arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    written = [
        path
        for path in project.folder.glob("data/**/*")
        if path.is_file() and "01_raw" not in path.parts
    ]
    assert written == []
    return " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            "recipe=standrad",
            "one of plain, quick, standard, accurate, received",
        ),
        ("recipe=3", "expected a valid string, received 3"),
        ("seed=fast", "expected a valid integer, received 'fast'"),
        ("lr=0.1", "received 'lr'; known are "),
        ("train.epochs=3", "did you mean train.recipes."),
        ("resume=false", "received 'resume'; did you mean train.resume?"),
        ("determinstic=false", "did you mean train.deterministic?"),
        ("train.resume=maybe", "expected a valid boolean, received 'maybe'"),
        ("train.recipes.standard.precision=half", "'bfloat16', received 'half'"),
        ("sed=3", "received 'sed'; did you mean seed?"),
        ("epochs=3", ".epochs?"),
        ("train.recipes.standard.epoch=3", "mean train.recipes.standard.epochs?"),
        ("train.recipes.standard.epochs=0", "greater than or equal to 1, received 0"),
        ("train.recipes.standard.batch_size=-1", "or equal to 1, received -1"),
        ("train.recipes.standard.learning_rate=fast", "number, received 'fast'"),
        ("read.keep_digits=1.5", "less than or equal to 1, received 1.5"),
        ("detector.pictures=9", "greater than or equal to 1000, received 9"),
        ("detector.epoch=9", "did you mean detector.epochs?"),
    ],
)
def test_a_wrong_parameter_stops_the_run_before_anything_is_written(
    project, digits, params, message
):
    project.put(digits)
    assert message in refused(project, "--params", params)


def test_an_unknown_parameter_of_another_pipeline_is_refused_too(project):
    message = refused(project, "--pipelines", "evaluate", "--params", "train.sed=1")
    assert "received 'train.sed'" in message


def test_evaluation_without_a_model_says_so_in_one_sentence(project):
    message = refused(project, "--pipeline", "evaluate")
    assert "Error: expected model, dataset_info, history, training" in message
    assert "received none yet; `kedro run` makes" in message


@pytest.mark.parametrize("value", ["0", "1", "-0.1", "low", "null"])
def test_an_error_that_is_no_share_is_refused(project, value):
    params = f"read.max_error={value}"
    message = refused(project, "--pipeline", "read", "--params", params)
    assert "max_error: expected" in message


def test_a_foreign_file_in_the_place_of_mnist_stops_the_run(project):
    path = project.folder / "data" / "01_raw" / "mnist.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not MNIST")
    assert "expected an .npz file with the arrays x_train" in refused(project)
    assert path.read_bytes() == b"not MNIST"


def test_without_network_and_sample_the_three_ways_to_mnist_are_named(project):
    done = project.kedro(
        "run",
        "--params",
        "prepare.allow_sample=false",
        https_proxy="http://127.0.0.1:9",
        KERAS_HOME=str(project.folder / "keras"),
    )
    assert done.returncode == 1
    message = " ".join(done.stderr.split())
    for way in ("mnist.npz", "IDX files", "downloaded", "prepare.allow_sample=true"):
        assert way in message


def test_saving_in_the_background_is_refused(project, digits):
    project.put(digits)
    assert "expected no --async, received it" in refused(project, "--async")


def test_an_unknown_pipeline_is_answered_with_the_nearest(project):
    message = refused(project, "--pipelines", "evalute")
    assert "Did you mean one of these instead? evaluate" in message


def test_a_misspelt_parameter_in_a_file_is_refused(project, digits):
    project.put(digits)
    (project.folder / "conf" / "local").mkdir(exist_ok=True)
    (project.folder / "conf" / "local" / "parameters.yml").write_text("sed: 9\n")
    assert "in conf/local, received 'sed'; did you mean seed?" in refused(project)


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
    ],
)
def test_a_path_that_the_command_line_mangles_is_refused(path, instead):
    done = CliRunner().invoke(run, ["--params", f"seed=3,pictures={path}"])
    assert done.exit_code == 1
    message = f"expected a plain path in --params pictures=, received {path!r}, which"
    assert message in done.output
    assert f'{instead}" into conf/local/parameters.yml instead' in done.output


@pytest.mark.parametrize(
    ("path", "instead"),
    [("007", "/007"), ("a, b", "/a, b"), ("a #b", "/a #b"), ("${a}", "/\\\\${a}")],
)
def test_so_is_a_mangled_path_of_the_picture_to_explain(path, instead):
    done = CliRunner().invoke(run, ["--params", f"explain.picture={path},seed=3"])
    assert done.exit_code == 1
    message = f"plain path in --params explain.picture=, received {path!r}, which"
    assert message in done.output
    assert "; write explain: {picture: " in done.output
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
def test_a_path_that_the_command_line_keeps_is_taken(params, path):
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
def test_a_path_of_the_picture_to_explain_is_taken(params, path):
    context = run.make_context("run", ["--params", params])
    assert context.params["params"]["explain"] == {"picture": path, "digit": 1}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("explain.image=-1", "image: expected greater than or equal to 0, received -1"),
        ("explain.digit=first", "expected a valid integer, received 'first'"),
        ("explain.pictur=1.png", "did you mean explain.picture?"),
    ],
)
def test_a_wrong_parameter_of_explain_is_refused(project, params, message):
    assert message in refused(project, "--pipelines", "explain", "--params", params)


def test_other_commands_of_kedro_still_work(project):
    done = project.kedro("registry", "list")
    assert done.returncode == 0
    assert "- evaluate" in done.stdout
