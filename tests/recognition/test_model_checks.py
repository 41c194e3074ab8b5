import json
from types import SimpleNamespace

import pytest

from digit_recognition.errors import ProjectError
from digit_recognition.recognition.acceptance import ValidationResults
from digit_recognition.recognition.model_checks import (
    check_tensors,
    parse_temperature,
    parse_validation,
    read_metadata,
)

VALIDATION = {
    **{"confidence": [0.5, 1], "wrong": [True, False]},
    **{"digit_logit": [-1, 2], "number": [0, 0]},
}


def tensor(name, *shape, kind="tensor(float)"):
    return SimpleNamespace(name=name, type=kind, shape=list(shape))


def session(**changes):
    """A session with all tensors of an exported model, some of them changed."""
    inputs = {"image": tensor("image", "n", 28, 28, 1)}
    outputs = {
        "probabilities": tensor("probabilities", "n", 10),
        "logits": tensor("logits", "n", 10),
        "digit_logit": tensor("digit_logit", "n", 1),
    }
    for tensors in (inputs, outputs):
        tensors.update({name: changes[name] for name in tensors if name in changes})
    return SimpleNamespace(
        get_inputs=lambda: [given for given in inputs.values() if given],
        get_outputs=lambda: [given for given in outputs.values() if given],
    )


def test_an_exported_model_passes_and_so_do_sizes_that_the_file_leaves_open():
    check_tensors(session(probabilities=None))
    check_tensors(session(logits=tensor("logits", None, "unk__1")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": tensor("x", "n", 784)}, "received the input x and the outputs"),
        ({"image": None}, "received the input none and"),
        ({"digit_logit": None}, "the outputs probabilities, logits; export it again"),
        (
            {"logits": tensor("logits", "n", 9)},
            r"logits of model_onnx to be tensor\(float\) \(n, 10\), "
            r"received tensor\(float\) \(n, 9\)",
        ),
        (
            {"logits": tensor("logits", "n", 10, kind="tensor(int64)")},
            r"received tensor\(int64\) \(n, 10\)",
        ),
        ({"image": tensor("image", 1, 28, 28, 1)}, r"received .* \(1, 28, 28, 1\)"),
        (
            {"digit_logit": tensor("digit_logit", "n")},
            r"received tensor\(float\) \(n\)",
        ),
    ],
)
def test_other_inputs_or_outputs_are_named(change, message):
    with pytest.raises(ProjectError, match=message):
        check_tensors(session(**change))


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "hot", "", "1e-300", "11"])
def test_a_temperature_that_no_training_gives_is_refused(text):
    with pytest.raises(ProjectError, match=r"received temperature .*export it again"):
        parse_temperature({"temperature": text})


def test_a_temperature_is_parsed():
    assert parse_temperature({"temperature": "1.25"}) == 1.25


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[]", "validation"),
        ("half of it {", "validation"),
        ("{}", "validation.confidence"),
        (json.dumps(VALIDATION | {"confidence": []}), "validation.confidence"),
        (json.dumps(VALIDATION | {"confidence": [0, 2]}), "validation.confidence.1"),
        (json.dumps(VALIDATION | {"digit_logit": [float("nan")]}), "digit_logit.0"),
        (json.dumps(VALIDATION | {"wrong": ["?", True]}), "validation.wrong.0"),
    ],
)
def test_results_that_are_not_those_of_a_validation_are_refused(text, place):
    with pytest.raises(ProjectError, match=rf"received .*{place} .*export it again"):
        parse_validation({"validation": text})


def test_results_of_different_lengths_are_refused():
    with pytest.raises(ProjectError, match="'confidence': 2, 'wrong': 1,"):
        parse_validation({"validation": json.dumps(VALIDATION | {"wrong": [True]})})


def test_results_are_parsed_as_they_were_written():
    text = json.dumps(VALIDATION)
    found, expected = parse_validation({"validation": text}), VALIDATION
    assert {name: list(array) for name, array in found._asdict().items()} == expected
    assert [a.dtype for a in found] == [
        a.dtype for a in ValidationResults.from_json(text)
    ]


def test_metadata_that_are_no_text_are_refused():
    def fail():
        return b"\xff".decode()

    with pytest.raises(ProjectError, match="received bytes that are not UTF-8"):
        read_metadata(SimpleNamespace(get_modelmeta=fail))
