"""Read the numbers on a page: find digits, classify them, and accept or doubt them.

A mark is an object on a page that may be a digit. There are several ways to find the
marks of a page. The list of digits that results from one of these ways is called a
reading. The aspect of a mark is its width divided by its height. A digit is in doubt if
a person should check it.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from digit_recognition.imaging.boxes import Box
from digit_recognition.imaging.cells import Cell
from digit_recognition.imaging.ink import (
    Ink,
    find_ink,
    find_ink_locally,
    light_is_even,
    max_local_stroke,
    resized,
    stroke_width,
)
from digit_recognition.imaging.line_removal import without_edges
from digit_recognition.imaging.mnist_format import is_mnist_format
from digit_recognition.imaging.page_marks import Mark, placed_mark
from digit_recognition.imaging.segmentation import (
    TooManyMarks,
    Unread,
    find_marks,
    find_unread,
)
from digit_recognition.imaging.sheets import without_surroundings, without_table
from digit_recognition.imaging.splitting import merge_marks, split_candidates
from digit_recognition.imaging.work import (
    TooMuchWork,
    add_work,
    bounded_work,
    optional_work,
)
from digit_recognition.recognition.acceptance import (
    KEEP_DIGITS,
    MAX_NUMBER_ERROR,
    AcceptanceRule,
    find_acceptance_rule,
)
from digit_recognition.recognition.broken import broken_pairs
from digit_recognition.recognition.calibration import calibrated_confidence
from digit_recognition.recognition.line_acceptance import (
    accept_by_line,
    doubt_confidence,
)
from digit_recognition.recognition.lines import (
    MIN_SIZE,
    NO_DIGIT,
    PERHAPS_FRAME,
    SPLIT,
    TOO_WIDE,
    Digit,
    Line,
    arrange_in_lines,
)
from digit_recognition.recognition.model_checks import (
    check_tensors,
    parse_temperature,
    parse_validation,
    read_metadata,
)
from digit_recognition.recognition.regions import (
    away_from_sides,
    choose_by_region,
    doubt_frames,
)
from digit_recognition.recognition.thresholds import CERTAINTY
from digit_recognition.recognition.views import average_views

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
else:
    InferenceSession = Any  # Kedro resolves the nodes' type hints

MAX_SEARCH_PIXELS = 2_500_000
"""Pages with more pixels are reduced before the first attempt to read them. A4 at
150 dpi has 2.2 million pixels."""

MAX_FULL_PIXELS = 9_000_000
"""Pages with more pixels are never read at full size. A4 at 300 dpi has 8.7 million
pixels. To read a page of 16 million pixels, more than 1 GB of memory was needed."""

MAX_BATCH = 100
"""Maximum number of images that are classified at once. ONNX Runtime never releases the
memory of the largest batch, for example 400 MB for 460 images."""

MIN_HEIGHT = 20
"""Minimum of the digits' median height on a reduced page, in pixels of the reduced
page. If the median is smaller, the page is read again at a larger size. MNIST's digits
are 20 pixels high."""

MIN_TEXTURE, MIN_TEXTURE_DIGITS = 100, 0.05
"""A page is a texture if it has at least MIN_TEXTURE pieces of ink, and if less than
the share MIN_TEXTURE_DIGITS of them look like digits. On a page of 300 digits that were
only 5 pixels high after the page was reduced, this share was 0.14."""

MIN_PIECE_HEIGHT = 5
"""Ink outside all marks counts as a piece of ink if it is at least this high, in pixels
of the reduced page."""

MAX_UNREAD_INK = 0.05
"""If more than this share of the ink is outside the digits, another way to find the
digits is tried."""

MAX_DOUBTFUL = 0.25
"""If more than this share of the digits is in doubt, another way to find the digits is
tried."""

MAX_INK_SHARE = 0.35
"""Maximum share of a page's pixels that can be ink. If more pixels look like ink, some
of them are paper in poor light."""

MAX_ASPECT = 1.4
"""A mark is wide if its aspect (width divided by height) is at least this value. A wide
mark may consist of touching digits. It is split only if all of its parts are likely
digits."""

MAX_SURE_ASPECT = 1.6
"""A mark is too wide for one digit if its aspect (width divided by height) is at least
this value."""

MIN_SPLIT_ASPECT = 0.8
"""Minimum aspect (width divided by height) of a mark that may be split."""

MAX_SPLIT_ASPECT = 6
"""Maximum aspect (width divided by height) of a mark that may be split."""

LIKELY = 0.9
"""A mark is split only if each part has at least this confidence. Two marks are merged
only if the merged mark has at least this confidence."""

VERY_LIKELY = 0.99
MAX_LOGIT_LOSS = 2.0
"""A mark that is not split is in doubt if it may be two touching digits.

