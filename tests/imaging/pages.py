"""Drawn test pages: float32 (h, w) in 0..1, where 1 is white."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

PAPER, INK = np.float32(0.9), np.float32(0.15)


def blank(height=200, width=280):
    return np.full((height, width), PAPER)


def write(page, image, top, left, scale=3):
    """Draw an MNIST image, uint8, on a page, each pixel ``scale`` pixels wide."""
    cover = (image / np.float32(255)).repeat(scale, axis=0).repeat(scale, axis=1)
    height, width = cover.shape
    box = page[top : top + height, left : left + width]
    box += cover * (INK - box)
    return page


def page_of(image):
    """Return a light page with an MNIST image on it, dark and off-centre."""
    return write(blank(140, 200), image, 30, 105)


def row_of(images, scale=3, gap=4):
    """Return a page with images in a row, their ink ``gap`` MNIST pixels apart."""
    boxes = [image[:, np.flatnonzero(image.any(axis=0))] for image in images]
    width = scale * sum(box.shape[1] + gap for box in boxes) + 80
    page = blank(28 * scale + 100, width)
    left = 45
    for box in boxes:
        write(page, box, 40, left, scale)
        left += scale * (box.shape[1] + gap)
    return page


def lines_on(page, lines, width, ink=INK):
    """Return the page with lines drawn on it; each is ((x, y), ...)."""
    image = Image.fromarray(page)
    for line in lines:
        ImageDraw.Draw(image).line(line, fill=float(ink), width=width)
    return np.array(image)


def shaded(page):
    """Darken the page from left to right, down to 45 % of its brightness."""
    return page * np.linspace(1, 0.45, page.shape[1], dtype=np.float32)


def shadowed(page):
    """Darken the right half of the page by a shadow with a soft edge."""
    light = np.ones_like(page)
    light[:, page.shape[1] // 2 :] = 0.6
    return page * ndimage.gaussian_filter(light, 4)


def noisy(page, spread=0.04):
    noise = np.random.default_rng(0).normal(0, spread, page.shape)
    return np.clip(page + noise, 0, 1).astype(np.float32)


def inverted(page):
    return 1 - page


def ruled(page):
    page = page.copy()
    for row in (10, 11):
        np.minimum(page[row::40], 0.6, out=page[row::40])
    return page


def squared(page):
    page = page.copy()
    for lines in (page[10::20], page[:, 10::20]):
        np.minimum(lines, 0.7, out=lines)
    return page


def framed(page):
    frame = np.full_like(page, INK)
    frame[:8] = frame[-8:] = frame[:, :8] = frame[:, -8:] = PAPER
    frame[11:-11, 11:-11] = page[11:-11, 11:-11]
    return frame


def edged(page):
    """Add the dark border of a scan at the bottom and on the right."""
    page = page.copy()
    page[-9:] = page[:, -6:] = 0.05
    return page


def specked(page):
    """Add 30 specks of 3 x 3 pixels."""
    page = page.copy()
    corners = np.random.default_rng(0).integers(0, np.array(page.shape) - 3, (30, 2))
    for row, column in corners:
        page[row : row + 3, column : column + 3] = INK
    return page


CONDITIONS = (
    *(shaded, shadowed, noisy, inverted, ruled, squared, framed, edged, specked),
)


def distance(field, other):
    """Return the mean absolute difference, the minimum over shifts of one pixel."""
    moves = ((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1))
    return min(np.abs(np.roll(field, m, (0, 1)) - other).mean() for m in moves)
