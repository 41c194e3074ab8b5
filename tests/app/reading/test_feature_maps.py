import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from digit_recognition.app.reading.feature_maps import FeatureMaps


def test_each_layer_has_its_name_its_shape_and_its_output(service):
    field = np.zeros((28, 28), np.float32)
    field[4, 6], field[5, 7] = 0.5, 0.75
    conv, pool, logits = service.feature_maps(field)
    assert (conv.name, conv.kind, conv.shape) == ("conv1", "convolution", (28, 28, 2))
    np.testing.assert_array_equal(conv.array[..., 0], field)
    assert not conv.array[..., 1].any()  # negative before the activation
    assert (pool.name, pool.kind, pool.shape) == ("pool1", "pooling", (14, 14, 2))
    assert pool.array[2, 3, 0] == 0.75
    assert np.count_nonzero(pool.array) == 1
    assert (logits.name, logits.kind, logits.shape) == ("logits", "dense", (10,))


def test_of_several_columns_the_first_is_shown(tmp_path):
    names = ["image", "a", "b", "both", "logits"]
    sizes = [[28, 28, 1], [784], [784], [784], [10]]
    tensors = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *size])
        for name, size in zip(names, sizes, strict=True)
    }
    constants = {
        "shape": np.array([-1, 784], np.int64),
        "first": np.eye(784, dtype=np.float32),
        "second": np.zeros((784, 784), np.float32),
        "weights": np.ones((784, 10), np.float32),
    }
    nodes = [
        helper.make_node("Reshape", ["image", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "second"], ["b"], name="two_1/dense_1/M"),
        helper.make_node("MatMul", ["flat", "first"], ["a"], name="one_1/dense_1/M"),
        helper.make_node("Add", ["a", "b"], ["both"], name="average"),
        helper.make_node("MatMul", ["both", "weights"], ["logits"], name="net_1/M"),
    ]
    graph = helper.make_graph(
        nodes,
        "two columns",
        [tensors["image"]],
        [tensors["logits"]],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = helper.make_opsetid("", 15)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    image = np.random.default_rng(0).random((28, 28), np.float32)
    dense, logits = FeatureMaps(tmp_path / "model.onnx").compute(image)
    assert dense.name == "dense"
    np.testing.assert_allclose(dense.array, image.ravel())
    assert logits.array == pytest.approx(np.full(10, image.sum()), rel=1e-4)