This is so if both conditions hold for the parts into which it could be split:

1. Each part has at least the confidence VERY_LIKELY.
2. The mean of the parts' detector logits is at most MAX_LOGIT_LOSS below the detector
   logit of the whole mark.

Both conditions held for all 22 touching pairs of digits that were read as one digit.
The first condition also held for 40 single digits. Of these, only 2 met the second
condition.
"""

MIN_WIDE_HEIGHT = 0.75
"""Minimum height of a mark that may be split, as a multiple of the typical height of
the page's digits (see ``_typical_height``)."""

MIN_DIRECTED, MAX_TURNED = 3, 60
"""Whether a page lies on its side or upside down is checked only if it has at least
MIN_DIRECTED digits. The check uses at most MAX_TURNED of them."""

MIN_TURNED_GAIN = 0.5
"""A page is taken to lie on its side or upside down if another direction has a score
that is higher by more than this. The score of a direction is a sum of confidences (see
``Reader._is_turned``)."""

TURNED = "the page lies on its side or upside down"
ON_TABLE = "perhaps a sheet of paper on a table"
PERHAPS_TWO = "perhaps two that touch"
PERHAPS_PART = "perhaps a part of a digit"

MIN_TYPICAL = 3
"""The typical height of a page's digits is computed only if at least this many digits
are accepted."""


class NothingToRead(ValueError):  # noqa: N818 (a page without digits is no error)
    """Raised if no digits can be read on a page. The message gives the reason."""


class PageResult(NamedTuple):
    """What was read on a page.

    - ``lines``: the lines of digits, from top to bottom.
    - ``stray_marks``: the number of marks of a digit's size that are in no line, such
      as signs, letters and stray strokes.
    """

    lines: list[Line]
    stray_marks: int = 0


