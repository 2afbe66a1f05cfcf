"""What the page shows of an image and of a face."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ipdfer_mm.apis import ExpressionInferencer, Face
from ipdfer_mm.apis.face_drawing import draw_faces
from ipdfer_mm.utils.images import swap_channels
from ipdfer_mm.visualization.image_grids import to_uint8


class Recognized(NamedTuple):
    """An image in which faces were searched.

    Attributes:
        faces (tuple[Face]): From left to right.
        drawn (np.ndarray): The image with what was found, and with numbers
            from 1 where there are several faces, BGR, uint8 (H, W, 3).
    """

    faces: tuple[Face, ...]
    drawn: np.ndarray


def can_synthesize(inferencer: ExpressionInferencer) -> bool:
    """Tell an :class:`IPDFERModel` from a plain classifier."""
    return hasattr(inferencer.model, 'synthesize')


def recognize(inferencer: ExpressionInferencer, path: Path) -> Recognized:
    """Find the faces of an image and draw them.

    Args:
        inferencer (ExpressionInferencer): The model.
        path (Path): The image.

    Returns:
        Recognized: The faces, with those that are aligned where the model can
        synthesize.

    Raises:
        OSError: If the file cannot be read; names it.
    """
    ((result, image), ) = inferencer.iterate(
        [path], synthesis=can_synthesize(inferencer))
    if image is None:
        raise OSError(result.error)
    several = len(result.faces) > 1
    numbers = range(1, len(result.faces) + 1) if several else None
    return Recognized(result.faces, draw_faces(image, result.faces, numbers))


@torch.no_grad()
def take_apart(inferencer: ExpressionInferencer,
               face: Face) -> dict[str, np.ndarray]:
    """Synthesize a face without and with its pose and expression.

    Args:
        inferencer (ExpressionInferencer): An :class:`IPDFERModel`.
        face (Face): A face of :func:`recognize`.

    Returns:
        dict[str, np.ndarray]: As :meth:`IPDFERModel.synthesize` names them,
        BGR, uint8 (S, S, 3).
    """
    inputs = inferencer.classifier.preprocess([face.aligned])['inputs']
    return {
        name: swap_channels(to_uint8(image)[0])
        for name, image in inferencer.model.synthesize(inputs).items()
    }


@torch.no_grad()
def scale_expression(inferencer: ExpressionInferencer, face: Face,
                     amount: float) -> np.ndarray:
    """Synthesize a face with more or less of its expression.

    Args:
        inferencer (ExpressionInferencer): An :class:`IPDFERModel`.
        face (Face): A face of :func:`recognize`.
        amount (float): 0 for the neutral face, 1 for the expression as it is.

    Returns:
        np.ndarray: BGR, uint8 (S, S, 3).
    """
    inputs = inferencer.classifier.preprocess([face.aligned])['inputs']
    image = inferencer.model.scale_expression(inputs, amount)
    return swap_channels(to_uint8(image)[0])
