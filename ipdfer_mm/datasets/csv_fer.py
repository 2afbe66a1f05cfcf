"""Images listed in a CSV file."""

from collections.abc import Iterator

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils.csv_files import parse_number, read_table, refuse_twice
from ipdfer_mm.utils.expressions import WORDS, expression_name
from ipdfer_mm.utils.messages import shorten

from .fer_dataset import FERDataset

COLUMNS = ('path', 'expression')


@DATASETS.register_module()
class CSVFER(FERDataset):
    """Images of your own, listed in a CSV file.

    ::

        path,expression,subject,yaw,split
        photos/a.jpg,happy,anna,-12.5,train
        photos/b.jpg,neutral,bert,,test

    ``path`` is relative to ``data_root``, with forward slashes;
    ``expression`` is a word as for :class:`FolderFER`. The other columns may
    be missing: ``subject`` is the subject, ``yaw`` the signed angle of the
    head in degrees, positive where the nose points to the left of the
    image, an empty cell where unknown. More columns are not read. Excel's
    ways of writing such a file are read, too, see
    :func:`~ipdfer_mm.utils.csv_files.read_table`. The
    classes are the seven basic expressions, see :class:`FolderFER` for
    contempt.

    Args:
        data_root (str): Folder that the paths are relative to.
        ann_file (str): The file, absolute or relative to ``data_root``.
        split (str, optional): Read only the rows with this word in the
            column ``split``. Defaults to None, all rows of a file without
            that column.
        **kwargs: As :class:`FERDataset`.

    Raises:
        ValueError: If a row does not parse or an image stands in two rows,
            naming file and line; or if ``split`` does not fit the file.
    """

    LAYOUT = ('a CSV file with the columns path and expression and perhaps '
              'subject, yaw and split')

    def __init__(self,
                 data_root: str,
                 ann_file: str,
                 split: str | None = None,
                 **kwargs) -> None:
        self.split = split
        super().__init__(data_root, ann_file=ann_file, **kwargs)

    def load_samples(self) -> Iterator[dict]:
        """Yield the samples in the order of the file."""
        first: dict[str, str] = {}
        splits: dict[str, None] = {}
        columns = COLUMNS if self.split is None else (*COLUMNS, 'split')
        for where, cells in read_table(
                self.ann_file, columns, optional=('subject', 'yaw', 'split')):
            path = cells['path'].strip()
            refuse_twice(first, path, where)
            sample = self._parse_row(path, cells, where)
            splits[cells.get('split', '').strip()] = None
            if self.split is None and 'split' in cells:
                raise ValueError(
                    f'{where}: the file has a column split; say which rows to '
                    "read with split='train' or the like.")
            if self.split in (None, cells.get('split', '').strip()):
                yield sample
        if self.split is not None and self.split not in splits:
            raise ValueError(f'{self.ann_file} has no row with the split '
                             f'{self.split!r}, but {shorten(list(splits))}.')

    @staticmethod
    def _parse_row(path: str, cells: dict, where: str) -> dict:
        if not path:
            raise ValueError(f'{where}: path is empty.')
        expression = expression_name(cells['expression'])
        if expression is None:
            raise ValueError(
                f'{where}: the expression {cells["expression"]!r} is not one '
                f'of {shorten(list(WORDS))}. Numbers mean other expressions '
                'in each dataset; write the names.')
        sample = dict(
            img_path=path,
            expression=expression,
            yaw=parse_number(cells.get('yaw', ''), 'yaw', where))
        if cells.get('subject', '').strip():
            sample['subject'] = cells['subject'].strip()
        return sample