class Reader:
    """Uses an exported model to read the numbers on pages.

    ``rule`` decides which digits are accepted. ``metadata`` is the model's metadata.
    """

    def __init__(self, session: InferenceSession, rule: AcceptanceRule):
        """Check the model's inputs, outputs and metadata.

        Raises ProjectError if the reader cannot use the model.
        """
        check_tensors(session)
        self.metadata = read_metadata(session)
        self.rule = rule
        self._session = session
        self._temperature = parse_temperature(self.metadata)

    @property
    def model_digest(self) -> str:
        """The SHA-256 of the exported model, as 64 hex digits."""
        return hashlib.sha256(self._session.model).hexdigest()

    def read(self, grey: np.ndarray) -> list[Line]:
        """Return the lines of digits on a page, from top to bottom.

        See ``read_page``, which also counts the marks that are in no line.
        """
        return self.read_page(grey).lines

    def read_page(self, grey: np.ndarray) -> PageResult:
        """Return the lines of digits on a page, and the number of stray marks.

        ``grey`` is float32 (height, width) in 0..1, where 1 is white. Raises
        NothingToRead if no digit is found, or if reading the page takes too much work
        (see `imaging.work`).

        A large page is first reduced to at most MAX_SEARCH_PIXELS. If the digits on the
        reduced page may be too small to be read well, the page is read again at a
        larger size, with at most MAX_FULL_PIXELS. If the second attempt takes too much
        work, or finds too many pieces of ink, the lines from the first attempt are
        returned. If the first attempt found no lines, NothingToRead is raised.

        In a 28x28 image in MNIST's format, no digits are searched for. The whole image
        is classified as one digit.
        """
        if is_mnist_format(grey):
            line = Line(self._classify([placed_mark(grey)]))
            return PageResult([accept_by_line(line, self.rule)])
        factor, full = (
            math.ceil(math.sqrt(grey.size / pixels))
            for pixels in (MAX_SEARCH_PIXELS, MAX_FULL_PIXELS)
        )
        try:
            with bounded_work():
                page, is_small = self._read_reduced(grey, factor)
                if factor > full and is_small:
                    try:
                        page, _ = self._read_reduced(grey, full)
                    except (NothingToRead, TooMuchWork):
                        if not page.lines:
                            raise
        except TooMuchWork as error:
            raise NothingToRead(str(error)) from error
        if not page.lines:
            raise NothingToRead("nothing written was found")
        return page

    def _read_reduced(self, grey: np.ndarray, factor: int) -> tuple[PageResult, bool]:
        """Reduce a page by ``factor`` and read it.

        In the result, the boxes of the digits are in pixels of the full page. The
        second value says whether the digits may be too small to be read well.
        """
        height, width = (-(-side // factor) for side in grey.shape)
        small = without_table(resized(grey, (height, width), Image.Resampling.BOX))
        digits, unread, is_on_table = self._find_digits_on_sheet(small)
        digits = self._merge_broken(digits)
        logits = self.rule.non_digit_threshold, self.rule.lowest_logit
        lines = arrange_in_lines(digits, unread, *logits) if digits else []
        lines = [accept_by_line(line, self.rule) for line in lines]
        for is_doubtful, doubt in (
            (is_on_table, ON_TABLE),
            (self._is_turned(digits), TURNED),
        ):
            if is_doubtful:
                lines = [replace(line, doubts=(doubt, *line.doubts)) for line in lines]
        enlarged = [
            replace(
                line,
                digits=[
                    replace(digit, mark=digit.mark.enlarged(factor, grey.shape))
                    for digit in line.digits
                ],
            )
            for line in lines
        ]
        result = PageResult(enlarged, _count_strays(digits, lines))
        return result, _are_small(lines, digits, unread)

    def _find_digits_on_sheet(
        self, grey: np.ndarray
    ) -> tuple[list[Digit], list[Box], bool]:
        """Return the marks on a page, and the boxes of the ink outside all marks.

        The third value is True if a mark looks like a sheet of paper on a table. The
        page is then also read without the table, and the marks in each region come from
        the better reading. Digits at the edge of the sheet or outside may be lost with
        the table. The mark may also be a digit, or the lit part of a page in a shadow.
        """
        digits, unread, sheet = self._find_digits(grey)
        if sheet is None:
            return digits, unread, False
        page = without_surroundings(grey, sheet.box, sheet.ink > 0)
        if page is not grey:
            with optional_work(), contextlib.suppress(NothingToRead, TooMuchWork):
                others, unread, _ = self._find_digits(page)
                digits = choose_by_region(_without_texture(digits, sheet), others)
        return digits, unread, True

    def _find_digits(
        self, grey: np.ndarray
    ) -> tuple[list[Digit], list[Box], Mark | None]:
        """Return the marks on a page, and the boxes of the ink outside all marks.

        The third value is the largest mark that looks like a sheet of paper, or None.

        Up to four ways to find the marks are tried: ink is found in two ways, and if
        the page has boxes or grids, their lines are removed in two ways. The
        search ends early if the light is even and the digits found so far are good
        enough (see ``_is_settled``). But if there are frames around digits, the second
        way to remove lines is tried first. The marks in
        each region of the page come from the way that works best there (see
        ``choose_by_region``). If one way has found marks, and the next takes too much
        work, no more ways are tried.

        Raises NothingToRead if the page has too many pieces of ink for every way, and
        TooMuchWork if the limit of the work is reached before any mark is found.
        """
        found: list[Digit] | None = None
        ink: Ink | None = None
        cells: list[Cell] = []
        sheets: list[Mark] = []
        frames: list[Digit] = []
        unread: Unread | None = None
        texture = None
        is_even = light_is_even(grey)
        with contextlib.ExitStack() as limits:
            for find in (find_ink, find_ink_locally):
                if ink and is_even and _is_only_thick(ink):
                    break
                ink = find(grey)
                is_local = find is find_ink_locally
                is_settled = False
                try:
                    for place, marks in enumerate(find_marks(ink)):
                        unread = None
                        cells += [mark.cell for mark in marks if mark.cell]
                        sheets += [mark for mark in marks if mark.is_sheet]
                        digits = self._read_marks(
                            away_from_sides(marks, grey.shape) if is_local else marks
                        )
                        frames += [d for d in digits if d.doubt == PERHAPS_FRAME]
                        found = choose_by_region(found or [], digits)
                        found = doubt_frames(found, frames)
                        if found:
                            limits.enter_context(optional_work())
                        is_settled = is_even and _is_settled(found, ink)
                        if is_settled:
                            unread = find_unread(ink, [d.mark for d in found], cells)
                            # A digit that touches a frame is found only in the second
                            # list of marks.
                            if place or not unread.has_frames:
                                break
                except TooManyMarks as error:
                    texture = error
                except TooMuchWork:
                    if not found:
                        raise
                    break
                if is_settled:
                    break
        if found is None and texture:
            raise NothingToRead(
                f"too crowded to read: received {texture}; cut the numbers out"
            ) from texture
        found = found or []
        if ink and not unread:
            unread = find_unread(ink, [d.mark for d in found], cells)
        return found, unread.boxes if unread else [], _largest(sheets)

    def _read_marks(self, marks: list[Mark]) -> list[Digit]:
        """Classify the marks, and split those that consist of touching digits."""
        wholes = self._classify(marks)
        low = MIN_WIDE_HEIGHT * _typical_height(wholes)
        return [digit for whole in wholes for digit in self._split_touching(whole, low)]

    def _classify(self, marks: list[Mark]) -> list[Digit]:
        if not marks:
            return []
        add_work(len(marks))
        images = np.stack([mark.field for mark in marks])[..., None]
        logits, digit_logits = average_views(self._predict, images)
        confidences = calibrated_confidence(logits, self._temperature)
        return [
            Digit(
                mark,
                int(digit),
                float(confidence),
                self._doubt(confidence, digit_logit, mark),
                float(digit_logit),
            )
            for mark, digit, confidence, digit_logit in zip(
                marks,
                logits.argmax(axis=1),
                confidences,
                digit_logits[:, 0],
                strict=True,
            )
        ]

    def _is_turned(self, digits: list[Digit]) -> bool:
        """Return whether the page lies on one of its sides or upside down.

        The digits are classified in four directions: as they are, and turned by 90, 180
        and 270 degrees. For each direction, the score is the sum of the confidences of
        all images that the detector takes for digits. The page is turned if another
        direction has a clearly higher score than the digits as they are (see
        MIN_TURNED_GAIN).
        """
        if len(digits) < MIN_DIRECTED:
            return False
        step = -(-len(digits) // MAX_TURNED)
        fields = [digit.mark.field for digit in digits[::step]]

        def score(quarters: int) -> float:
            turned = [placed_mark(np.rot90(field, quarters)) for field in fields]
            return sum(
                digit.confidence
                for digit in self._classify(turned)
                if digit.digit_logit >= self.rule.digit_threshold
            )

        return max(map(score, (1, 2, 3))) > score(0) + MIN_TURNED_GAIN

    def _predict(self, images: np.ndarray) -> list[np.ndarray]:
        batches = [
            self._session.run(
                ["logits", "digit_logit"], {"image": images[start : start + MAX_BATCH]}
            )
            for start in range(0, len(images), MAX_BATCH)
        ]
        return [np.concatenate(outputs) for outputs in zip(*batches, strict=True)]

    def _doubt(self, confidence: float, digit_logit: float, mark: Mark) -> str:
        # First, because a mark that is as high as the page and perhaps no digit would
        # be left out of its line.
        if mark.perhaps_frame and not mark.unwritten:
            return PERHAPS_FRAME
        if mark.unwritten or digit_logit < self.rule.digit_threshold:
            return NO_DIGIT
        return doubt_confidence(confidence, self.rule.min_confidence)

    def _split_touching(self, whole: Digit, low: float) -> list[Digit]:
        """Return a mark as one digit, or split it into several digits.

        A mark is split if all of these hold:

        - The mark is at least ``low`` pixels high.
        - Its aspect (width / height) is from MIN_SPLIT_ASPECT to MAX_SPLIT_ASPECT.
        - All of its parts are likely digits.
        - It is wide (see MAX_ASPECT), or each part has a higher confidence than the
          mark.

        After a split, all parts are in doubt. A mark that is not split is in doubt if
        it is too wide for one digit, or if its parts look like two digits (see
        MAX_LOGIT_LOSS).
        """
        aspect = whole.mark.width / whole.mark.height
        if aspect < MIN_SPLIT_ASPECT or whole.mark.placed:
            return [whole]
        is_wide = aspect >= MAX_ASPECT
        if aspect >= MAX_SURE_ASPECT and not whole.doubt:
            whole = replace(whole, doubt=TOO_WIDE)
        if whole.mark.height < low:
            return [whole]
        # The detector gives lower logits to parts because it notices the cuts. Wide
        # marks must be split anyway, so their parts may have a lower logit.
        rule = self.rule
        min_logit = rule.non_digit_threshold if is_wide else rule.digit_threshold
        parts = self._split(whole.mark, min_logit)
        if not parts:
            return [whole]
        confidence = min(part.confidence for part in parts)
        if is_wide or confidence > whole.confidence:
            return [replace(part, doubt=part.doubt or SPLIT) for part in parts]
        if confidence >= VERY_LIKELY and not whole.doubt:
            logit = np.mean([part.digit_logit for part in parts])
            if logit >= whole.digit_logit - MAX_LOGIT_LOSS:
                whole = replace(whole, doubt=PERHAPS_TWO)
        return [whole]

    def _split(self, mark: Mark, min_logit: float) -> list[Digit]:
        """Return the most confident way to split a mark into likely digits.

        Each cut separates one likely digit from the rest. The rest must be a likely
        digit, too, or wide enough to be split again. The confidence of a split is the
        lowest confidence of its parts. The result is empty if the mark cannot be split
        in this way. ``min_logit`` is the minimum detector logit of a likely digit.
        """
        best: list[Digit] = []
        best_confidence = 0.0
        if mark.width > MAX_SPLIT_ASPECT * mark.height:
            return best
        halves = self._classify(
            [part for cut in split_candidates(mark) for part in cut]
        )
        for left, right in zip(halves[::2], halves[1::2], strict=True):
            is_left, is_right = (_is_likely(half, min_logit) for half in (left, right))
            if is_left and is_right:
                parts = [left, right]
            elif (
                is_left
                and _is_wide(right)
                and (rest := self._split(right.mark, min_logit))
            ):
                parts = [left, *rest]
            elif (
                is_right
                and _is_wide(left)
                and (rest := self._split(left.mark, min_logit))
            ):
                parts = [*rest, right]
            else:
                continue
            confidence = min(part.confidence for part in parts)
            if confidence > best_confidence:
                best, best_confidence = parts, confidence
        return best

    def _merge_broken(self, digits: list[Digit]) -> list[Digit]:
        """Merge neighbouring marks that are parts of one broken digit.

        Two marks are merged if the merged mark is a better digit (see ``_is_better``).
        The pair whose merged mark has the highest confidence comes first. Each mark is
        merged at most once. If one of the two marks was accepted, but as another digit,
        the merged mark is in doubt.

        If both marks are accepted, they are not merged. They are put in doubt if the
        merged mark would be accepted, too.
        """
        pairs = broken_pairs(digits)
        merged = self._classify([merge_marks(a.mark, b.mark) for a, b in pairs])
        left = {id(digit): digit for digit in digits}
        for whole, pair in sorted(
            zip(merged, pairs, strict=True), key=lambda one: -one[0].confidence
        ):
            if not all(id(part) in left for part in pair):
                continue
            if not any(part.doubt for part in pair):
                if not whole.doubt:
                    for part in pair:
                        left[id(part)] = replace(part, doubt=PERHAPS_PART)
            elif _is_better(whole, pair):
                for part in pair:
                    del left[id(part)]
                differs = any(not p.doubt and p.digit != whole.digit for p in pair)
                doubt = whole.doubt or (PERHAPS_TWO if differs else "")
                left[id(whole)] = replace(whole, doubt=doubt)
        return list(left.values())


def _largest(marks: list[Mark]) -> Mark | None:
    return max(marks, key=lambda mark: mark.box.area, default=None)


def _without_texture(digits: list[Digit], sheet: Mark) -> list[Digit]:
    """Return the marks without those of a rough table around a sheet of paper.

    The marks outside the box of the sheet are of a table if most of them are perhaps no
    digits. Otherwise, they may be writing on paper in a shadow.
    """
    top, left, bottom, right = sheet.box
    inside: list[Digit] = []
    outside: list[Digit] = []
    for digit in digits:
        row, column = digit.mark.box.centre
        is_inside = top <= row < bottom and left <= column < right
        (inside if is_inside else outside).append(digit)
    doubtful = sum(digit.doubt == NO_DIGIT for digit in outside)
    return inside if 2 * doubtful > len(outside) else digits


def _count_strays(marks: list[Digit], lines: list[Line]) -> int:
    """Return the number of marks that are in no line, specks not included.

    The longest side of a speck is less than MIN_SIZE times the median longest side of
    the digits in ``lines``.
    """
    placed = [digit.mark for line in lines for digit in line.digits]
    if not placed:
        return 0
    low = MIN_SIZE * float(np.median([mark.box.longest for mark in placed]))
    in_lines = {id(mark) for mark in placed}
    return sum(
        id(digit.mark) not in in_lines and digit.mark.box.longest >= low
        for digit in marks
    )


def _are_small(lines: list[Line], marks: list[Digit], unread: list[Box]) -> bool:
    """Return whether a page should be read again because its digits are small.

    ``unread`` holds the boxes of the ink outside all ``marks``. The result is True if
    the digits in ``lines`` are lower than MIN_HEIGHT pixels. Without lines, it is True
    if any piece of ink is lower. It is False for a texture, which has many pieces of
    ink and hardly any digits.
    """
    pieces = [mark.mark.height for mark in marks]
    pieces += [box.height for box in unread if box.height >= MIN_PIECE_HEIGHT]
    digits = sum(mark.doubt != NO_DIGIT for mark in marks)
    if len(pieces) >= MIN_TEXTURE and digits < MIN_TEXTURE_DIGITS * len(pieces):
        return False
    heights = [digit.mark.height for line in lines for digit in line.digits]
    if heights:
        return bool(np.median(heights) < MIN_HEIGHT)
    return min(pieces, default=MIN_HEIGHT) < MIN_HEIGHT


def _is_better(whole: Digit, parts: tuple[Digit, Digit]) -> bool:
    """Return whether a merged mark is a better digit than its two parts.

    The detector must take the merged mark for a digit. Its confidence must be at least
    LIKELY. It must also be at least the confidence of the less confident part.
    """
    minimum = max(LIKELY, min(part.confidence for part in parts))
    return whole.confidence >= minimum and whole.doubt != NO_DIGIT


def _typical_height(digits: list[Digit]) -> float:
    """Return the median height, in pixels, of the digits that are not in doubt.

    The result is 0 if there are fewer than MIN_TYPICAL of these digits.
    """
    heights = [d.mark.height for d in digits if not d.doubt]
    return float(np.median(heights)) if len(heights) >= MIN_TYPICAL else 0.0


def _is_wide(part: Digit) -> bool:
    """Return whether a part of a mark is wide enough to be more than one digit."""
    return part.mark.width >= MIN_SPLIT_ASPECT * part.mark.height


def _is_likely(part: Digit, min_logit: float) -> bool:
    """Return whether a part of a mark is likely to be one digit."""
    return (
        part.mark.width < MAX_ASPECT * part.mark.height
        and part.confidence >= LIKELY
        and part.digit_logit >= min_logit
        and not part.mark.unwritten
    )


def _is_only_thick(ink: Ink) -> bool:
    """Return whether the strokes of a page are too thick for ``find_ink_locally``.

    The dark borders of a scan are not strokes. The result is False if more than the
    share MAX_INK_SHARE of the page is ink, because some of this ink is paper in poor
    light.
    """
    limit = max_local_stroke(ink.grey)
    share = ink.traces.mean()
    if ink.stroke <= limit or not 0 < share <= MAX_INK_SHARE:
        return False
    strokes = without_edges(ink.traces)
    return not strokes.any() or stroke_width(strokes) > limit


def _is_settled(digits: list[Digit], ink: Ink) -> bool:
    """Return whether the digits are good enough to stop looking for better ones.

    There must be at least one digit. At most the share MAX_DOUBTFUL of the digits may
    be in doubt. At most the share MAX_UNREAD_INK of the ink may be outside the digits'
    boxes.
    """
    doubtful = sum(bool(digit.doubt) for digit in digits)
    if not digits or doubtful > MAX_DOUBTFUL * len(digits):
        return False
    rest = ink.smooth * ink.traces
    total = float(rest.sum())
    for digit in digits:
        mark = digit.mark
        rest[mark.y : mark.y + mark.height, mark.x : mark.x + mark.width] = 0
    return float(rest.sum()) <= MAX_UNREAD_INK * total


def load_reader(
    session: InferenceSession,
    max_error: float,
    certainty: float = CERTAINTY,
    keep_digits: float = KEEP_DIGITS,
    max_number_error: float = MAX_NUMBER_ERROR,
) -> Reader:
    """Return a reader that bounds the errors among accepted digits and numbers.

    ``session`` holds the exported model. ``find_acceptance_rule`` describes the other
    parameters. Raises ProjectError if the reader cannot use the model.
    """
    validation = parse_validation(read_metadata(session))
    rule = find_acceptance_rule(
        validation, max_error, certainty, keep_digits, max_number_error
    )
    return Reader(session, rule)
