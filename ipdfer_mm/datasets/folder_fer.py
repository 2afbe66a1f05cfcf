"""Images in folders named by the expression."""

import os.path as osp
from collections.abc import Iterator

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.expressions import WORDS, expression_name
from ipdfer_mm.utils.files import is_image, subfolders, walk_files
from ipdfer_mm.utils.messages import shorten

from .fer_dataset import FERDataset


@DATASETS.register_module()
class FolderFER(FERDataset):
    """Images of your own, in one folder for each expression.

    ::

        data_root
        ├── train
        │   ├── angry/...           any image files, also in folders below
        │   └── happy/...
        └── test/...

    Hidden files and folders are left out, and links are followed. A folder's
    name says the class, in any case: anger or angry, disgust or disgusted,
    fear, fearful, afraid or scared, happiness or happy, neutral, sadness or
    sad, surprise or surprised, contempt or contemptuous. The classes are the
    seven basic expressions, with or without images; with contempt, give
    ``metainfo=dict(classes=...)`` with eight names, or
    ``drop_classes=['contempt']``. Yaw is unknown unless a manifest gives it.

    Args:
        data_root (str): The folder that holds the splits.
        split (str): Name of a folder in it, such as ``'train'``.
        **kwargs: As :class:`FERDataset`.

    Raises:
        FileNotFoundError: If there is no such split.
        ValueError: If a folder is named by a number or an unknown word.
    """

    LAYOUT = '<data_root>/<split>/<expression>/<image>'

    def __init__(self, data_root: str, split: str, **kwargs) -> None:
        self.split = split
        super().__init__(data_root, **kwargs)

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples, sorted by folder and file name."""
        folder = osp.join(self.data_root, self.split)
        if not self.split or not osp.isdir(folder):
            raise FileNotFoundError(
                f'{self._title}: split={self.split!r}, but the folders there '
                f'are {shorten(subfolders(self.data_root)) or "none"}. '
                f'Expected {self.LAYOUT}.')
        for word in subfolders(folder):
            expression = self._parse_word(folder, word)
            for path in walk_files(self.data_root, f'{self.split}/{word}'):
                if is_image(path):
                    yield dict(img_path=path, expression=expression)
                else:
                    self.note('Not images, skipped', path)

    @staticmethod
    def _parse_word(folder: str, word: str) -> str:
        where = f'{folder}: the folder {word!r}'
        if word.strip().isdigit():
            raise ValueError(
                f'{where} is a number, and numbers mean other expressions in '
                'each dataset (1 is surprise in RAF-DB and happiness in '
                'AffectNet). Name the folders by the expressions, '
                f'{shorten(list(WORDS))}.')
        expression = expression_name(word)
        if expression is None:
            raise ValueError(
                f'{where} is not named by an expression. Name it by one of '
                f'{shorten(list(WORDS))}, or move it away.')
        return expression
