"""Pages without digits, of kinds on which the project trains no network.

Each kind of page has a function that draws one page with a random generator. The page
is float32 (height, width) in 0..1, with 1 for white.
"""

from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from scipy.interpolate import make_interp_spline
from skimage import data
from skimage.filters import threshold_otsu
from skimage.morphology import skeletonize
from sklearn.datasets import load_sample_images

SUPERSAMPLING = 3  # strokes are drawn three times as large, then reduced
LETTERS = "AEFHKMNRTVWXYaefhkmnrtvwxy"
LETTERS_LIKE_DIGITS = "CGJLPUcdjpu"
SYMBOLS = "+×÷=%&@#?$€*♥★☺→✓§¤~<>∑∞π♪☂✈☎☀♣♠"  # noqa: RUF001 (to be drawn)
WORDS = (
    *("the", "and", "house", "water", "paper", "number", "total", "name", "street"),
    *("Hello", "world", "invoice", "date", "amount", "please", "sign", "here"),
    *("black", "river", "Monday", "friend", "window", "garden", "table", "coffee"),
    *("learning", "kitchen", "machine", "Berlin", "summer", "winter", "yes", "no"),
)
PHOTOS = (
    *("astronaut", "camera", "coffee", "chelsea", "coins", "moon", "rocket", "page"),
    *("text", "clock", "brick", "grass", "gravel", "hubble_deep_field"),
    *("immunohistochemistry", "retina"),
)
DEFAULT_FONT = "DejaVuSans"
FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique"),
    *("DejaVuSansMono-BoldOblique", "DejaVuSerif", "DejaVuSerif-Bold"),
    *("DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
)


def blank_paper(rng: np.random.Generator) -> np.ndarray:
    """Draw unevenly lit paper with fine or coarse grain."""
    side = int(rng.choice([64, 128, 256]))
    down, across = np.mgrid[:side, :side] / side - 0.5
    light = rng.uniform(0.6, 1) + rng.uniform(-0.25, 0.25) * down
    light += rng.uniform(-0.25, 0.25) * across
    grain = ndimage.gaussian_filter(rng.normal(size=(side, side)), rng.choice(5))
    return _page(light + rng.uniform(0.002, 0.025) * grain)


