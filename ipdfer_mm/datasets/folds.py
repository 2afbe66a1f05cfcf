"""Parts of datasets, and which of them a trained model may be tested on."""

import hashlib
from collections.abc import Collection, Iterable, Mapping

from ipdfer_mm.utils.messages import shorten


def check_same_classes(trained: Mapping, ours: Mapping,
                       name: str = 'The checkpoint') -> None:
    """Refuse a model of other classes, or of another order of them.

    Args:
        trained (Mapping): Metainfo of the dataset that a model was trained
            on, with ``classes`` if it says them.
        ours (Mapping): Metainfo of the dataset that it meets now, likewise.
        name (str): What the error calls the checkpoint.

    Raises:
        ValueError: If both say them, and they differ.
    """
    classes = trained.get('classes'), ours.get('classes')
    if None not in classes and tuple(classes[0]) != tuple(classes[1]):
        raise ValueError(
            f'{name} was trained on the classes '
            f'{shorten(classes[0])}, but the dataset has '
            f'{shorten(classes[1])}. Test and resume with the dataset it was '
            'trained on. To fine-tune it for other classes, load only its '
            "backbone: init_cfg=dict(type='Pretrained', checkpoint='...', "
            "prefix='expression_encoder.backbone.').")


def check_same_fold(trained: Mapping, ours: Mapping,
                    name: str = 'The checkpoint') -> None:
    """Refuse a model of one fold on another fold of the same dataset.

    Args:
        trained (Mapping): Metainfo of the dataset that a model was trained
            on, with ``fold`` and ``fold_rule`` if that has folds.
        ours (Mapping): Metainfo of the dataset that it meets now.
        name (str): What the error calls the checkpoint.

    Raises:
        ValueError: If they are different folds by the same rule.
    """
    rule = trained.get('fold_rule')
    if rule is None or rule != ours.get('fold_rule'):
        return
    if trained['fold'] != ours['fold']:
        raise ValueError(
            f'{name} is one of fold {trained["fold"]}, but the dataset is '
            f'that of fold {ours["fold"]}, whose test subjects were '
            'trained on. Choose the fold of the checkpoint: configs of CK+ '
            'read it from the environment variable CKPLUS_FOLD, those of the '
            'CMU Face Images from CMU_FACES_FOLD.')


def check_split(split: str | None, splits: Collection[str]) -> None:
    """Refuse a split that a dataset does not have.

    Args:
        split (str, optional): The split.
        splits (Collection[str]): Those that it has.

    Raises:
        ValueError: If it is none of them; names them.
    """
    if split not in splits:
        raise ValueError(
            f'split={split!r} is not one of {", ".join(splits)}.')


def check_fold(fold: int, count: int, split: str | None) -> None:
    """Refuse a fold, or a split of it, that there is not.

    Args:
        fold (int): The fold.
        count (int): How many there are.
        split (str, optional): ``'train'`` or ``'test'``.

    Raises:
        ValueError: If it is none.
    """
    if fold not in range(count):
        raise ValueError(f'fold={fold!r} must be 0 to {count - 1}.')
    check_split(split, ('train', 'test'))


def hold_out(samples: Iterable[dict], part: str, share: float = 0.1,
             seed: int = 0) -> list[dict]:
    """Divide a training set, to choose an epoch on what is not trained on.

    Each image is drawn by itself, by a hash of its path: so the parts stay
    apart where one of the two datasets leaves images out that the other
    has. Images of one subject may be in both parts.

    Args:
        samples (Iterable[dict]): All samples, with ``img_path``, relative to
            the data root.
        part (str): ``'train'`` for what is trained on, ``'val'`` for what is
            held out.
        share (float): How much is held out, about, in (0, 1).
        seed (int): Decides which samples.

    Returns:
        list[dict]: The samples of the part.

    Raises:
        ValueError: If an argument is wrong, or a part is empty.
    """
    if part not in ('train', 'val') or not 0 < share < 1:
        raise ValueError(f"holdout: part={part!r} must be 'train' or 'val', "
                         f'and share={share!r} between 0 and 1.')
    parts: dict[str, list[dict]] = dict(train=[], val=[])
    for sample in samples:
        digest = hashlib.sha256(f'{seed} {sample["img_path"]}'.encode(
            'utf-8', 'surrogateescape')).digest()
        held_out = int.from_bytes(digest[:8], 'big') < share * 2**64
        parts['val' if held_out else 'train'].append(sample)
    if not all(parts.values()):
        count = len(parts['train'] + parts['val'])
        raise ValueError(f'holdout: share={share} of {count} samples '
                         f'holds out {len(parts["val"])} of them.')
    return parts[part]
