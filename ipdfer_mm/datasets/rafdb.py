"""RAF-DB, basic emotions."""

import re
from collections.abc import Iterator

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.csv_files import read_text, refuse_twice

from .fer_dataset import FERDataset
from .folds import check_split

LABELS = {
    1: 'surprise',
    2: 'fear',
    3: 'disgust',
    4: 'happiness',
    5: 'sadness',
    6: 'anger',
    7: 'neutral',
}
LINE = re.compile(
    r'(?P<stem>(?P<split>train|test)_\d+)\.jpg\s+(?P<label>[1-7])')
IMAGES = 'basic/Image/aligned'
# Rows of the official list.
COUNTS = {'train': 12271, 'test': 3068}


@DATASETS.register_module()
class RAFDB(FERDataset):
    """`RAF-DB <http://www.whdeng.cn/raf/model1.html>`_, basic emotions.

    Reads the release as its authors give it out::

        data_root
        └── basic
            ├── EmoLabel/list_patition_label.txt    (their spelling)
            └── Image/aligned/train_00001_aligned.jpg ...

    The list has lines ``train_00001.jpg 5``; its labels 1 to 7 are surprise,
    fear, disgust, happiness, sadness, anger, neutral. The images are the
    authors' crops of 100x100 pixels; their yaw is unknown unless a manifest
    gives it.

    Args:
        data_root (str): Folder that holds ``basic``.
        split (str): ``'train'`` (12,271 images) or ``'test'`` (3,068).
        ann_file (str): List of the same form, absolute or relative to
            ``data_root``, for example a part of the official one. Defaults
            to ``'basic/EmoLabel/list_patition_label.txt'``.
        **kwargs: As :class:`FERDataset`.

    Raises:
        ValueError: If ``split`` is neither, or the list holds a line that
            does not parse; names file and line.
    """

    ANN_FILE = 'basic/EmoLabel/list_patition_label.txt'
    LAYOUT = ('RAF-DB as its authors give it out: '
              f'<data_root>/{ANN_FILE} (spelt so) '
              f'and <data_root>/{IMAGES}/train_00001_aligned.jpg')

    def __init__(self,
                 data_root: str,
                 split: str,
                 ann_file: str = ANN_FILE,
                 **kwargs) -> None:
        check_split(split, COUNTS)
        self.split = split
        self.is_official = ann_file == self.ANN_FILE
        super().__init__(data_root, ann_file=ann_file, **kwargs)

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples of the split in the order of the list."""
        lines: dict[str, str] = {}
        count = 0
        for number, line in enumerate(
                read_text(self.ann_file).splitlines(), 1):
            if not line.strip():
                continue
            where = f'{self.ann_file}, line {number}'
            match = LINE.fullmatch(line.strip())
            if match is None:
                raise ValueError(
                    f"{where}: {line.strip()!r} is not of the form "
                    "'train_00001.jpg 5' or 'test_0001.jpg 5', with a label "
                    'of 1 to 7 (1 surprise, ... 7 neutral).')
            refuse_twice(lines, f'{match["stem"]}.jpg', where)
            if match['split'] == self.split:
                count += 1
                yield dict(
                    img_path=f'{IMAGES}/{match["stem"]}_aligned.jpg',
                    expression=LABELS[int(match['label'])])
        if self.is_official:
            self.warn_unless_official(f'{count} images in the list', (
                f'{COUNTS[self.split]} images in the list'))
