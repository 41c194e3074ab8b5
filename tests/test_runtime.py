import platform

import keras
import pytest
import tensorflow as tf

from digit_recognition import runtime
from digit_recognition.runtime import (
    dtype_policy,
    full_float32,
    gpus,
    has_bfloat16,
    processor,
)


@pytest.fixture
def cpu_info(tmp_path, monkeypatch):
    """A machine whose /proc/cpuinfo holds the given text."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(runtime, "CPU_INFO", file)
    return file.write_text


@pytest.fixture
def gpus_of(monkeypatch):
    """A machine with GPUs of the given compute capabilities."""

    def put(*capabilities):
        details = [
            {"device_name": "GPU", "compute_capability": pair} for pair in capabilities
        ]
        monkeypatch.setattr(
            tf.config,
            "list_physical_devices",
            lambda kind: list(range(len(details))) if kind == "GPU" else [],
        )
        monkeypatch.setattr(
            tf.config.experimental, "get_device_details", details.__getitem__
        )

    return put


def test_the_processor_is_described_by_name_and_cores(cpu_info):
    cpu_info("processor\t: 0\nmodel name\t: Fast One 3000\n")
    name, cores = processor().rsplit(", ", 1)
    assert name == "Fast One 3000"
    assert int(cores.removesuffix(" cores")) >= 1


def test_without_a_processor_name_the_machine_type_is_given(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "CPU_INFO", tmp_path / "none")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert processor().startswith("riscv64, ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flags\t: fpu sse2 avx512_bf16 avx512f", True),
        ("flags\t: fpu amx_bf16", True),
        ("Features\t: fp asimd bf16", True),
        ("flags\t: fpu sse2 avx512f", False),
        ("flags\t: fpu\nmodel name\t: avx512_bf16", False),
        ("", False),
    ],
)
def test_bfloat16_is_used_if_the_processor_lists_it(cpu_info, text, expected):
    cpu_info(text)
    assert has_bfloat16() is expected
    assert dtype_policy("auto") == ("mixed_bfloat16" if expected else "float32")


def test_without_a_list_of_flags_there_is_no_bfloat16(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "CPU_INFO", tmp_path / "none")
    assert has_bfloat16() is False


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [([(8, 0)], True), ([(9, 0), (7, 5)], False), ([(7, 0)], False)],
)
def test_gpus_have_bfloat16_from_compute_capability_8_on(
    cpu_info, gpus_of, capabilities, expected
):
    cpu_info("flags\t: avx512_bf16")
    gpus_of(*capabilities)
    assert has_bfloat16() is expected
    assert gpus() == ["GPU"] * len(capabilities)


@pytest.mark.parametrize("flags", ["avx512_bf16", "sse2"])
def test_both_precisions_can_be_forced(cpu_info, flags):
    cpu_info(f"flags\t: {flags}")
    assert dtype_policy("float32") == "float32"
    assert dtype_policy("bfloat16") == "mixed_bfloat16"
    for precision in ("auto", "float32", "bfloat16"):
        assert keras.DTypePolicy(dtype_policy(precision)).variable_dtype == "float32"


def test_full_float32_restores_the_setting_at_the_end():
    enabled = tf.config.experimental.tensor_float_32_execution_enabled
    before = enabled()
    with full_float32():
        assert not enabled()
    assert enabled() == before
