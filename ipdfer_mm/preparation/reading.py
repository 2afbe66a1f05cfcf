"""Reading the images of a download, strictly."""

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from ipdfer_mm.utils.images import decode_pnm, swap_channels

# Text and binary PNM, which OpenCV itself refuses when cut off, and Pillow
# reads slowly.
PNM = tuple(f'P{i}'.encode() for i in range(1, 7))
# What cameras and browsers also write: place and content of a sign of it.
OTHER_FORMATS = (
    *((4, b'ftyp' + brand, 'HEIC') for brand in (
        b'heic', b'heix', b'hevc', b'mif1', b'msf1')),
    (4, b'ftypavif', 'AVIF'),
    (0, b'GIF8', 'GIF'),
    (0, b'%PDF', 'PDF'),
    (0, b'<svg', 'SVG'),
)
# 0.8 GB of memory, more than what any telephone takes.
MAX_PIXELS = 2**28


def _decode(content: bytes) -> None:
    """Decode an image with Pillow, which refuses what is cut off.

    Its guard against images that are large once decoded takes photographs of
    telephones for an attack; ours is :data:`MAX_PIXELS`.
    """
    guard, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        image = Image.open(io.BytesIO(content))
    finally:
        Image.MAX_IMAGE_PIXELS = guard
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError(
                f'it has {image.width * image.height} pixels, more than '
                f'{MAX_PIXELS}')
        # Of a JPEG an eighth is made, of all of its content.
        image.draft(None, (1, 1))
        image.load()


def _reason(content: bytes, error: Exception | str) -> str:
    """Why an image cannot be decoded: what kind of file it is, if known."""
    for place, start, name in OTHER_FORMATS:
        if content[place:].startswith(start):
            return f'it is a {name} file; convert it to JPEG or PNG'
    if isinstance(error, UnidentifiedImageError):  # it names a buffer
        return 'it is no image'
    return str(error).strip() or type(error).__name__


def read_image(path: Path) -> np.ndarray:
    """Read an image that may be damaged.

    OpenCV shows what is left of a JPEG that was cut off and fills the rest
    with gray, so Pillow, which refuses it, reads the file, too. The pixels
    are OpenCV's, as in training: a photograph is turned as its EXIF data ask.

    Args:
        path (Path): The file.

    Returns:
        np.ndarray: RGB, uint8 (H, W, 3).

    Raises:
        OSError: If the file is missing, empty, cut off or no image; names
            the file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OSError(f'{path}: {error.strerror}') from error
    try:
        if not content.startswith(PNM):
            _decode(content)
    # Damaged headers and chunks raise almost any exception in Pillow.
    except Exception as error:
        raise OSError(f'{path}: {_reason(content, error)}') from error
    data = np.frombuffer(content, dtype=np.uint8)
    try:
        image = decode_pnm(content)
        if image is None:
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except (OSError, ValueError) as error:  # a PNM file that is cut off
        raise OSError(f'{path}: {_reason(content, error)}') from error
    except cv2.error as error:  # such as for enormous sizes
        raise OSError(f'{path}: OpenCV cannot decode it ({error.err})'
                      ) from error
    if image is None:
        raise OSError(f'{path}: {_reason(content, "OpenCV cannot decode it")}')
    return swap_channels(image)
