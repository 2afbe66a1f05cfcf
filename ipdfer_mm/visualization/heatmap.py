"""Numbers in cells, the darker the larger."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage


def draw_heatmap(axes: Axes,
                 values: np.ndarray,
                 rows: Sequence[str],
                 columns: Sequence[str],
                 largest: float,
                 digits: int,
                 **text) -> AxesImage:
    """Draw a matrix.

    Args:
        axes (Axes): Where to.
        values (np.ndarray): (R, C), from 0 to ``largest``; nan is a dash.
        rows (Sequence[str]): Names, R.
        columns (Sequence[str]): Names, C.
        largest (float): What is darkest.
        digits (int): After the point.
        **text: Of :meth:`matplotlib.axes.Axes.text`.

    Returns:
        AxesImage: For a color bar.
    """
    image = axes.imshow(values, cmap='Blues', vmin=0, vmax=largest)
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row,
                  '-' if np.isnan(value) else f'{value:.{digits}f}',
                  ha='center', va='center',
                  color='white' if value > largest / 2 else 'black', **text)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    return image
