"""What a batch of IPD-FER is labeled with."""

from typing import NamedTuple

import torch
from mmpretrain.structures import DataSample
from torch import Tensor


class Targets(NamedTuple):
    """What a batch is labeled with.

    Attributes:
        labels (Tensor): Expression classes, (N, ).
        expression (Tensor): What the expression losses compare with: the
            classes, (N, ), or soft labels, (N, K).
        pose (Tensor, optional): Yaw bins, (N, ), -100 where the pose is
            unknown; None without a pose encoder.
    """

    labels: Tensor
    expression: Tensor
    pose: Tensor | None

    @property
    def counts(self) -> dict[str, Tensor]:
        """Number of samples whose pose is unknown, by its name in the log."""
        if self.pose is None:
            return {}
        return dict(pose_unknown=(self.pose < 0).sum().float())


def stack_targets(data_samples: list[DataSample], device: torch.device,
                  with_pose: bool) -> Targets:
    """Stack the labels of a batch.

    Args:
        data_samples (list[DataSample]): With ``gt_label``, perhaps
            ``gt_score``, and ``pose_label`` for poses.
        device (torch.device): Where to put the labels.
        with_pose (bool): Whether poses are needed.

    Returns:
        Targets: The labels.

    Raises:
        ValueError: If poses are needed and samples have none.
    """
    labels = torch.cat([sample.gt_label for sample in data_samples])
    labels = expression = labels.to(device)
    if 'gt_score' in data_samples[0]:
        expression = torch.stack([s.gt_score for s in data_samples])
        expression = expression.to(device)
        labels = expression.argmax(dim=1)
    pose = stack_poses(data_samples, device) if with_pose else None
    return Targets(labels, expression, pose)


def stack_poses(data_samples: list[DataSample],
                device: torch.device) -> Tensor:
    """Stack the yaw bins of a batch.

    Args:
        data_samples (list[DataSample]): With ``pose_label``.
        device (torch.device): Where to put the classes.

    Returns:
        Tensor: (N, ), -100 where the pose is unknown.

    Raises:
        ValueError: If samples have no pose.
    """
    if not all('pose_label' in sample for sample in data_samples):
        raise ValueError(
            'Poses are trained, but samples carry no `pose_label`. End the '
            "pipeline with dict(type='ipdfer_mm.PackFaceInputs') on a data "
            'set of ipdfer_mm, or train ID-FER (configs/idfer_*.py), which '
            'needs none.')
    poses = torch.cat([sample.pose_label for sample in data_samples])
    return poses.to(device)
