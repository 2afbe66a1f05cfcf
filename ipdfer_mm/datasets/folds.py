"""Cross-validation: who was trained on is not tested."""

from collections.abc import Mapping


def check_same_fold(trained: Mapping, ours: Mapping) -> None:
    """Refuse a model of one fold on another fold of the same data set.

    Args:
        trained (Mapping): Metainfo of the data set that a model was trained
            on, with ``fold`` and ``fold_rule`` if that has folds.
        ours (Mapping): Metainfo of the data set that it meets now.

    Raises:
        ValueError: If they are different folds by the same rule.
    """
    rule = trained.get('fold_rule')
    if rule is None or rule != ours.get('fold_rule'):
        return
    if trained['fold'] != ours['fold']:
        raise ValueError(
            f'The checkpoint is one of fold {trained["fold"]}, but the data '
            f'set is that of fold {ours["fold"]}, whose test people were '
            'trained on. Choose the fold of the checkpoint: configs of CK+ '
            'read it from the environment variable CKPLUS_FOLD, those of the '
            'CMU Face Images from CMU_FACES_FOLD.')
