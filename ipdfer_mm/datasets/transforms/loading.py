"""Reading image files."""

import cv2
import mmengine.fileio as fileio
from mmcv.transforms import LoadImageFromFile

from ipdfer_mm.registry import TRANSFORMS
from ipdfer_mm.utils.images import decode_pnm

PNM_SUFFIXES = ('.pgm', '.pnm', '.ppm')


@TRANSFORMS.register_module()
class LoadFaceImage(LoadImageFromFile):
    """Load an image as three channels of 8 bits in BGR order.

    Does what mmcv's ``LoadImageFromFile`` does and says which file is at
    fault when that fails. OpenCV repeats a gray channel, drops transparency,
    brings 16 bits to 0..255 and turns a photograph as its EXIF data ask; PNM
    files with another largest value are brought to 0..255 here.

    Required keys: img_path. Added keys: img, img_shape, ori_shape.
    """

    def __init__(self) -> None:
        super().__init__(color_type='color', imdecode_backend='cv2')

    def transform(self, results: dict) -> dict:
        """Load the image of one sample.

        Args:
            results (dict): Has ``img_path`` (str).

        Returns:
            dict: The same with ``img`` (np.ndarray of shape (H, W, 3) and
            type uint8), ``img_shape`` and ``ori_shape`` ((H, W)).

        Raises:
            OSError: If the file cannot be read or is not an image.
        """
        try:
            results = super().transform(results)
            if results['img_path'].lower().endswith(PNM_SUFFIXES):
                image = decode_pnm(fileio.get(results['img_path']))
                if image is not None:
                    results['img'] = image
            return results
        # What mmcv lets through: the file system, OpenCV on an empty file,
        # and its own assertion on an image that does not decode. The last is
        # Pillow's.
        except (OSError, cv2.error, AssertionError, ValueError) as error:
            reason = f'{type(error).__name__}: {str(error).strip()}'
            raise OSError(
                f'Cannot load the image {results["img_path"]}: it is '
                f'missing, empty, cut off or no image at all ({reason}). '
                'Copy or unpack this file again, and run '
                'tools/prepare_dataset.py again if it wrote it.') from error

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
