"""The five points that alignment works with, and their cells in files."""

from collections.abc import Mapping

import numpy as np

from ipdfer_mm.utils.csv_files import parse_number

POINT_COLUMNS = ('leye_x', 'leye_y', 'reye_x', 'reye_y', 'nose_x', 'nose_y',
                 'lmouth_x', 'lmouth_y', 'rmouth_x', 'rmouth_y')


def five_points(landmarks68: np.ndarray) -> np.ndarray:
    """Eyes, nose tip and mouth corners out of the 68 points.

    Args:
        landmarks68 (np.ndarray): Multi-PIE points, (68, 2).

    Returns:
        np.ndarray: Left eye, right eye (means of the six points around each),
        nose tip, left and right mouth corner, as seen in an image of a head
        turned by less than 90 degrees, (5, 2).
    """
    return np.stack([
        landmarks68[36:42].mean(axis=0), landmarks68[42:48].mean(axis=0),
        landmarks68[30], landmarks68[48], landmarks68[54]
    ])


def parse_points(cells: Mapping[str, str], where: str) -> np.ndarray | None:
    """Read the five points of a row.

    Args:
        cells (Mapping[str, str]): Column name to cell.
        where (str): File and line, for the error.

    Returns:
        np.ndarray | None: Points of shape (5, 2), or None where all ten cells
        are empty.

    Raises:
        ValueError: If some cells are empty and others not, or one does not
            parse.
    """
    values = np.array(
        [parse_number(cells[name], name, where) for name in POINT_COLUMNS])
    if np.isnan(values).all():
        return None
    if np.isnan(values).any():
        raise ValueError(f'{where}: some of the ten cells {POINT_COLUMNS[0]} '
                         f'to {POINT_COLUMNS[-1]} are empty and others are '
                         'not; give all or none.')
    return values.reshape(5, 2)
