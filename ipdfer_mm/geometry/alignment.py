"""The one face alignment of the package: five points to the ArcFace square.

Points are (x, y) in pixels; x grows to the right and y downwards, and the
center of the top left pixel is (0, 0), as in OpenCV. Left and right are those
of the image, not of the subject.
"""


import cv2
import numpy as np

TEMPLATE_SIZE = 112
# What lies beyond the image: black, its last pixels, or its mirror image.
BORDERS = dict(
    constant=cv2.BORDER_CONSTANT,
    replicate=cv2.BORDER_REPLICATE,
    reflect=cv2.BORDER_REFLECT_101)

# Left eye, right eye, nose tip, left and right mouth corner. The values for
# the 96x112 crops of older papers have x smaller by 8.
ARCFACE_TEMPLATE = np.array([
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
])
ARCFACE_TEMPLATE.setflags(write=False)

# Points closer together than this (pixels) say nothing about scale.
MIN_SPREAD = 1e-3
# Points on a line fit rotated and reflected equally well.
MIN_HANDEDNESS = 1e-6


def scaled_template(size: int) -> np.ndarray:
    """Template for a square of another size that shows the same image part.

    The left edge of the first pixel is at x = -0.5 and the right edge of the
    last at x = size - 0.5, so a point p of the 112 pixel square belongs at
    (p + 0.5) * size / 112 - 0.5. Plain p * size / 112 would shift the face by
    a quarter of a pixel at half size.

    Args:
        size (int): Side of the square in pixels, 112 for the template itself.

    Returns:
        np.ndarray: Points of shape (5, 2).

    Raises:
        ValueError: If ``size`` is not positive.
    """
    if size <= 0:
        raise ValueError(f'The size of an aligned face must be a positive '
                         f'number of pixels, not {size}.')
    return (ARCFACE_TEMPLATE + 0.5) * (size / TEMPLATE_SIZE) - 0.5


def similarity_transform(points: np.ndarray,
                         template: np.ndarray) -> np.ndarray:
    """Best rotation, scale and shift, in least squares, onto a template.

    With both point sets centered and read as complex numbers p and q, the
    solution is the one factor a = sum(conj(p) q) / sum(\\|p\\|^2). It equals
    the estimate of `Umeyama (1991) <https://doi.org/10.1109/34.88573>`_
    wherever that one needs no reflection; where it does, the points are not a
    face seen in an image and are refused instead.

    Args:
        points (np.ndarray): Points in the image, shape (K, 2), K >= 3.
        template (np.ndarray): Where they shall go, shape (K, 2).

    Returns:
        np.ndarray: Matrix M of shape (2, 3) and type float64 with
        ``M @ [x, y, 1]`` in the template's pixels, as ``cv2.warpAffine``
        expects it.

    Raises:
        ValueError: If shapes differ, a value is not finite, the points
            coincide or lie on a line, or they are mirrored: left and right
            swapped, or a head turned so far that the eyes cross over.
    """
    points = np.asarray(points, dtype=np.float64)
    template = np.asarray(template, dtype=np.float64)
    _check_points(points, template)
    center, target = points.mean(axis=0), template.mean(axis=0)
    p, q = points - center, template - target
    spread = np.sum(p**2)
    # In [-1, 1]: share of the template that the best rotation explains minus
    # the share that the best reflection explains.
    handedness = 4 * np.linalg.det(q.T @ p) / (spread * np.sum(q**2))
    if abs(handedness) < MIN_HANDEDNESS:
        raise ValueError(f'The points lie on a line: {points.tolist()}.')
    if handedness < 0:
        raise ValueError(
            'The points are mirrored; the order is left eye, right eye, nose, '
            'left and right mouth corner, with left and right as seen in the '
            f'image: {points.tolist()}. A head in full profile can look '
            'mirrored too; use a center crop for it.')
    a = np.sum(p * q) / spread
    b = np.sum(p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]) / spread
    rotation = np.array([(a, -b), (b, a)])
    return np.column_stack([rotation, target - rotation @ center])


def _check_points(points: np.ndarray, template: np.ndarray) -> None:
    if points.shape != template.shape or points.ndim != 2 or (
            points.shape[1] != 2 or len(points) < 3):
        raise ValueError(
            'Points and template must both have shape (K, 2) with K >= 3, '
            f'but they have {points.shape} and {template.shape}.')
    if not np.isfinite(points).all():
        raise ValueError(f'The points are not finite: {points.tolist()}.')
    if np.ptp(points, axis=0).max() < MIN_SPREAD:
        raise ValueError(f'The points coincide: {points.tolist()}.')


def align_face(image: np.ndarray,
               points: np.ndarray,
               size: int = TEMPLATE_SIZE,
               border: str = 'constant') -> np.ndarray:
    """Warp a face so that its five points fit the ArcFace template.

    Linear interpolation, and by default black where the image ends: so were
    the training images of ArcFace networks made, and our frozen identity
    encoders are such networks.

    Args:
        image (np.ndarray): Image of shape (H, W) or (H, W, C).
        points (np.ndarray): Left eye, right eye, nose tip, left and right
            mouth corner in its pixels, shape (5, 2).
        size (int): Side of the aligned square in pixels.
        border (str): What lies beyond the image, a key of :data:`BORDERS`.

    Returns:
        np.ndarray: Aligned face of shape (size, size) or (size, size, C) and
        the type of ``image``.

    Raises:
        ValueError: As :func:`similarity_transform` and
            :func:`scaled_template`.
    """
    matrix = similarity_transform(points, scaled_template(size))
    return cv2.warpAffine(
        image,
        matrix, (size, size),
        flags=cv2.INTER_LINEAR,
        borderMode=BORDERS[border],
        borderValue=0)


def center_crop(image: np.ndarray, side: int | None,
                size: int) -> np.ndarray:
    """What stands in for alignment where an image has no known points.

    Args:
        image (np.ndarray): Image of shape (H, W) or (H, W, C).
        side (int, optional): Side in pixels of the square cut from the middle
            of the image; where an odd margin remains, the smaller half is
            at the top and left. None means the shorter side of the image.
        size (int): Side in pixels it is then resized to: area averages when
            shrinking, linear when enlarging.

    Returns:
        np.ndarray: Square of shape (size, size) or (size, size, C).

    Raises:
        ValueError: If the square is empty or larger than the image.
    """
    height, width = image.shape[:2]
    side = min(height, width) if side is None else side
    if not 0 < side <= min(height, width):
        raise ValueError(f'A center crop of {side} pixels does not fit a '
                         f'image of {width}x{height} (width x height).')
    top, left = (height - side) // 2, (width - side) // 2
    square = image[top:top + side, left:left + side]
    method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cv2.resize(square, (size, size), interpolation=method)
