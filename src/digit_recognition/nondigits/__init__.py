"""Pictures of what is not a digit, made of digits, random strokes and random shapes.

A detector that is trained on them is judged on none of them: no letters, words,
scribbles, ruled lines, pixel noise or photographs are here.
"""

from __future__ import annotations

import numpy as np

from .broken import cropped, lying, mirrored, rejoined, shuffled, torn
from .drawings import as_fields
from .joined import crossed, overlaid, pieced, side_by_side
from .pens import redraw
from .random_strokes import branched, framed, tailed
from .shapes import blotted, cut_out, filled, stained

KINDS = {
    kind.__name__: kind
    for kind in (
        *(overlaid, side_by_side, pieced, crossed),
        *(shuffled, rejoined, mirrored, lying, torn, cropped),
        *(branched, framed, tailed),
        *(filled, cut_out, stained, blotted),
    )
}
AS_DRAWN = frozenset(
    {"branched", "framed", "tailed"}  # have a pen's strokes already
    | {"filled", "cut_out", "stained", "blotted"}  # have none
)


def make_non_digits(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fields without a digit and their kinds, as arrays (count, 28, 28) and (count,).

    The fields are float32 in 0..1. ``images`` is float32 (n, 28, 28) in 0..1,
    ``labels`` (n,) in 0..9, each digit among them. The kinds are the names in
    ``KINDS``, equally many of each, one kind after the other. Half of what is made of
    digits is drawn again by felt pens.
    """
    fields, kinds = [], []
    ends = count * np.arange(len(KINDS) + 1) // len(KINDS)
    for number, (name, kind) in enumerate(KINDS.items()):
        rng = np.random.default_rng([seed, number])
        some = ends[number + 1] - ends[number]
        drawings = kind(images, labels, some, rng)
        if name not in AS_DRAWN:
            drawings[: some // 2] = redraw(drawings[: some // 2], rng)
        fields.append(as_fields(drawings))
        kinds += [name] * some
    return np.concatenate(fields), np.array(kinds)