def noise(rng: np.random.Generator) -> np.ndarray:
    """Draw Gaussian noise, uniform noise, black and white pixels, or 8x8 squares."""
    side = int(rng.choice([28, 64, 128]))
    squares = rng.random((side // 8, side // 8))
    pages = (
        rng.normal(0.5, 0.25, (side, side)),
        rng.random((side, side)),
        (rng.random((side, side)) > rng.uniform(0.01, 0.5)).astype(float),
        np.kron(squares, np.ones((8, 8))),
    )
    return _page(pages[rng.integers(len(pages))])


def scribbles(rng: np.random.Generator) -> np.ndarray:
    """Draw one stroke: a random walk, a spline, a zigzag or loops."""
    kind = rng.integers(4)
    if kind == 0:
        steps = int(rng.integers(60, 250))
        angles = np.cumsum(rng.normal(0, 0.5, steps))
        angles += np.linspace(0, rng.uniform(-20, 20), steps)
        stroke = np.cumsum(np.stack([np.cos(angles), np.sin(angles)], axis=1), axis=0)
    elif kind == 1:
        points = rng.random((int(rng.integers(5, 14)), 2))
        times = np.arange(len(points))
        stroke = make_interp_spline(times, points)(np.linspace(0, times[-1], 200))
    elif kind == 2:
        count = int(rng.integers(6, 16))
        across = np.arange(count) / count + rng.normal(0, 0.03, count)
        down = np.arange(count) % 2 * rng.uniform(0.4, 1) + rng.normal(0, 0.08, count)
        stroke = np.stack([across, down], axis=1) @ _rotation_matrix(
            rng.uniform(0, np.pi)
        )
    else:
        t = np.linspace(0, rng.uniform(4, 10) * np.pi, 400)
        across = rng.uniform(0.3, 1) * np.cos(t) + rng.uniform(0.02, 0.15) * t
        stroke = np.stack([across, np.sin(rng.uniform(0.95, 1.05) * t)], axis=1)
    stroke = stroke - stroke.min(axis=0)
    stroke = 0.1 + 0.8 * stroke / stroke.max()
    return _draw_strokes([stroke], rng.uniform(0.016, 0.09), rng)


def ruled_lines(rng: np.random.Generator) -> np.ndarray:
    """Draw two to eight horizontal or vertical lines, or both, slightly rotated."""
    places = np.linspace(0.08, 0.92, int(rng.integers(2, 9)))
    horizontal = [np.array([(0.03, place), (0.97, place)]) for place in places]
    vertical = [line[:, ::-1] for line in horizontal]
    lines = (horizontal, vertical, horizontal + vertical)[rng.integers(3)]
    rotation = _rotation_matrix(rng.normal(0, 0.04))
    lines = [(line - 0.5) @ rotation + 0.5 for line in lines]
    return _draw_strokes(lines, rng.uniform(0.01, 0.03), rng)


def printed_words(rng: np.random.Generator) -> np.ndarray:
    """Print a word of at least two letters in one of twelve fonts."""
    word, font = rng.choice(WORDS), rng.choice(FONTS)
    return _on_paper(_text(word, 60, font), rng)


def printed_letters(rng: np.random.Generator, letters: str = LETTERS) -> np.ndarray:
    """Print one of ``letters`` in one of twelve fonts."""
    letter, font = rng.choice(list(letters)), rng.choice(FONTS)
    return _on_paper(_text(letter, 90, font), rng)


def penned_letters(rng: np.random.Generator, letters: str = LETTERS) -> np.ndarray:
    """Draw one of ``letters`` as if with a pen, slanted and distorted."""
    ink = _text(rng.choice(list(letters)), 100, DEFAULT_FONT)
    points = np.argwhere(skeletonize(ink > 0.5)).astype(float)
    transform = _rotation_matrix(rng.normal(0, 0.12)) @ [
        [1, 0],
        [rng.normal(0.05, 0.2), 1],
    ]
    points = (points - points.mean(axis=0)) @ transform * rng.uniform(0.8, 1.25, 2)
    offsets = ndimage.gaussian_filter(rng.normal(size=(2, 260, 260)), (0, 22, 22))
    offsets *= rng.uniform(0, 4) / offsets.std()
    down, across = np.clip(points + 130, 0, 259).astype(int).T
    points += offsets[:, down, across].T
    points = (points - points.min(axis=0) + 20).astype(int)
    background = np.ones(points.max(axis=0) + 21, bool)
    background[tuple(points.T)] = False
    distance = ndimage.distance_transform_edt(background)
    return _on_paper(np.clip(rng.uniform(2, 6) - distance + 0.5, 0, 1), rng)


def photos(rng: np.random.Generator) -> np.ndarray:
    """Cut a random square out of a photo; invert it half of the time."""
    all_photos = _photos()
    while True:
        photo = all_photos[rng.integers(len(all_photos))]
        side = int(rng.uniform(0.2, 1) * min(photo.shape))
        top, left = (int(rng.integers(length - side + 1)) for length in photo.shape)
        page = photo[top : top + side, left : left + side]
        if np.ptp(page) > 0.02:
            break
    page = (page - page.min()) / np.ptp(page)
    return _page(1 - page if rng.random() < 0.5 else page)


def parts_of_photos(rng: np.random.Generator) -> np.ndarray:
    """Show one of the six largest dark regions of a photo on a white page."""
    photo = photos(rng)
    labels, count = ndimage.label(photo < threshold_otsu(photo))
    largest = np.argsort(np.bincount(labels.ravel())[1:])[::-1][:6] + 1
    region = labels == largest[rng.integers(min(count, 6))]
    return np.where(region, photo, np.float32(1))


def symbols(rng: np.random.Generator) -> np.ndarray:
    """Print a symbol that is neither a letter nor a digit."""
    return _on_paper(_text(rng.choice(list(SYMBOLS)), 90, DEFAULT_FONT), rng)


def drawings(rng: np.random.Generator) -> np.ndarray:
    """Draw a face, triangle, box, star, cross, arrow, house, heart or spiral."""
    t = np.linspace(0, 2 * np.pi, 60)
    ring = np.stack([np.cos(t), np.sin(t)], axis=1)
    fifths = np.arange(6) * 4 * np.pi / 5
    spiral = np.linspace(0, 6 * np.pi, 200)
    left, right = 0.08 * ring - (0.35, 0.25), 0.08 * ring - (-0.35, 0.25)
    mouth = (0.5, 0.3) * ring[:30] + (0, 0.1)
    box = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    walls = [(-1, 0), (0, -1), (1, 0), (1, 1), (-1, 1), (-1, 0)]
    down = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    strokes = (
        [ring, left, right, mouth],
        [[(0, -1), (1, 0.9), (-1, 0.9), (0, -1)]],
        [box],
        [np.stack([np.sin(fifths), -np.cos(fifths)], axis=1)],
        [[(-1, -1), (1, 1)], [(1, -1), (-1, 1)]],
        [[(-1, 0), (1, 0)], [(0.4, -0.6), (1, 0), (0.4, 0.6)]],
        [walls, [(-0.2, 1), (-0.2, 0.4), (0.3, 0.4), (0.3, 1)]],
        [np.stack([np.sin(t) ** 3, -down / 16], axis=1)],
        [spiral[:, None] / 19 * np.stack([np.cos(spiral), np.sin(spiral)], axis=1)],
    )[rng.integers(9)]
    transform = _rotation_matrix(rng.normal(0, 0.12)) * rng.uniform(0.28, 0.4, 2)
    strokes = [np.array(stroke) @ transform + 0.5 for stroke in strokes]
    strokes = [
        stroke + (rng.normal(0, 0.02, stroke.shape) if len(stroke) < 7 else 0)
        for stroke in strokes
    ]
    return _draw_strokes(strokes, rng.uniform(0.016, 0.09), rng)


def letters_like_digits(rng: np.random.Generator) -> np.ndarray:
    """Print or draw one letter of LETTERS_LIKE_DIGITS, such as a C or a J."""
    draw = (printed_letters, penned_letters)[rng.integers(2)]
    return draw(rng, LETTERS_LIKE_DIGITS)


KINDS = (
    *(blank_paper, noise, scribbles, ruled_lines, printed_words),
    *(printed_letters, penned_letters, photos, parts_of_photos),
)
EXTRA_KINDS = (symbols, drawings, letters_like_digits)


@cache
def _photos() -> list[np.ndarray]:
    """Return the sample photos of scikit-image and scikit-learn, in grey.

    Each photo is float (height, width) in 0..1, with 1 for white.
    """
    images = [getattr(data, name)() for name in PHOTOS] + load_sample_images().images
    return [
        (image.mean(axis=2) if image.ndim == 3 else image) / np.float32(255)
        for image in images
    ]


def _text(text: str, size: int, font: str) -> np.ndarray:
    """Print a text; return its ink, float (height, width) in 0..1, with 1 for ink.

    ``size`` is the font size in pixels. ``font`` is the name of a Matplotlib font.
    """
    path = Path(mpl.get_data_path(), "fonts", "ttf", f"{font}.ttf")
    typeface = ImageFont.truetype(path, size)
    left, top, right, bottom = typeface.getbbox(text)
    image = Image.new("L", (int(right - left) + 40, int(bottom - top) + 40))
    ImageDraw.Draw(image).text((20 - left, 20 - top), text, font=typeface, fill=255)
    return np.asarray(image) / 255


def _draw_strokes(
    strokes: list[np.ndarray], width: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw strokes with a pen on a square page.

    A stroke is an array of points (x, y), shape (n, 2), in 0..1. ``width`` is the width
    of the pen, as a fraction of the page's side.
    """
    side = int(rng.choice([100, 200])) * SUPERSAMPLING
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    radius = max(width * side, SUPERSAMPLING) / 2
    for stroke in strokes:
        points = [tuple(point) for point in np.asarray(stroke) * side]
        draw.line(points, fill=255, width=round(2 * radius), joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return _on_paper(np.asarray(image.reduce(SUPERSAMPLING)) / 255, rng)


def _on_paper(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    paper, dark = rng.uniform(0.75, 1), rng.uniform(0, 0.35)
    grain = rng.normal(0, rng.choice([0, 0.01, 0.03]), ink.shape)
    return _page(paper + (dark - paper) * ink + grain)


def _page(grey: np.ndarray) -> np.ndarray:
    return np.clip(grey, 0, 1).astype(np.float32)


def _rotation_matrix(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
