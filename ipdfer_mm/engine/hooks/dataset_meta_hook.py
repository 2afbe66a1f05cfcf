"""Keep model, dataset and checkpoint speaking of the same classes."""

import io
from pathlib import Path
from typing import Any

import torch
import torch.nn as nn
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner

from ipdfer_mm.datasets.folds import check_same_classes, check_same_fold
from ipdfer_mm.metrics.reliability import RELIABILITY
from ipdfer_mm.models.encoders.key_match import match_keys
from ipdfer_mm.models.training_checks import check_once
from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.atomic import write_atomically
from ipdfer_mm.utils.messages import shorten
from ipdfer_mm.utils.modules import unwrap
from ipdfer_mm.version import __version__

from .dataset_notes_hook import inner_datasets

META_KEY = 'ipdfer_mm'
ADVICE = 'the checkpoint is whole, but without its reliability'


def get_metainfo(runner: Runner) -> dict:
    """Metainfo of the dataset that the runner trains or tests on.

    Args:
        runner (Runner): A runner with at least one loop built.

    Returns:
        dict: ``classes`` and what else the dataset tells of itself; empty if
        no loop is built.
    """
    for loop in (runner._train_loop, runner._test_loop, runner._val_loop):
        if isinstance(loop, BaseLoop):
            return getattr(loop.dataloader.dataset, 'metainfo', {})
    return {}


def get_normalization(model: nn.Module) -> dict | None:
    """Mean, standard deviation and channel order a model's images get.

    Args:
        model (nn.Module): A model with mmpretrain's ``ClsDataPreprocessor``.

    Returns:
        dict or None: ``mean`` and ``std`` in pixel values, ``to_rgb``; None
        if images are not normalized, or by another preprocessor.
    """
    preprocessor = model.data_preprocessor
    if not (hasattr(preprocessor, 'mean') and hasattr(preprocessor, 'to_rgb')):
        return None
    return dict(
        mean=preprocessor.mean.flatten().tolist(),
        std=preprocessor.std.flatten().tolist(),
        to_rgb=preprocessor.to_rgb)


