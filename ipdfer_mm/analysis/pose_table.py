"""How many images of datasets are in each class of head poses."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ipdfer_mm.geometry.yaw_bins import POSE_NAMES, TABLE_1, UNKNOWN_POSE
from ipdfer_mm.utils.csv_files import csv_text
from ipdfer_mm.utils.text_table import markdown_table


class PoseColumn(NamedTuple):
    """Images of one split.

    Attributes:
        dataset (str): Name of the dataset.
        split (str): Name of the split.
        counts (Counter): Yaw bin to number.
    """

    dataset: str
    split: str
    counts: Counter

    @property
    def paper(self) -> Counter | None:
        """The paper's numbers for the same split; None without."""
        numbers = TABLE_1.get(self.dataset)
        if self.split != 'train' or numbers is None:
            return None
        return Counter(dict(enumerate(numbers)))


def pose_markdown(columns: Sequence[PoseColumn]) -> str:
    """Write Table 1 as Markdown, the paper's numbers beside ours.

    Args:
        columns (Sequence[PoseColumn]): The splits.

    Returns:
        str: The table and, where the paper has numbers, a note.
    """
    titles, numbers = [], []
    for column in columns:
        titles.append(f'{column.dataset} {column.split}')
        numbers.append((column.counts, False))
        if column.paper is not None:
            titles.append(f'{column.dataset} train, paper')
            numbers.append((column.paper, True))
    rows = []
    for pose, name in POSE_NAMES.items():
        rows.append([name, *(
            '-' if of_paper and pose == UNKNOWN_POSE else _share(count, pose)
            for count, of_paper in numbers)])
    rows.append(['total', *(str(count.total()) for count, _ in numbers)])
    text = markdown_table(['absolute yaw, degrees', *titles], rows)
    text += '\nA class begins with its first angle: 10-20 is [10, 20).\n'
    if any(column.paper is not None for column in columns):
        text += ('"Paper" is Table 1 of Jiang and Deng (2022), whose yaw '
                 'comes from another estimator.\n')
    return text


def pose_csv(columns: Sequence[PoseColumn]) -> str:
    """Write the numbers as CSV, one line for each split and class.

    Args:
        columns (Sequence[PoseColumn]): The splits.

    Returns:
        str: The text, with a header; ``paper`` is empty where the paper has
        no number.
    """
    rows = [['dataset', 'split', 'yaw', 'images', 'paper']]
    for column in columns:
        for pose, name in POSE_NAMES.items():
            known = column.paper is not None and pose != UNKNOWN_POSE
            rows.append([column.dataset, column.split, name,
                         column.counts[pose],
                         column.paper[pose] if known else ''])
    return csv_text(rows)


def _share(counts: Counter, pose: int) -> str:
    share = 100 * counts[pose] / max(counts.total(), 1)
    return f'{counts[pose]} ({share:.1f} %)'
