"""What a config and a checkpoint say of the classifier in them."""

from mmengine.config import Config

from ipdfer_mm.utils.dataset_configs import find_test_dataset


def picture_size(cfg: Config) -> int:
    """Side of the pictures that the classifier of a config takes.

    Args:
        cfg (Config): Of IPD-FER, ID-FER or a classifier of mmpretrain.

    Returns:
        int: Pixels.

    Raises:
        ValueError: If the config does not say.
    """
    if 'decoder' in cfg.model:
        return cfg.model.decoder.get('img_size', 112)
    dataset = find_test_dataset(cfg)
    for step in reversed(dataset.pipeline):
        name = step['type'].rpartition('.')[2]
        if name == 'Resize':
            scale = step['scale']
            return scale if isinstance(scale, int) else scale[0]
        if name == 'AlignFace':
            return step.get('size', 112)
    if 'img_size' not in dataset:
        raise ValueError(
            'The config does not say how large its pictures are: its test '
            "pipeline has no dict(type='Resize', scale=(S, S)).")
    return dataset.img_size


def class_names(cfg: Config, meta: dict) -> tuple[str, ...]:
    """Names of the classes in the order of the labels.

    Args:
        cfg (Config): The config; ``model.classes`` is asked second.
        meta (dict): ``meta`` of the checkpoint, asked first.

    Returns:
        tuple[str, ...]: The names.

    Raises:
        ValueError: If neither knows them.
    """
    classes = meta.get('dataset_meta', {}).get(
        'classes', cfg.model.get('classes'))
    if classes is None:
        raise ValueError(
            'Neither the checkpoint nor model.classes of the config knows the '
            "names of the classes. Add model.classes=('anger', ...), in the "
            'order of the labels.')
    return tuple(classes)
