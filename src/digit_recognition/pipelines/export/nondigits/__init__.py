"""Pictures of what is not a digit, made of digits and of random shapes.

A detector that is trained on them is judged on none of them: no letters, words,
scribbles, ruled lines, pixel noise or photographs are here.
"""

from __future__ import annotations

import numpy as np

from ..fields import as_fields
from ..pens import redraw
from .broken import cropped, lying, mirrored, rejoined, shuffled, torn
from .joined import crossed, overlaid, pieced, side_by_side
from .shapes import cut_out, filled, stained

KINDS = {
    kind.__name__: kind
    for kind in (
        *(overlaid, side_by_side, pieced, crossed),
        *(shuffled, rejoined, mirrored, lying, torn, cropped),
        *(filled, cut_out, stained),
    )
}
SOLID = frozenset({"filled", "cut_out", "stained"})  # no pen has strokes to redraw


def make_non_digits(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fields without a digit and their kinds, as arrays (count, 28, 28) and (count,).

    The fields are float32 in 0..1. ``images`` is float32 (n, 28, 28) in 0..1,
    ``labels`` (n,) in 0..9, each digit among them. The kinds are the names in
    ``KINDS``, equally many of each, one kind after the other. Half of what has strokes
    is drawn again by felt pens.
    """
    fields, kinds = [], []
    ends = count * np.arange(len(KINDS) + 1) // len(KINDS)
    for number, (name, kind) in enumerate(KINDS.items()):
        rng = np.random.default_rng([seed, number])
        some = ends[number + 1] - ends[number]
        drawings = kind(images, labels, some, rng)
        if name not in SOLID:
            drawings[: some // 2] = redraw(drawings[: some // 2], rng)
        fields.append(as_fields(drawings))
        kinds += [name] * some
    return np.concatenate(fields), np.array(kinds)
