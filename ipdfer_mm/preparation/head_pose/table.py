"""Head poses and landmarks from a table."""

import numpy as np

from ipdfer_mm.utils.csv_files import parse_number, read_table, refuse_twice
from ipdfer_mm.utils.files import sha256

from .angles import UNKNOWN, Angles, FaceImage


class TablePose:
    """``csv``: angles out of a file.

    Args:
        file (str): CSV with the columns ``path`` (relative to the data root)
            and ``yaw``, and perhaps ``pitch`` and ``roll``, in degrees with
            the signs of :class:`Angles`; unknown is an empty cell.

    Attributes:
        angles (dict[str, Angles]): By the path of the image.

    Raises:
        ValueError: If a column is missing, a cell is no number or a path
            stands there twice; names file and line.
    """

    def __init__(self, file: str) -> None:
        self.digest = sha256(file)
        self.angles = self._read(file)

    @staticmethod
    def _read(file: str) -> dict[str, Angles]:
        return {
            path: Angles(*(
                parse_number(cells.get(name, ''), name, where)
                for name in Angles._fields))
            for path, (where, cells) in read_by_path(file, ('yaw', )).items()
        }

    def __call__(self, face: FaceImage) -> Angles:
        """Look the pose of a face up.

        Args:
            face (FaceImage): A face; only its path is used.

        Returns:
            Angles: Unknown where the file has no row for the path.
        """
        return self.angles.get(face.path, UNKNOWN)

    def describe(self) -> dict:
        """Name and settings for ``recipe.json``."""
        return dict(name='csv', file=self.digest)


def read_landmarks(file: str) -> dict[str, np.ndarray]:
    """Read landmarks by image.

    Args:
        file (str): CSV with the columns ``path``, ``x0``, ``y0``, ``x1`` ...

    Returns:
        dict[str, np.ndarray]: Path to points, (68, 2) or (98, 2), of the
        rows whose cells are not empty.

    Raises:
        ValueError: If there are columns for neither 68 nor 98 points, a cell
            is no number, or some cells of a row are empty; names file and
            line.
    """
    landmarks = {}
    for path, (where, cells) in read_by_path(file, ('x0', 'y0')).items():
        count = sum(name[:1] == 'x' and name[1:].isdigit() for name in cells)
        names = [f'{axis}{i}' for i in range(count) for axis in 'xy']
        if count not in (68, 98) or not set(names) <= set(cells):
            raise ValueError(f'{file} has columns for {count} landmarks; 68 '
                             'or 98 (x0, y0, x1, ...) are needed.')
        points = np.array([
            parse_number(cells[name], name, where) for name in names
        ]).reshape(-1, 2)
        if np.isnan(points).all():
            continue
        if np.isnan(points).any():
            raise ValueError(f'{where}: some landmarks are there and others '
                             'are empty; fill them in, or empty the row.')
        landmarks[path] = points
    return landmarks


def read_by_path(
        file: str,
        columns: tuple[str, ...]) -> dict[str, tuple[str, dict[str, str]]]:
    """Read a CSV by its column ``path``.

    Args:
        file (str): The CSV.
        columns (tuple[str]): Other columns that must be there.

    Returns:
        dict: Path to file and line, for messages, and cells by column.

    Raises:
        ValueError: If a column is missing or a path stands there twice.
    """
    rows: dict[str, tuple[str, dict[str, str]]] = {}
    first: dict[str, str] = {}
    for where, cells in read_table(file, ('path', *columns)):
        path = cells['path']
        refuse_twice(first, path, where)
        rows[path] = (where, cells)
    return rows
