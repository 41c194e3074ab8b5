"""Look up the machine's processor and GPUs, and configure TensorFlow for them.

Other functions open a browser and write durations in words.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from digit_recognition.errors import ProjectError

CPU_INFO = Path("/proc/cpuinfo")

Precision = Literal["auto", "float32", "bfloat16"]


def processor() -> str:
    """Return the processor's name and number of cores, as in ``NAME, 8 cores``."""
    name = _cpu_info("model name") or platform.processor() or platform.machine()
    return f"{name}, {available_cores()} cores"


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> list[str]:
    """Return the names of the GPUs that TensorFlow sees."""
    import tensorflow as tf

    return [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]


def has_bfloat16() -> bool:
    """Return whether the device that TensorFlow uses has bfloat16 instructions.

    - GPUs have these instructions from compute capability 8.0 on. If there are several
      GPUs, all of them must have the instructions.
    - Without a GPU, the processor must have one of the flags avx512_bf16, amx_bf16
      (x86) or bf16 (Arm). The result is False if the flags cannot be read. They can be
      read only on Linux.
    """
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if devices:
        details = map(tf.config.experimental.get_device_details, devices)
        return all(gpu.get("compute_capability", (0, 0)) >= (8, 0) for gpu in details)
    flags = _cpu_info("flags") or _cpu_info("Features")
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())


def dtype_policy(precision: Precision) -> str:
    """Return Keras' dtype policy, ``mixed_bfloat16`` or ``float32``.

    The precision ``auto`` stands for bfloat16 on devices that have instructions for it.
    On these devices, training in bfloat16 takes half as long as in float32. On other
    devices, ``auto`` stands for float32, because bfloat16 would be emulated, which is
    slower.
    """
    if precision == "bfloat16" or (precision == "auto" and has_bfloat16()):
        return "mixed_bfloat16"
    return "float32"


def make_deterministic() -> None:
    """Make TensorFlow's operations deterministic until the process ends."""
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


def bound_threads(count: int | None) -> int:
    """Limit TensorFlow to ``count`` threads, and return the number of threads.

    If ``count`` is None, there is one thread per core. TensorFlow adds numbers in an
    order that depends on the number of threads. Because of rounding, the weights of a
    trained network also depend on the number of threads.

    Raises ProjectError if TensorFlow already runs with another number of threads.
    """
    import tensorflow as tf

    count = count or available_cores()
    threading = tf.config.threading
    current = threading.get_intra_op_parallelism_threads() or available_cores()
    if current != count:
        try:
            threading.set_intra_op_parallelism_threads(count)
            threading.set_inter_op_parallelism_threads(count)
        except RuntimeError as error:
            raise ProjectError(
                f"expected a process that can still be limited to {count} threads, "
                "received one in which TensorFlow has already started; start the "
                "worker again"
            ) from error
    return count


@contextlib.contextmanager
def full_float32() -> Iterator[None]:
    """Switch TensorFloat-32 off inside the block, so that GPUs use full float32.

    TensorFloat-32 drops 13 bits of each float32 number for speed.
    """
    import tensorflow as tf

    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def open_browser(address: str) -> None:
    """Open the address in a browser, if there is a desktop.

    Without a desktop, nothing is opened, because the only browser may be a text
    browser.
    """
    has_desktop = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if has_desktop:
        webbrowser.open(address)


def format_duration(seconds: float) -> str:
    """Return a duration in words: ``0.4 s``, ``42 s``, ``3 min 20 s``, ``2 h 5 min``.

    >>> format_duration(200)
    '3 min 20 s'
    """
    if seconds < 10:  # noqa: PLR2004 (two digits)
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = {"h": hours, "min": minutes, "s": seconds}
    shown = [f"{value} {unit}" for unit, value in parts.items() if value]
    return " ".join(shown[:2])


def _cpu_info(key: str) -> str:
    with contextlib.suppress(OSError):
        for line in CPU_INFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return ""
