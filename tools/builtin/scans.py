"""Making a scanned page easier to read: upright, straight, large enough, and high in contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

#: Readers of text want letters about 30 pixels high: that of a page of 1,600 pixels and more.
_WISHED_WIDTH = 1_600
_MOST_ENLARGEMENT = 4.0
_MARGIN = 20


def prepared(page: Image, *, despeckled: bool = False, black_and_white: bool = False) -> Image:
    """The gray page with full contrast, enlarged, straightened, with a margin.

    `despeckled` takes out single dots, `black_and_white` all shades.
    """
    from PIL import ImageFilter, ImageOps
    from PIL.Image import Resampling

    even = ImageOps.autocontrast(page, cutoff=1)
    if is_dark(even):
        even = ImageOps.invert(even)
    if despeckled:
        even = even.filter(ImageFilter.MedianFilter(3))
    factor = min(_MOST_ENLARGEMENT, _WISHED_WIDTH / even.width)
    if factor > 1.0:
        even = even.resize((round(even.width * factor), round(even.height * factor)), Resampling.LANCZOS)
    angle = skew(even)
    if angle:
        even = even.rotate(-angle, resample=Resampling.BICUBIC, expand=True, fillcolor=255)
    if black_and_white:
        limit = threshold(even)
        even = even.point([0 if level <= limit else 255 for level in range(256)])
    return ImageOps.expand(even, border=_MARGIN, fill=255)


def turned(page: Image, quarters: int) -> Image:
    """The page after so many quarter turns, clockwise."""
    return page.rotate(-90 * quarters, expand=True, fillcolor=255)


def is_dark(page: Image) -> bool:
    """Whether most of the page is dark, as with light writing on a dark ground."""
    histogram = page.histogram()
    return sum(histogram[:128]) > sum(histogram[128:])


def threshold(page: Image) -> int:
    """The gray level that best parts ink from paper.

    Otsu, N. (1979). A threshold selection method from gray-level histograms: the level with the
    largest variance between the two classes.
    """
    import numpy as np

    counts = np.asarray(page.histogram()[:256], dtype=float)
    weights = np.cumsum(counts)
    sums = np.cumsum(counts * np.arange(256))
    total, whole = weights[-1], sums[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (whole * weights / total - sums) ** 2 / (weights * (total - weights))
    return int(np.nanargmax(np.where(np.isfinite(between), between, -1.0)))


def skew(page: Image, *, most: float = 8.0) -> float:
    """By how many degrees (anticlockwise positive) the lines of the page are turned; 0 below 0.3.

    Lines of text that lie straight make the rows of the page very unequal in ink: the angle whose
    back turn makes their sums differ most is the skew. Coarse steps first, then fine ones.
    """
    small = page.copy()
    small.thumbnail((600, 600))
    coarse = _straightest(small, [step * 1.0 for step in range(-int(most), int(most) + 1)])
    found = _straightest(small, [coarse + step * 0.25 for step in range(-3, 4)])
    return found if abs(found) >= 0.3 else 0.0


def _straightest(page: Image, angles: list[float]) -> float:
    # Ties go to the smallest angle, so that an empty page stays as it is.
    return max(sorted(angles, key=abs), key=lambda angle: _unevenness(page, angle))


def _unevenness(page: Image, angle: float) -> float:
    import numpy as np

    turned_back = page.rotate(-angle, fillcolor=255)
    ink: Any = 255.0 - np.asarray(turned_back, dtype=float)
    sums = ink.sum(axis=1)
    return float(((sums[1:] - sums[:-1]) ** 2).sum())
