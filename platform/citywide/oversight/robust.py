"""How far out a figure is among its like, told by medians, which one odd figure cannot move.

Source: B. Iglewicz and D. C. Hoaglin, How to Detect and Handle Outliers (ASQC, 1993): the modified
z-score 0.6745 (x - median) / MAD, with MAD the median of the absolute deviations from the median;
above 3.5 in absolute value a figure is labelled a possible outlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

# 0.6745 is the third quartile of the normal distribution: MAD over it estimates its deviation.
SCALE = 0.6745
THRESHOLD = 3.5
# Among fewer figures their spread is chance: half of them say what is usual.
FEWEST = 8


def scores(figures: Sequence[float]) -> list[float] | None:
    """The modified z-score of each figure; None where they are too few, or half are the same."""
    if len(figures) < FEWEST:
        return None
    middle = median(figures)
    spread = median(abs(figure - middle) for figure in figures)
    if spread == 0:
        return None
    return [SCALE * (figure - middle) / spread for figure in figures]
