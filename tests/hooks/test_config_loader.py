import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.hooks import ConfigLoader


@pytest.fixture
def load(tmp_path):
    """The parameters, with files of the given contents in ``conf/``."""

    def parameters(**files):
        for folder in ("base", "local"):
            (tmp_path / folder).mkdir()
        (tmp_path / "base" / "parameters.yml").write_text("seed: 0\n")
        for name, content in files.items():
            folder, _, stem = name.partition("_")
            (tmp_path / folder / f"{stem}.yml").write_bytes(content)
        loader = ConfigLoader(
            conf_source=str(tmp_path),
            base_env="base",
            default_run_env="local",
            merge_strategy={"parameters": "soft"},
        )
        return loader["parameters"]

    return parameters


def test_configuration_without_mistakes_is_loaded_as_kedro_does(load):
    assert load(local_parameters=b"seed: 1\n") == {"seed": 1}


@pytest.mark.parametrize("folder", ["base", "local"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"seed: 1\nrecipe: a: b\n", r"line 2, received: mapping values are not"),
        (b"seed: [1\nrecipe: b\n", "line 2, received: expected ',' or ']'"),
        (b"seed: 1\nrecipe: b\nseed: 2\n", "line 3, received: found duplicate key"),
        (b"seed: *other\n", "line 1, received: found undefined alias"),
        (b"seed:\n\t1\n", "line 2, received: found character"),
        (b"seed: \x07\n", r"\.yml, received: .*special characters"),
        (b"name: caf\xe9\n", r"\.yml, received: .*utf-8"),
        (b"- seed\n- recipe\n", r"\.yml, received a list; write `name: value`"),
    ],
    ids=[
        *("colon", "bracket", "duplicate", "alias", "tab", "control", "latin-1"),
        "list",
    ],
)
def test_a_mistake_in_a_file_is_named_with_file_and_line(
    load, folder, content, message
):
    with pytest.raises(ProjectError, match=message) as refused:
        load(**{f"{folder}_parameters_train": content})
    assert refused.match(rf"expected .*{folder}/parameters_train\.yml")


def test_an_unknown_interpolation_is_one_message(load):
    with pytest.raises(ProjectError, match=r"valid parameters .*'nowhere' not found"):
        load(local_parameters=b"seed: ${nowhere}\n")


def test_a_parameter_in_two_files_is_one_message(load):
    with pytest.raises(ProjectError, match=r"(?s)valid parameters .*Duplicate keys"):
        load(base_parameters_b=b"seed: 1\n")
