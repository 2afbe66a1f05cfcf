"""How many images the official releases hold."""

from collections.abc import Mapping
from typing import NamedTuple

from ipdfer_mm.datasets import sfew

from .samples import ALL


class Official(NamedTuple):
    """Official numbers of a split.

    Attributes:
        total (int): Images of ``classes``, or of all where that is empty.
        classes (Mapping[str, int]): Images of each class; empty where they
            are not known.
        may_be_fewer (bool): Whether fewer are no fault.
    """

    total: int
    classes: Mapping[str, int] = {}
    may_be_fewer: bool = False


def _by_class(names: str, **splits: str) -> dict[str, Official]:
    """Numbers from a small table."""
    table = {}
    for split, cells in splits.items():
        classes = dict(zip(names.split(), map(int, cells.split())))
        table[split] = Official(sum(classes.values()), classes)
    return table


FERPLUS_CLASSES = ('neutral happiness surprise sadness anger disgust fear '
                   'contempt')
# By FERPlus's own rule on fer2013new.csv, and by the largest vote.
FERPLUS_MAJORITY = _by_class(
    FERPLUS_CLASSES,
    train='8740 7287 3149 3014 2100 119 532 119',
    val='1182 865 415 351 287 24 62 13',
    test='1090 893 396 384 273 18 83 16')
FERPLUS_ARGMAX = _by_class(
    FERPLUS_CLASSES,
    train='10309 7528 3562 3515 2467 191 652 165',
    val='1335 899 456 412 319 34 74 24',
    test='1262 928 444 444 325 23 93 27')
FERPLUS = {
    'majority': FERPLUS_MAJORITY,
    'argmax': FERPLUS_ARGMAX,
    'soft': FERPLUS_ARGMAX,
}
OFFICIAL = {
    'rafdb':
    _by_class(
        'surprise fear disgust happiness sadness anger neutral',
        train='1290 281 717 4772 1982 705 2524',
        test='329 74 160 1185 478 162 680'),
    # Contempt, whose number differs between releases, is not compared.
    'affectnet':
    _by_class(
        'neutral happiness sadness surprise fear disgust anger',
        train='74874 134415 25459 14090 6378 3803 24882',
        val='500 500 500 500 500 500 500'),
    # Last three frames of each sequence; the first ones are neutral.
    'ckplus':
    _by_class(
        'anger contempt disgust fear happiness sadness surprise neutral',
        **{ALL: '135 54 177 75 207 84 249 327'}),
    'cmufaces': {ALL: Official(624)},
}


def official_numbers(name: str,
                     options: Mapping) -> dict[str, Official] | None:
    """Official numbers of a dataset.

    Args:
        name (str): Key of :data:`ipdfer_mm.preparation.datasets.PREPARABLE`.
        options (Mapping): Arguments of the dataset class that the user
            gave.

    Returns:
        dict[str, Official] | None: By split, or for :data:`~.samples.ALL` of
        them together; None for images or a list of one's own.
    """
    if 'ann_file' in options or 'fold' in options:
        return None
    if name == 'ferplus':
        return FERPLUS[options.get('label_rule', 'majority')]
    if name == 'sfew':
        # Faces that could not be aligned are not in the aligned release.
        aligned = options.get('aligned', True)
        return {split: Official(count, may_be_fewer=aligned)
                for split, count in sfew.COUNTS.items()}
    return OFFICIAL.get(name)
