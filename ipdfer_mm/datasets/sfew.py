"""SFEW 2.0: frames of movies."""

import os.path as osp
from collections.abc import Iterator

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.expressions import EXPRESSIONS, class_folders
from ipdfer_mm.utils.files import is_image, subfolders, walk_files
from ipdfer_mm.utils.messages import shorten

from .fer_dataset import FERDataset
from .folds import check_split

# By whether faces are aligned: folders that the archives unpack to.
FOLDERS: dict[bool, dict[str, tuple[str, ...]]] = {
    True: {
        'train': ('Train_Aligned_Faces', ),
        'val': ('Val_Aligned_Faces_new', 'Val_Aligned_Faces'),
    },
    False: {
        'train': ('Train', ),
        'val': ('Val', ),
    },
}
# Frames; some have no aligned face.
COUNTS = {'train': 958, 'val': 436}
# How often archives nest their one folder, as in Val/Val/Angry.
MAX_NESTED = 3


@DATASETS.register_module()
class SFEW(FERDataset):
    """`SFEW 2.0 <https://doi.org/10.1145/2818346.2829994>`_.

    Reads the folders that the archives of its authors unpack to, in
    ``data_root`` or in ``data_root/SFEW_2.0``, also where they are nested
    (``Val/Val/Angry``)::

        data_root
        ├── Train_Aligned_Faces/Angry/...       faces of 143x181 pixels
        ├── Val_Aligned_Faces_new/Angry/...
        ├── Train/Angry/Airheads_000519240_00000005.png ...     frames
        └── Val/Angry/...

    with the folders Angry, Disgust, Fear, Happy, Neutral, Sad and Surprise.
    The beginning of a name is the movie, which is no subject: there is no
    ``subject``. Yaw is unknown unless a manifest gives it.

    Args:
        data_root (str): Folder of the unpacked archives.
        split (str): ``'train'`` (958 frames) or ``'val'`` (436).
        aligned (bool): Whether to read the authors' aligned faces, which
            leave out some frames, or the whole frames, which need a manifest
            to find the face. Defaults to True.
        **kwargs: As :class:`FERDataset`.

    Raises:
        FileNotFoundError: If the split's folder, or one of its seven, is not
            there.
        ValueError: If ``split`` is neither; labels of the test set are not
            given out.
    """

    LAYOUT = ('SFEW 2.0 as its authors give it out: <data_root>/'
              'Train_Aligned_Faces/Angry/*.png and Val_Aligned_Faces_new, '
              'or, with aligned=False, <data_root>/Train/Angry/*.png and Val')

    def __init__(self,
                 data_root: str,
                 split: str,
                 aligned: bool = True,
                 **kwargs) -> None:
        if split == 'test':
            raise ValueError(
                "split='test': the authors of SFEW keep the labels of the "
                "test set to themselves; test on 'val', as the paper does.")
        check_split(split, COUNTS)
        self.split = split
        self.aligned = aligned
        super().__init__(data_root, **kwargs)

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples, sorted by folder and file name."""
        folder = self._find_folder()
        count = 0
        for word, expression in class_folders(
                osp.join(self.data_root, folder)).items():
            for path in walk_files(self.data_root, f'{folder}/{word}'):
                if is_image(path):
                    count += 1
                    yield dict(img_path=path, expression=expression)
                else:
                    self.note('Not images, skipped', path)
        if not self.aligned:
            self.warn_unless_official(f'{count} frames',
                                      f'{COUNTS[self.split]} frames')

    def _find_folder(self) -> str:
        for parent in ('', 'SFEW_2.0/'):
            for name in FOLDERS[self.aligned][self.split]:
                folder = self._unnest(f'{parent}{name}')
                words = class_folders(osp.join(self.data_root, folder))
                absent = sorted(set(EXPRESSIONS) - set(words.values()))
                if words and absent:
                    raise FileNotFoundError(
                        f'{self._title}: {folder} has no folder for '
                        f'{shorten(absent)}. Unpack the archive again.')
                if words:
                    return folder
        raise FileNotFoundError(
            f'{self._title}: there is no folder '
            f'{" or ".join(FOLDERS[self.aligned][self.split])} with Angry, '
            f'Disgust, ... in it. Expected {self.LAYOUT}.')

    def _unnest(self, folder: str) -> str:
        for _ in range(MAX_NESTED):
            inner = subfolders(osp.join(self.data_root, folder))
            if len(inner) != 1 or class_folders(
                    osp.join(self.data_root, folder)):
                break
            folder = f'{folder}/{inner[0]}'
        return folder
