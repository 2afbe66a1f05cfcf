"""Alignment as a step of a pipeline."""


from mmcv.transforms import BaseTransform

from ipdfer_mm.geometry import align_face, center_crop
from ipdfer_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class AlignFace(BaseTransform):
    """Bring a face to the ArcFace square.

    - A sample whose dataset says ``aligned`` (it comes from a manifest or
      was rendered so) is only resized, whatever its landmarks; the image
      must be a square already.
    - Any other sample with ``landmarks`` is aligned by
      :func:`ipdfer_mm.geometry.align_face`.
    - Any other is cut from the middle of the image by
      :func:`ipdfer_mm.geometry.center_crop`.

    Required keys: img. Optional keys: landmarks, aligned. Modified keys: img,
    img_shape. Deleted keys: landmarks, which are those of the old image.

    Args:
        size (int): Side of the resulting square in pixels. Defaults to 112.
        crop (int, optional): Side in pixels of the center crop. Defaults to
            None, the shorter side of the image.
    """

    def __init__(self, size: int = 112, crop: int | None = None) -> None:
        self.size = size
        self.crop = crop

    def transform(self, results: dict) -> dict:
        """Align the image of one sample.

        Args:
            results (dict): Has ``img`` (np.ndarray of shape (H, W, C)) and
                perhaps ``landmarks`` (np.ndarray of shape (5, 2): left eye,
                right eye, nose, left and right mouth corner as seen in the
                image, in its pixels) or ``aligned`` (bool).

        Returns:
            dict: The same with ``img`` of shape (size, size, C).

        Raises:
            ValueError: If the landmarks are not those of a face or the crop
                is larger than the image; names the file.
        """
        points = results.pop('landmarks', None)
        crop = self.crop
        if results.get('aligned'):
            points = crop = None
        try:
            if points is None:
                image = center_crop(results['img'], crop, self.size)
            else:
                image = align_face(results['img'], points, self.size)
        except ValueError as error:
            name = results.get('img_path', 'An image without a path')
            raise ValueError(f'{name}: {error}') from error
        results['img'] = image
        results['img_shape'] = image.shape[:2]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.size}, crop={self.crop})'
