"""Heads."""

from .pose_supervised_head import PoseSupervisedHead

__all__ = ['PoseSupervisedHead']