@HOOKS.register_module()
class DatasetMetaHook(Hook):
    """Check that model, dataset and checkpoint fit each other.

    Before training it tells an IPD-FER model the names of the classes (it
    looks up the neutral one), and refuses a model with another number of
    classes, a head that is to learn poses without any, and optimizers that
    are not those of Algorithm 1. It puts the version of ipdfer_mm and the
    normalization into every checkpoint (MMEngine adds the dataset's classes
    and its manifest's recipe), and compares them when a checkpoint is loaded:
    other classes are refused, another recipe or normalization is warned
    about. To test or to resume, it must be one of the same fold, if the
    dataset has folds, and hold every weight of the model; MMEngine would go
    on with random ones.
    """

    def before_train(self, runner: Runner) -> None:
        """Check the model against the training set.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If they do not fit.
        """
        loader = runner.train_dataloader
        dataset = loader.dataset
        if not len(loader):
            raise ValueError(
                f'There is no batch to train on: the training set has '
                f'{len(dataset)} samples, fewer than train_dataloader.'
                f'batch_size={loader.batch_size}, and drop_last leaves the '
                'rest out. Use a smaller batch, or more images.')
        classes = dataset.metainfo.get('classes')
        model = unwrap(runner.model)
        if classes is None:
            raise ValueError(
                f'The training set {type(dataset).__name__} does not name its '
                'classes; give it `metainfo=dict(classes=...)`.')
        self._check_num_classes(model, classes)
        if hasattr(model, 'set_classes'):
            model.set_classes(classes)
        # Of IPD-FER, or of the baseline's PoseSupervisedHead.
        parts = [getattr(model, 'pose_head', None),
                 getattr(getattr(model, 'head', None), 'pose_head', None)]
        # Datasets of others may know poses.
        has_poses = any(getattr(inner, 'num_known_poses', 1)
                        for inner in inner_datasets(dataset))
        if any(part is not None for part in parts) and not has_poses:
            raise ValueError(
                'Poses are to be learned, but no sample of the training '
                f'set {type(dataset).__name__} has a head pose. '
                'Estimate poses with tools/prepare_dataset.py and give the '
                'dataset the resulting `manifest`, or train a model that '
                'needs none, such as ID-FER (configs/idfer_*.py).')
        if hasattr(model, 'trained_by_step'):
            check_once(model, runner.optim_wrapper)

    @staticmethod
    def _check_num_classes(model: nn.Module, classes: tuple) -> None:
        discriminator = getattr(model, 'discriminator', None)
        heads = {
            'expression_head': getattr(model, 'expression_head', None),
            'head': getattr(model, 'head', None),
            'discriminator.head':
            discriminator and unwrap(discriminator).head,
        }
        for name, head in heads.items():
            num_classes = head and getattr(unwrap(head), 'num_classes', None)
            if num_classes and num_classes != len(classes):
                raise ValueError(
                    f'model.{name}.num_classes is {num_classes}, but the '
                    f'training set has {len(classes)} classes: '
                    f'{shorten(classes)}.')

    def before_train_epoch(self, runner: Runner) -> None:
        """Forget the reliability of the weights before.

        Args:
            runner (Runner): The runner.
        """
        runner.message_hub.runtime_info.pop(RELIABILITY, None)

    @master_only
    def after_train(self, runner: Runner) -> None:
        """Add its reliability to the last checkpoint.

        MMEngine has saved it before it was validated.

        Args:
            runner (Runner): The runner.
        """
        hub = runner.message_hub.runtime_info
        path = Path(hub.get('last_ckpt', ''))
        if RELIABILITY not in hub or (
                path.name != f'epoch_{runner.epoch}.pth') or (
                    not path.is_file()):
            return
        checkpoint = torch.load(path, 'cpu', weights_only=False)  # our own
        checkpoint['meta'][RELIABILITY] = hub[RELIABILITY]
        content = io.BytesIO()
        torch.save(checkpoint, content)
        write_atomically(path, content.getvalue(), ADVICE, sync=True)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add version, normalization and reliability.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What is about to be saved.
        """
        checkpoint['meta'][META_KEY] = dict(
            version=__version__,
            normalization=get_normalization(unwrap(runner.model)))
        if RELIABILITY in runner.message_hub.runtime_info:
            checkpoint['meta'][RELIABILITY] = (
                runner.message_hub.get_info(RELIABILITY))

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the checkpoint with dataset and model.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was loaded.

        Raises:
            ValueError: If the checkpoint has other classes than the dataset,
                or is to be tested or resumed on another fold, or without all
                weights of the model.
        """
        meta = checkpoint.get('meta', {})
        theirs = meta.get('dataset_meta') or {}
        ours = get_metainfo(runner)
        # A face recognizer is tested on other subjects than it was trained on.
        if runner._resume or getattr(
                unwrap(runner.model), 'names_classes', True):
            check_same_classes(theirs, ours)
        # Tested or resumed; else it starts from what fits.
        if runner._resume or not isinstance(runner._train_loop, BaseLoop):
            check_same_fold(theirs, ours)
            self._check_weights(runner, checkpoint)
        self._warn_if_other(runner, 'recipe', theirs.get('recipe'),
                            ours.get('recipe'))
        self._warn_if_other(
            runner, 'normalization',
            meta.get(META_KEY, {}).get('normalization'),
            get_normalization(unwrap(runner.model)))

    @staticmethod
    def _check_weights(runner: Runner, checkpoint: dict) -> None:
        state = checkpoint.get('state_dict', checkpoint)
        # As MMEngine loads it.
        state = {key.removeprefix('module.'): state[key] for key in state}
        match = match_keys(unwrap(runner.model), state)
        # A discriminator is needed to train alone.
        missing = [key for key in match.missing
                   if runner._resume or not key.startswith('discriminator.')]
        if missing or match.misshaped:
            raise ValueError(
                'The checkpoint is not one of the model in the config, '
                f'{type(unwrap(runner.model)).__name__}: {match}\nTest and '
                'resume with the config it was trained with.')

    @staticmethod
    def _warn_if_other(runner: Runner, name: str, theirs: Any,
                       ours: Any) -> None:
        if None not in (theirs, ours) and theirs != ours:
            runner.logger.warning(
                f'The checkpoint was trained with another {name} ({theirs}) '
                f'than the one in use ({ours}); expect other results.')
