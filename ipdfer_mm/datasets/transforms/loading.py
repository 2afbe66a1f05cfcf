"""Reading image files."""

import cv2
import mmcv
import mmengine.fileio as fileio
from mmcv.transforms import LoadImageFromFile

from ipdfer_mm.registry import TRANSFORMS
from ipdfer_mm.utils.images import decode_pnm


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
            content = fileio.get(results['img_path'])
            image = decode_pnm(content)
            if image is None:
                image = mmcv.imfrombytes(
                    content, flag=self.color_type,
                    backend=self.imdecode_backend)
            if image is None:
                raise ValueError('OpenCV cannot decode it')
        # Of the file system, of OpenCV on an empty file, and of an image that
        # does not decode.
        except (OSError, cv2.error, ValueError) as error:
            reason = f'{type(error).__name__}: {str(error).strip()}'
            raise OSError(
                f'Cannot load the image {results["img_path"]}: it is '
                f'missing, empty, cut off or no image at all ({reason}). '
                'Copy or unpack this file again, and run '
                'tools/prepare_dataset.py again if it wrote it.') from error
        shape = image.shape[:2]
        return {**results, 'img': image, 'img_shape': shape,
                'ori_shape': shape}

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
