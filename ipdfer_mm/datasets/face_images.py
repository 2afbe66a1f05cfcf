"""Images of faces about which nothing is known."""

import os.path as osp
from pathlib import PurePosixPath

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.csv_files import read_text
from ipdfer_mm.utils.files import is_image, walk_files


@DATASETS.register_module()
class FaceImages(BaseDataset):
    """All images in a folder and the folders below, without labels.

    Files and folders whose names begin with a dot are left out.

    Args:
        data_root (str): The folder.
        exclude (str, optional): Text file, absolute or relative to
            ``data_root``, with one path a line, relative to ``data_root``: an
            image, or a folder, that is left out.
        **kwargs: As :class:`mmengine.dataset.BaseDataset`; ``pipeline``
            first of all.

    Raises:
        FileNotFoundError: If there is no such folder or file.
        ValueError: If no image is left, or a line of ``exclude`` names
            nothing that is there.
    """

    METAINFO = dict(classes=())

    def __init__(self,
                 data_root: str,
                 exclude: str | None = None,
                 **kwargs) -> None:
        self.exclude = exclude
        super().__init__(data_root=osp.expanduser(data_root), **kwargs)

    def load_data_list(self) -> list[dict]:
        """List the images, sorted within each folder.

        Returns:
            list[dict]: ``img_path`` of each.
        """
        return [
            dict(img_path=osp.join(self.data_root, sample['img_path']))
            for sample in self.list_images()
        ]

    def list_images(self) -> list[dict]:
        """List the images for a preparation.

        Returns:
            list[dict]: ``img_path`` of each, relative to ``data_root``, with
            forward slashes.
        """
        if not osp.isdir(self.data_root):
            raise FileNotFoundError(
                f'data_root={self.data_root!r} of FaceImages is no folder.')
        excluded = self._read_exclude()
        used = set()
        paths = []
        for path in walk_files(self.data_root):
            if not is_image(path):
                continue
            hit = excluded & {path, *map(str, PurePosixPath(path).parents)}
            used |= hit
            if not hit:
                paths.append(path)
        if excluded - used:
            raise ValueError(
                f'{self.exclude} names {len(excluded - used)} images or '
                f'folders that are not in {self.data_root}, such as '
                f'{min(excluded - used)}.')
        if not paths:
            raise ValueError(f'{self.data_root} has no image.')
        print_log(
            f'FaceImages in {self.data_root}: {len(paths)} images, '
            f'{len(used)} images or folders left out.', logger='current')
        return [dict(img_path=path) for path in paths]

    def _read_exclude(self) -> set[str]:
        if self.exclude is None:
            return set()
        path = osp.join(self.data_root, osp.expanduser(self.exclude))
        lines = (line.strip() for line in read_text(path).splitlines())
        return {line.rstrip('/') for line in lines if line}
