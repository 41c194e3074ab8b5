import fsspec
import numpy as np
import onnx
import pytest
from conftest import run_python
from kedro.io import DatasetError, Version
from onnx import TensorProto, helper

from digit_recognition.datasets import OnnxDataset


def doubling(factor=2.0):
    """A model that doubles what it takes, float32 (n,)."""
    vector = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"
    ]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "factor"], ["y"])],
        "doubling",
        vector[:1],
        vector[1:],
        [helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8
    )
    helper.set_model_props(model, {"model_version": "v1", "temperature": "1.5"})
    return model


def answer(session, values=(1, 2, 3)):
    return session.run(["y"], {"x": np.array(values, np.float32)})[0].tolist()


@pytest.fixture(params=["disk", "memory"])
def folder(request, tmp_path):
    if request.param == "disk":
        yield str(tmp_path)
    else:
        yield f"memory://{tmp_path.name}"
        fsspec.filesystem("memory").store.clear()


def test_a_saved_model_runs_and_has_its_metadata(folder):
    dataset = OnnxDataset(filepath=f"{folder}/models/model.onnx")
    assert not dataset.exists()
    dataset.save(doubling())
    assert dataset.exists()
    session = dataset.load()
    assert answer(session) == [2, 4, 6]
    assert session.get_modelmeta().custom_metadata_map == {
        "model_version": "v1",
        "temperature": "1.5",
    }
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_each_version_keeps_its_model_and_the_newest_is_loaded(folder):
    path = f"{folder}/model.onnx"
    OnnxDataset(filepath=path, version=Version(None, "1")).save(doubling())
    OnnxDataset(filepath=path, version=Version(None, "2")).save(doubling(3.0))
    newest = OnnxDataset(filepath=path, version=Version(None, None))
    assert answer(newest.load()) == [3, 6, 9]
    assert newest.list_versions(full_path=False) == ["2", "1"]
    assert answer(OnnxDataset(filepath=path, version=Version("1", None)).load()) == [
        *(2, 4, 6)
    ]


def test_the_file_passes_the_check_of_onnx(tmp_path):
    OnnxDataset(filepath=str(tmp_path / "model.onnx")).save(doubling())
    onnx.checker.check_model(str(tmp_path / "model.onnx"), full_check=True)


def test_load_arguments_reach_the_session(tmp_path):
    dataset = OnnxDataset(
        filepath=str(tmp_path / "model.onnx"), load_args={"intra_op_num_threads": 1}
    )
    dataset.save(doubling())
    assert dataset.load().get_session_options().intra_op_num_threads == 1
    assert "intra_op_num_threads" in str(dataset)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no model",
        doubling().SerializeToString()[:-30],
        doubling().SerializeToString().replace(b"Mul", b"Mum"),
    ],
)
def test_a_file_that_is_no_model_is_named(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"an ONNX model at .*export it again"):
        OnnxDataset(filepath=str(path)).load()


def test_a_damaged_name_in_the_error_is_no_reason_to_print_or_to_retry(tmp_path, capfd):
    damaged = doubling().SerializeToString().replace(b"Mul", b"M\xffl")
    (tmp_path / "model.onnx").write_bytes(damaged)
    with pytest.raises(DatasetError, match=r"an ONNX model at .*export it again"):
        OnnxDataset(filepath=str(tmp_path / "model.onnx")).load()
    assert capfd.readouterr() == ("", "")


def test_a_missing_model_says_what_to_do(folder):
    with pytest.raises(DatasetError, match=r"expected an ONNX model at .*found none"):
        OnnxDataset(filepath=f"{folder}/model.onnx").load()


@pytest.mark.parametrize("data", [b"bytes", None, object()])
def test_only_models_are_saved(tmp_path, data):
    dataset = OnnxDataset(filepath=str(tmp_path / "model.onnx"))
    with pytest.raises(DatasetError):
        dataset.save(data)
    assert not dataset.exists()


def test_a_model_is_loaded_without_tensorflow_or_onnx(tmp_path):
    OnnxDataset(filepath=str(tmp_path / "model.onnx")).save(doubling())
    done = run_python(
        "import sys\n"
        "from digit_recognition.datasets import OnnxDataset\n"
        "import digit_recognition.recognition.thresholds\n"
        f"OnnxDataset(filepath={str(tmp_path / 'model.onnx')!r}).load()\n"
        "print({'tensorflow', 'keras', 'onnx', 'zarr'} & set(sys.modules))"
    )
    assert done.stdout.splitlines()[-1] == "set()", done.stderr
