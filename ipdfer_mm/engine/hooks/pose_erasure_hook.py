"""Erase the pose from the expression feature when training ends."""

import numpy as np
import torch
from mmengine.dataset import default_collate
from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from ipdfer_mm.models.erasure import (
    check_neck,
    fit_eraser,
    fold_into,
    without_class_means,
    yaw_functions,
)
from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.dataset_configs import without_augmentation
from ipdfer_mm.utils.modules import unwrap


@HOOKS.register_module()
class PoseErasureHook(Hook):
    """Erase from f_exp what a linear function tells of the pose.

    After the last epoch, before it is validated and saved, the features of
    the training images are computed without augmentation. What the yaw is
    within each expression, its direction, size and bin
    (:func:`~ipdfer_mm.models.erasure.yaw_functions`), is erased
    (:func:`~ipdfer_mm.models.erasure.fit_eraser`) in the weights of the neck:
    nothing is added to the network. The differences between the expressions
    stay. Also for a baseline, an ``ImageClassifier``.

    The checkpoints of earlier epochs are not erased, nor is the best one, if
    it is one of theirs.

    Args:
        batch_size (int): Images at once. Defaults to 128.

    Raises:
        ValueError: Before training, if it has no epochs, or the neck is no
            ``LinearNeck``; after the last epoch, if the pose of no training
            image is known.
    """

    def __init__(self, batch_size: int = 128) -> None:
        self.batch_size = batch_size

    def before_train(self, runner: Runner) -> None:
        """Check what can be known before.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: See the class.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError('PoseErasureHook erases after the last epoch; '
                             'train by epochs, or leave the hook out.')
        check_neck(_neck(unwrap(runner.model)))

    def after_train_epoch(self, runner: Runner) -> None:
        """Erase, if this was the last epoch.

        Args:
            runner (Runner): The runner.
        """
        if self.is_last_train_epoch(runner):
            # All images in each process: MMEngine's would share them out.
            loader = DataLoader(
                DATASETS.build(without_augmentation(runner.cfg, 'train')),
                self.batch_size,
                collate_fn=default_collate)
            model = unwrap(runner.model)
            erase_pose(model, loader)
            for parameter in _neck(model).state_dict().values():
                broadcast(parameter)
            runner.logger.info('The pose is erased from f_exp. The '
                               'checkpoints of earlier epochs have it.')

    def after_train(self, runner: Runner) -> None:
        """Warn if training ended before the last epoch.

        Args:
            runner (Runner): The runner.
        """
        if runner.epoch < runner.max_epochs:
            runner.logger.warning(
                'Training ended early, so that PoseErasureHook has not '
                'erased the pose in any checkpoint.')


@torch.no_grad()
def erase_pose(model: BaseModel, loader: DataLoader) -> None:
    """Erase the pose from a model, see :class:`PoseErasureHook`.

    Args:
        model (BaseModel): An :class:`IPDFERModel`, or mmpretrain's
            ``ImageClassifier``.
        loader (DataLoader): Of images with known yaw.
    """
    training = model.training
    model.eval()
    f_exp, labels, yaws = [], [], []
    for data in loader:
        data = model.data_preprocessor(data, False)
        f_exp.append(model.extract_feat(data['inputs'], stage='neck')[-1])
        labels += [int(sample.gt_label) for sample in data['data_samples']]
        yaws += [float(sample.yaw) for sample in data['data_samples']]
    model.train(training)
    known = np.isfinite(yaws)
    if not known.any():
        raise ValueError('The pose of no training image is known, so it '
                         'cannot be erased from f_exp. Remove the '
                         'PoseErasureHook, or prepare the dataset with poses.')
    feats = torch.cat(f_exp).double().cpu().numpy()[known]
    factors = without_class_means(
        yaw_functions(np.array(yaws)[known]), np.array(labels)[known])
    fold_into(_neck(model), *fit_eraser(feats, factors))


def _neck(model: BaseModel) -> torch.nn.Module:
    encoder = getattr(model, 'expression_encoder', model)
    return unwrap(encoder).neck
