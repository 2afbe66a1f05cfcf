"""Which datasets a trained model may be tested on."""

from collections.abc import Mapping

from ipdfer_mm.utils.messages import shorten


def check_same_classes(trained: Mapping, ours: Mapping) -> None:
    """Refuse a model of other classes, or of another order of them.

    Args:
        trained (Mapping): Metainfo of the dataset that a model was trained
            on, with ``classes`` if it says them.
        ours (Mapping): Metainfo of the dataset that it meets now, likewise.

    Raises:
        ValueError: If both say them, and they differ.
    """
    classes = trained.get('classes'), ours.get('classes')
    if None not in classes and tuple(classes[0]) != tuple(classes[1]):
        raise ValueError(
            'The checkpoint was trained on the classes '
            f'{shorten(classes[0])}, but the data set has '
            f'{shorten(classes[1])}. Test and resume with the data set it was '
            'trained on. To fine-tune it for other classes, load only its '
            "backbone: init_cfg=dict(type='Pretrained', checkpoint='...', "
            "prefix='expression_encoder.backbone.').")


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
