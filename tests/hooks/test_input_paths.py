from types import SimpleNamespace

import pytest
from kedro.config import OmegaConfigLoader

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import InputPathsHooks

CATALOG = """
pictures: {filepath: '${runtime_params:pictures, data/01_raw/pictures}'}
explained_picture: {filepath: '${runtime_params:explain.picture, null}'}
mnist_c: {filepath: '${runtime_params:robustness.mnist_c, null}'}
"""


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """The configuration with parameters of the files and of the command line."""

    def load(parameters="pictures: data/01_raw/pictures", **named):
        conf = tmp_path / "conf" / "base"
        conf.mkdir(parents=True)
        (conf / "catalog.yml").write_text(CATALOG)
        (conf / "parameters.yml").write_text(parameters)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        monkeypatch.setenv("HOME", "/home/me")
        loader = OmegaConfigLoader(
            conf_source=str(conf.parent),
            base_env="base",
            default_run_env="base",
            runtime_params=named,
        )
        project = tmp_path / "project"
        InputPathsHooks().after_context_created(
            SimpleNamespace(config_loader=loader, project_path=project)
        )
        return loader

    return load


@pytest.fixture
def pictures(loaded, tmp_path):
    """The catalog's path of the pictures."""

    def path(*files, **named):
        loader = loaded(*files, **named)
        found = loader["catalog"]["pictures"]["filepath"]
        assert found == loader["parameters"].get("pictures", found)
        return found.replace(str(tmp_path), "")

    return path


OPTIONAL_PATHS = {
    "explained_picture": ("explain", "picture"),
    "mnist_c": ("robustness", "mnist_c"),
}


@pytest.fixture(params=OPTIONAL_PATHS)
def optional(request, loaded, tmp_path):
    """The catalog's path of an optional input, and the parameters beside it.

    ``path(in_files, given)``: the value in the files, and on the command line
    parameters of the same pipeline, with the key ``path`` for the path.
    """
    outer, inner = OPTIONAL_PATHS[request.param]

    def path(in_files, given=None, **others):
        if given is not None:
            given = {inner if key == "path" else key: given[key] for key in given}
            others[outer] = given
        loader = loaded(f"{outer}: {{{inner}: {in_files}, digit: 2}}", **others)
        found = loader["catalog"][request.param]["filepath"]
        parameters = dict(loader["parameters"][outer])
        assert parameters.pop(inner) == found
        return found and found.replace(str(tmp_path), ""), parameters

    path.example = f'{outer}: {{{inner}: "/scans/007"}}'
    return path


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("scans", "/elsewhere/scans"),
        (".", "/elsewhere"),
        ("/abs/a #b", "/abs/a #b"),
        ("~/scans", "/home/me/scans"),
        ("~nosuchuser/scans", "/elsewhere/~nosuchuser/scans"),
        ("${x}, b", "/elsewhere/${x}, b"),
    ],
)
def test_a_path_on_the_command_line_starts_where_the_command_was_given(
    pictures, named, path
):
    assert pictures(pictures=named) == path


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ("pictures: data/01_raw/pictures", "/project/data/01_raw/pictures"),
        ('pictures: "/abs/a, b"', "/abs/a, b"),
        ('pictures: "/abs/\\\\${x}\\n"', "/abs/${x}\n"),
    ],
)
def test_a_path_in_the_files_starts_at_the_project(pictures, parameters, path):
    assert pictures(parameters) == path


@pytest.mark.parametrize("value", [7, None, True, 1.5, ["a"], {"a": "b"}, "", " "])
def test_a_value_that_is_no_path_is_refused(pictures, value):
    with pytest.raises(
        ProjectError, match=r"expected text .* pictures, received .*007"
    ):
        pictures(pictures=value)


def test_without_the_parameter_the_catalog_keeps_its_default(pictures):
    assert pictures("seed: 0", seed=1) == "data/01_raw/pictures"


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("7.png", "/elsewhere/7.png"),
        ("~/7.png", "/home/me/7.png"),
        ("/abs/a #b", "/abs/a #b"),
        ("${x}, b", "/elsewhere/${x}, b"),
    ],
)
def test_an_optional_path_on_the_command_line_starts_where_it_was_given(
    optional, named, path
):
    assert optional("null", {"path": named}) == (path, {"digit": 2})


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("data/7.png", "/project/data/7.png"),
        ('"/abs/a, b"', "/abs/a, b"),
        ('"/abs/\\\\${x}"', "/abs/${x}"),
    ],
)
def test_an_optional_path_in_the_files_starts_at_the_project(optional, value, path):
    assert optional(value) == (path, {"digit": 2})


def test_other_parameters_beside_an_optional_path_are_kept(optional):
    given = {"digit": 1, "image": 3}
    assert optional("7.png", given, seed=5) == ("/project/7.png", given)


@pytest.mark.parametrize("given", [None, {"digit": 2}])
def test_without_an_optional_path_the_catalog_has_none(optional, given):
    assert optional("null", given, seed=1) == (None, {"digit": 2})


def test_null_on_the_command_line_overrides_the_path_in_the_files(optional):
    assert optional("7.png", {"path": None}) == (None, {"digit": 2})


@pytest.mark.parametrize("value", [7, True, 1.5, ["a"], "", " "])
def test_an_optional_value_that_is_no_path_is_refused(optional, value):
    with pytest.raises(ProjectError, match=r"expected text in .*, received") as refused:
        optional("null", {"path": value})
    assert str(refused.value).endswith(optional.example)


def test_several_paths_become_absolute_at_once(loaded, tmp_path):
    loader = loaded(pictures="scans", explain={"picture": "7.png"})
    elsewhere = tmp_path / "elsewhere"
    catalog = loader["catalog"]
    assert catalog["pictures"]["filepath"] == str(elsewhere / "scans")
    assert catalog["explained_picture"]["filepath"] == str(elsewhere / "7.png")
