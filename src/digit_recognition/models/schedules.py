"""Learning-rate schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def warmup_cosine(
    learning_rate: float, steps: int, warmup_steps: int
) -> keras.optimizers.schedules.CosineDecay:
    """Return a schedule that rises from 0 to ``learning_rate`` and then falls to 0.

    The rise is linear and takes ``warmup_steps`` steps. The fall follows a cosine.
    ``steps`` is the total number of optimizer steps, including the warm-up. If
    ``warmup_steps`` is 0, the schedule starts at ``learning_rate``.
    """
    import keras

    if not warmup_steps:
        return keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps=steps - warmup_steps,
        warmup_target=learning_rate,
        warmup_steps=warmup_steps,
    )
