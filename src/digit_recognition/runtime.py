"""What this machine can do; the one place where the code asks it."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

CPU_INFO = Path("/proc/cpuinfo")

Precision = Literal["auto", "float32", "bfloat16"]


def processor() -> str:
    """The processor's name as the machine gives it, with the number of its cores."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    name = _cpu_info("model name") or platform.processor() or platform.machine()
    return f"{name}, {cores} cores"


def gpus() -> list[str]:
    """The names of the GPUs that TensorFlow sees."""
    import tensorflow as tf

    return [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]


def has_bfloat16() -> bool:
    """Whether what TensorFlow computes on has instructions for bfloat16.

    On GPUs these came with compute capability 8.0; a processor lists avx512_bf16 or
    amx_bf16 (x86) or bf16 (Arm) among its flags. Where flags cannot be read (outside
    of Linux) the answer is no.
    """
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    if found:
        details = map(tf.config.experimental.get_device_details, found)
        return all(gpu.get("compute_capability", (0, 0)) >= (8, 0) for gpu in details)
    flags = _cpu_info("flags") or _cpu_info("Features")
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())


def dtype_policy(precision: Precision) -> str:
    """Keras' dtype policy: ``mixed_bfloat16`` or ``float32``.

    ``auto`` is bfloat16 where there are instructions for it: twice as fast as float32
    here, but slower than it where bfloat16 has to be emulated.
    """
    if precision == "bfloat16" or (precision == "auto" and has_bfloat16()):
        return "mixed_bfloat16"
    return "float32"


def make_deterministic() -> None:
    """Let TensorFlow compute the same twice; this process cannot take it back."""
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


@contextlib.contextmanager
def full_float32() -> Iterator[None]:
    """Let GPUs keep all bits of float32: TensorFloat-32 takes 13 of them, for speed."""
    import tensorflow as tf

    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def _cpu_info(key: str) -> str:
    with contextlib.suppress(OSError):
        for line in CPU_INFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return ""
