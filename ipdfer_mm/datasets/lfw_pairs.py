"""Pairs of faces for 1:1 verification, in the layout of LFW."""

import os.path as osp
import re
from collections.abc import Iterator

from mmengine.dataset import BaseDataset

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.csv_files import read_text
from ipdfer_mm.utils.files import missing_files
from ipdfer_mm.utils.messages import shorten

NUMBER = re.compile(r'[0-9]{1,9}')
Image = tuple[str, int]  # subject and number


@DATASETS.register_module()
class LFWPairs(BaseDataset):
    """Labeled Faces in the Wild, or a dataset laid out like it.

    .. code::

        data_root
        ├── pairs.txt
        └── <subject>/<subject>_0001.jpg

    ``pairs.txt`` is LFW's (its ``README``, "view 2"): the number of folds
    and of pairs a fold, then for each fold the pairs of one subject,
    ``subject  n1  n2``, and as many of two, ``subject1  n1  subject2  n2``,
    separated by tabs. A sample is an image; images of several pairs are
    listed once.

    Args:
        data_root (str): Folder of the images.
        ann_file (str): The pairs. Defaults to 'pairs.txt' in ``data_root``.
        suffix (str): Ending of the images. Defaults to '.jpg'.
        **kwargs: As :class:`mmengine.dataset.BaseDataset`; ``pipeline``
            first of all.

    Attributes:
        metainfo (dict): Holds ``pairs``, (fold, first, second, same) each:
            the fold from 0, two indices of samples and whether they show the
            same subject; known once the dataset is loaded.

    Raises:
        FileNotFoundError: If the pairs or images are missing.
        ValueError: If a line is no pair, or there are fewer than announced.
    """

    def __init__(self,
                 data_root: str,
                 ann_file: str = 'pairs.txt',
                 suffix: str = '.jpg',
                 test_mode: bool = True,
                 **kwargs) -> None:
        self.suffix = suffix
        super().__init__(
            data_root=data_root,
            ann_file=ann_file,
            data_prefix=dict(img_path=''),
            test_mode=test_mode,
            **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the pairs.

        Returns:
            list[dict]: ``img_path`` and ``gt_label``, an index of the subject,
            of each image.
        """
        if not osp.isfile(self.ann_file):
            raise FileNotFoundError(
                f'{self.ann_file} does not exist. It is the list of pairs; '
                'name it with ann_file, and the folder of the images with '
                'data_root.')
        images: dict[tuple[str, int], int] = {}
        self._metainfo['pairs'] = [
            (fold, *(images.setdefault(image, len(images))
                     for image in (first, second)), first[0] == second[0])
            for fold, first, second in self._read_pairs()
        ]
        subjects: dict[str, int] = {}
        samples = [
            dict(
                img_path=osp.join(
                    self.data_root, subject,
                    f'{subject}_{number:04d}{self.suffix}'),
                gt_label=subjects.setdefault(subject, len(subjects)))
            for subject, number in images
        ]
        missing = missing_files(sample['img_path'] for sample in samples)
        if missing:
            raise FileNotFoundError(
                f'{len(missing)} of the {len(samples)} images of '
                f'{self.ann_file} are missing: {shorten(missing)}.')
        return samples

    def _read_pairs(self) -> Iterator[tuple[int, Image, Image]]:
        """Fold and both images of each pair."""
        header, *lines = read_text(self.ann_file).splitlines() or ['']
        num_folds, num_pairs = self._header(header)
        pairs = [(number, line) for number, line in enumerate(lines, 2)
                 if line.strip()]
        if not pairs or len(pairs) != num_folds * 2 * num_pairs:
            raise ValueError(
                f'{self.ann_file} announces {num_folds} folds of twice '
                f'{num_pairs} pairs, but has {len(pairs)}.')
        for position, (number, line) in enumerate(pairs):
            yield position // (2 * num_pairs), *self._pair(number, line)

    def _header(self, line: str) -> tuple[int, int]:
        words = line.split()
        if len(words) not in (1, 2) or not all(map(NUMBER.fullmatch, words)):
            raise ValueError(
                f'{self.ann_file}:1: expected the number of folds and of '
                f'pairs, such as "10\t300", but got {line!r}.')
        folds, pairs = (['1'] + words)[-2:]
        return int(folds), int(pairs)

    def _pair(self, number: int, line: str) -> tuple[Image, Image]:
        cells = line.split('\t')
        if len(cells) == 3:
            cells.insert(2, cells[0])
        if len(cells) != 4 or not all(map(NUMBER.fullmatch, cells[1::2])):
            raise ValueError(
                f'{self.ann_file}:{number}: expected "subject n1 n2" or '
                f'"subject1 n1 subject2 n2" separated by tabs, but got '
                f'{line!r}.')
        return (cells[0], int(cells[1])), (cells[2], int(cells[3]))
