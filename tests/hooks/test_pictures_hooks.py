from types import SimpleNamespace

import pytest
from kedro.config import OmegaConfigLoader

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import PicturesHooks

CATALOG = "pictures: {filepath: '${runtime_params:pictures, data/01_raw/pictures}'}"


@pytest.fixture
def meant(tmp_path, monkeypatch):
    """The catalog's path for what was named on the command line and in the files."""

    def path(parameters="pictures: data/01_raw/pictures", **named):
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
        found = loader["catalog"]["pictures"]["filepath"]
        assert found == loader["parameters"].get("pictures", found)
        return found.replace(str(tmp_path), "")

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
