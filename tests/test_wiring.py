import pytest
from conftest import ROOT
from kedro.config import OmegaConfigLoader
from kedro.framework.project import configure_project
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.validation import TypeExtractor

BASE = ROOT / "conf" / "base"


@pytest.fixture(scope="module")
def pipelines():
    configure_project("digit_recognition")
    from digit_recognition.pipeline_registry import register_pipelines

    return register_pipelines()


@pytest.fixture(scope="module")
def configuration():
    return OmegaConfigLoader(
        conf_source=str(ROOT / "conf"), base_env="base", default_run_env="base"
    )


@pytest.fixture(scope="module")
def used(pipelines):
    return set().union(*(pipeline.datasets() for pipeline in pipelines.values()))


def test_the_default_pipeline_joins_prepare_train_evaluate_detector_and_export(
    pipelines,
):
    names = ("prepare", "train", "evaluate", "detector", "export")
    parts = sum((pipelines[name] for name in names), Pipeline([]))
    assert {node.name for node in pipelines["__default__"].nodes} == {
        node.name for node in parts.nodes
    }
    assert {
        *("prepare.load_mnist", "train.train_model", "evaluate.score_predictions"),
        *("detector.train_detector", "export.export_model"),
    } <= {node.name for node in pipelines["__default__"].nodes}


def test_the_default_pipeline_needs_only_mnist_and_may_use_checkpoints(pipelines):
    inputs = pipelines["__default__"].inputs()
    assert {name for name in inputs if not name.startswith("params:")} == {
        "mnist",
        "lineage",
        "checkpoints",
    }


def test_reading_needs_only_pictures_the_exported_model_and_a_folder(pipelines):
    assert pipelines["read"].inputs() == {
        *("pictures", "model_onnx", "params:pictures", "params:read"),
        "reading_partitions",
    }


def test_every_declared_dataset_is_used_and_every_used_one_declared(
    used, configuration
):
    declared = {name for name in configuration["catalog"] if not name.startswith("_")}
    assert declared == {name for name in used if not name.startswith("params:")}


def test_every_parameter_is_used_and_every_used_one_declared(used, configuration):
    names = {name.removeprefix("params:") for name in used if name.startswith("params")}
    assert names == set(configuration["parameters"])


def test_every_parameter_is_typed_so_that_kedro_checks_it(used, pipelines):
    names = {name.removeprefix("params:") for name in used if name.startswith("params")}
    assert set(TypeExtractor(pipelines).extract_types_from_pipelines()) == names


def test_a_node_is_named_as_its_function_and_previews_its_docstring(pipelines):
    for node in pipelines["__default__"].nodes:
        assert node.short_name in (
            node.func.__name__,
            f"{node.func.__name__}_train",
            f"{node.func.__name__}_test",
        )
        sentence = " ".join(node.preview().content.split())
        assert node.func.__doc__.startswith(sentence)
        assert len(sentence) > 20


def test_the_nodes_of_a_pipeline_are_in_its_namespace(pipelines):
    for name, pipeline in pipelines.items():
        if name != "__default__":
            assert {node.namespace for node in pipeline.nodes} == {name}


def test_no_two_pipelines_make_the_same_dataset(pipelines):
    single = [p for name, p in pipelines.items() if name != "__default__"]
    outputs = [output for pipeline in single for output in pipeline.all_outputs()]
    assert len(outputs) == len(set(outputs))


def test_no_two_modules_have_the_same_name_except_the_parts_of_pipelines():
    package = ROOT / "src" / "digit_recognition"
    names = [file.name for file in package.rglob("*.py")]
    shared = {name for name in names if names.count(name) > 1}
    assert shared <= {"__init__.py", "nodes.py", "pipeline.py"}


def test_a_pipeline_imports_no_other_pipeline():
    folder = ROOT / "src" / "digit_recognition" / "pipelines"
    names = [file.parent.name for file in folder.glob("*/pipeline.py")]
    assert len(names) == 11
    for name in names:
        for file in (folder / name).glob("*.py"):
            text = file.read_text()
            for other in set(names) - {name}:
                assert f"pipelines.{other}" not in text
                assert f"from ..{other}" not in text


def test_datasets_in_memory_are_passed_on_without_a_copy(configuration):
    catalog = DataCatalog.from_config(
        {k: v for k, v in configuration["catalog"].items() if not k.startswith("_")}
    )
    value = object()
    in_memory = [name for name in catalog if "Memory" in catalog.get_type(name)]
    assert "untrained_model" in in_memory
    for name in in_memory:
        catalog.save(name, value)
        assert catalog.load(name) is value
