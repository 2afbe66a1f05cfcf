"""Writing the trained expression branch for mmpretrain's tools."""

import io
from copy import deepcopy
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ipdfer_mm.apis.loading import build_trained, class_names, image_size
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.files import keep_inputs
from ipdfer_mm.utils.weight_files import published_meta, save_weights

from .plain_classifier import plain_config, plain_state

ADVICE = 'nothing was published'
HEADER = """\
# The expression encoder and its classifier of
# - config: {name}
# - weights: {weights}
# as an mmpretrain classifier. Images are aligned faces, see
# tools/prepare_dataset.py of ipdfer_mm, which is needed for the test set only.
"""


def publish(cfg: Config, checkpoint: str, out: Path) -> Path:
    """Write config and weights of the plain classifier.

    Nothing is written unless the classifier, built from what would be
    written, gives exactly the scores of the model.

    Args:
        cfg (Config): Of IPD-FER or ID-FER.
        checkpoint (str): Its weights.
        out (Path): File of the weights, ``.pth``, which mmpretrain alone can
            read, or ``.safetensors``.

    Returns:
        Path: The config, beside the weights.

    Raises:
        OSError: If a file cannot be read or written.
        ValueError: If this is no such model, the weights are not its own, or
            the classifier differs from it; or if a file would be replaced
            that was not published before.
    """
    text = out.with_suffix('.py')
    keep_inputs(out, checkpoint)
    if text.exists() and not text.read_bytes().startswith(
            HEADER.partition('\n')[0].encode()):
        raise ValueError(f'{text} is no config that was published before, '
                         'and would be replaced; choose another file.')
    loaded = CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
    model = build_trained(cfg, checkpoint, loaded)
    classes = class_names(model)
    config = plain_config(cfg, classes)
    state = plain_state(model.state_dict())
    check_same(model, config, state, image_size(cfg))
    kept = published_meta(loaded.get('meta', {}))
    kept.setdefault('dataset_meta', dict(classes=classes))
    header = HEADER.format(
        name=Path(cfg.filename or 'a config').name,
        weights=checkpoint.rpartition('/')[2])
    write_classifier(out, state, kept)
    write_atomically(text, f'{header}{config.pretty_text}\n'.encode(), ADVICE)
    return text


def check_same(model: BaseModel, config: Config, state: dict[str, Tensor],
               size: int) -> None:
    """Compare a model with the classifier that was made of it, on noise.

    Args:
        model (BaseModel): IPD-FER or ID-FER, in eval mode.
        config (Config): Of the classifier.
        state (dict[str, Tensor]): Its weights.
        size (int): Side of the images in pixels.

    Raises:
        ValueError: If logits differ in any bit.
    """
    # Building adds to the config.
    classifier = MODELS.build(
        {**deepcopy(config.model), '_scope_': 'mmpretrain'})
    classifier.load_state_dict(state)
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand((2, 3, size, size), generator=generator) * 2 - 1
    with torch.inference_mode():
        logits, theirs = (network(noise, mode='tensor')
                          for network in (model, classifier.eval()))
    if not torch.equal(logits, theirs):
        raise ValueError(
            'The classifier would differ from the model by up to '
            f'{(logits - theirs).abs().max():.2g}; nothing was published.')


def write_classifier(out: Path, state: dict[str, Tensor],
                     meta: dict) -> None:
    """Write a checkpoint that holds nothing but tensors and plain values.

    Args:
        out (Path): File, ``.pth`` or ``.safetensors``.
        state (dict[str, Tensor]): The weights.
        meta (dict): What is to be known about them.
    """
    if out.suffix == '.safetensors':
        save_weights(out, state, meta)
        return
    content = io.BytesIO()
    # Cloned: a view would be saved with all that it is a view of.
    state = {key: value.clone() for key, value in state.items()}
    torch.save(dict(meta=meta, state_dict=state), content)
    write_atomically(out, content.getvalue(), ADVICE)
