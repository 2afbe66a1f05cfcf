"""Faces and their expressions drawn into an image."""

from collections.abc import Sequence

import cv2
import numpy as np

from ipdfer_mm.visualization.expression_timeline import expression_color

from .results import Face

UNKNOWN_COLOR = (128., 128., 128.)  # where no label is carried
FONT = cv2.FONT_HERSHEY_SIMPLEX
# Images with a shorter side are enlarged, so that text can be read.
MIN_SIDE = 360
# But not beyond this, for images that are as thin as lines.
MAX_ENLARGED = 4096
HEADING_HEIGHT = 20  # pixels, of the panel
CELL = 112  # pixels, side of its faces
PANEL = ('aligned', 'neutral', 'reconstruction')


def shrink(image: np.ndarray, max_side: int) -> np.ndarray:
    """Make an image smaller where it is large.

    Args:
        image (np.ndarray): BGR, uint8 (H, W, 3).
        max_side (int): Pixels that its longer side may have.

    Returns:
        np.ndarray: The image, or a smaller one of the same proportions, at
        least a pixel wide.
    """
    scale = max_side / max(image.shape[:2])
    if scale >= 1:
        return image
    height, width = (max(round(side * scale), 1)
                     for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def draw_faces(image: np.ndarray,
               faces: Sequence[Face],
               numbers: Sequence[int] | None = None,
               synthesis: bool = False,
               labels: Sequence[str] | None = None) -> np.ndarray:
    """Draw box, points, expression and head pose of faces.

    Args:
        image (np.ndarray): BGR, uint8 (H, W, 3).
        faces (Sequence[Face]): Its faces.
        numbers (Sequence[int], optional): Numbers to write beside them.
        synthesis (bool): Whether to add a panel with the aligned, neutral
            and reconstructed face of the faces that fit into the height.
        labels (Sequence[str], optional): What to write in place of their own
            labels and scores.

    Returns:
        np.ndarray: Another image, BGR, uint8, of a size that depends on
        that of the first alone.
    """
    scale = min(MIN_SIDE / min(image.shape[:2]),
                MAX_ENLARGED / max(image.shape[:2]))
    scale = max(scale, 1)
    height, width = (round(side * scale) for side in image.shape[:2])
    canvas = cv2.resize(np.ascontiguousarray(image), (width, height))
    for index, face in enumerate(faces):
        text = (f'{face.label} {face.probabilities[face.label]:.0%}'
                if labels is None else labels[index])
        number = '' if numbers is None else f'{numbers[index]} '
        _draw_face(canvas, face, scale, number + text,
                   face.label if labels is None else labels[index])
    if not synthesis:
        return canvas
    return np.concatenate([canvas, _panel(height, faces, numbers)], axis=1)


def _draw_face(canvas: np.ndarray, face: Face, scale: float, text: str,
               label: str) -> None:
    color = UNKNOWN_COLOR
    if label in face.probabilities:
        red, green, blue = expression_color(
            list(face.probabilities).index(label))
        color = (255 * blue, 255 * green, 255 * red)
    # The left edge of the first pixel is at -0.5.
    box = ((face.box + .5) * scale - .5).round().astype(int).tolist()
    cv2.rectangle(canvas, box[:2], box[2:], color, 2)
    if face.points is not None:
        for point in ((face.points + .5) * scale - .5).round().astype(int):
            cv2.circle(canvas, point.tolist(), 2, color, -1, cv2.LINE_AA)
    _write(canvas, text, box[0], box[1] - 4, color)
    if not np.isnan(face.angles.yaw):
        angles = ' '.join(f'{name} {round(angle):+d}' for name, angle in
                          face.angles._asdict().items())
        _write(canvas, angles, box[0], box[3] + 18, color)


def _write(canvas: np.ndarray, text: str, left: int, bottom: int,
           color: tuple[float, ...]) -> None:
    """White text on a ground, moved into the image."""
    size = min(canvas.shape[:2]) / 1200 + .15
    (width, height), below = cv2.getTextSize(text, FONT, size, 1)
    left = int(np.clip(left, 0, max(canvas.shape[1] - width, 0)))
    bottom = int(np.clip(bottom, height, canvas.shape[0] - below))
    cv2.rectangle(canvas, (left, bottom - height - 2),
                  (left + width, bottom + below), color, -1)
    cv2.putText(canvas, text, (left, bottom), FONT, size, (255, ) * 3, 1,
                cv2.LINE_AA)


def _panel(height: int, faces: Sequence[Face],
           numbers: Sequence[int] | None) -> np.ndarray:
    panel = np.full((height, CELL * len(PANEL), 3), 255, np.uint8)
    for column, name in enumerate(PANEL):
        cv2.putText(panel, name, (column * CELL + 4, HEADING_HEIGHT - 6),
                    FONT, 0.4, (0, ) * 3, 1, cv2.LINE_AA)
    rows = (height - HEADING_HEIGHT) // CELL
    for row, face in enumerate(faces[:rows]):
        top = HEADING_HEIGHT + row * CELL
        for column, name in enumerate(PANEL):
            cell = cv2.resize(getattr(face, name), (CELL, CELL))
            panel[top:top + CELL, column * CELL:][:, :CELL] = cell
        if numbers is not None:
            _write(panel, str(numbers[row]), 2, top + CELL - 6, (0, ) * 3)
    return panel
