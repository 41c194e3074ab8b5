from types import SimpleNamespace

import pytest
from kedro.config import OmegaConfigLoader

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import PicturesHooks

CATALOG = """
pictures: {filepath: '${runtime_params:pictures, data/01_raw/pictures}'}
explained_picture: {filepath: '${runtime_params:explain.picture, null}'}
"""


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """The configuration for what was named on the command line and in the files."""

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
        PicturesHooks().after_context_created(
            SimpleNamespace(config_loader=loader, project_path=project)
        )
        return loader

    return load


@pytest.fixture
def meant(loaded, tmp_path):
    """The catalog's path of the pictures."""

    def path(*files, **named):
        loader = loaded(*files, **named)
        found = loader["catalog"]["pictures"]["filepath"]
        assert found == loader["parameters"].get("pictures", found)
        return found.replace(str(tmp_path), "")

    return path


@pytest.fixture
def explained(loaded, tmp_path):
    """The path of the picture to explain, and the other parameters beside it."""

    def path(picture, **named):
        loader = loaded(f"explain: {{picture: {picture}, digit: 2}}", **named)
        found = loader["catalog"]["explained_picture"]["filepath"]
        parameters = dict(loader["parameters"]["explain"])
        assert parameters.pop("picture") == found
        return found and found.replace(str(tmp_path), ""), parameters

    return path


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("scans", "/elsewhere/scans"),
        (".", "/elsewhere"),
        ("/abs/a #b", "/abs/a #b"),
        ("~/scans", "/home/me/scans"),
        ("${x}, b", "/elsewhere/${x}, b"),
    ],
)
def test_a_named_path_is_meant_from_where_the_command_was_given(meant, named, path):
    assert meant(pictures=named) == path


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ("pictures: data/01_raw/pictures", "/project/data/01_raw/pictures"),
        ('pictures: "/abs/a, b"', "/abs/a, b"),
        ('pictures: "/abs/\\\\${x}\\n"', "/abs/${x}\n"),
    ],
)
def test_a_path_in_the_files_is_meant_from_the_project(meant, parameters, path):
    assert meant(parameters) == path


@pytest.mark.parametrize("value", [7, None, True, 1.5, ["a"], {"a": "b"}, "", " "])
def test_what_is_no_path_is_refused(meant, value):
    with pytest.raises(
        ProjectError, match=r"expected text .* pictures, received .*007"
    ):
        meant(pictures=value)


def test_other_parameters_do_not_matter(meant):
    assert meant("seed: 0", seed=1) == "data/01_raw/pictures"


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("7.png", "/elsewhere/7.png"),
        ("~/7.png", "/home/me/7.png"),
        ("/abs/a #b", "/abs/a #b"),
        ("${x}, b", "/elsewhere/${x}, b"),
    ],
)
def test_a_picture_to_explain_is_meant_from_where_the_command_was_given(
    explained, named, path
):
    assert explained("null", explain={"picture": named}) == (path, {"digit": 2})


@pytest.mark.parametrize(
    ("picture", "path"),
    [
        ("data/7.png", "/project/data/7.png"),
        ('"/abs/a, b"', "/abs/a, b"),
        ('"/abs/\\\\${x}"', "/abs/${x}"),
    ],
)
def test_a_picture_to_explain_in_the_files_is_meant_from_the_project(
    explained, picture, path
):
    assert explained(picture) == (path, {"digit": 2})


def test_other_parameters_named_beside_the_picture_stay(explained):
    named = {"digit": 1, "image": 3}
    expected = ("/project/7.png", {"digit": 1, "image": 3})
    assert explained("7.png", explain=named, seed=5) == expected


@pytest.mark.parametrize("named", [{}, {"explain": {"digit": 2}}, {"seed": 1}])
def test_without_a_picture_to_explain_the_catalog_has_none(explained, named):
    assert explained("null", **named) == (None, {"digit": 2})


def test_null_on_the_command_line_takes_the_picture_of_the_files_back(explained):
    assert explained("7.png", explain={"picture": None}) == (None, {"digit": 2})


@pytest.mark.parametrize("value", [7, True, 1.5, ["a"], "", " "])
def test_a_picture_to_explain_that_is_no_path_is_refused(explained, value):
    with pytest.raises(
        ProjectError,
        match=r'text .* explain.picture, received .*: explain: {picture: "/scans/007"}',
    ):
        explained("null", explain={"picture": value})


def test_pictures_and_the_one_to_explain_are_both_resolved(loaded, tmp_path):
    loader = loaded(pictures="scans", explain={"picture": "7.png"})
    elsewhere = tmp_path / "elsewhere"
    catalog = loader["catalog"]
    assert catalog["pictures"]["filepath"] == str(elsewhere / "scans")
    assert catalog["explained_picture"]["filepath"] == str(elsewhere / "7.png")
