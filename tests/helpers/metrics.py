"""Metrics of predictions that are written down."""

from collections.abc import Sequence

import torch
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample

from ipdfer_mm.utils import register_all_modules


def sample(label: int, score: Sequence[float] | None = None,
           **fields) -> DataSample:
    """A labeled image with scores, and other tensors by name."""
    made = DataSample().set_gt_label(int(label))
    if score is not None:
        made.set_pred_score(torch.as_tensor(score, dtype=torch.float32))
    for name, value in fields.items():
        made.set_field(torch.as_tensor(value), name)
    return made


def evaluate(kind: str, samples: Sequence[DataSample], size: int | None = None,
             meta: dict | None = None, **kwargs) -> dict:
    """What a metric makes of samples, of which the first ``size`` count."""
    register_all_modules()
    metric = METRICS.build(dict(type=f'ipdfer_mm.{kind}', **kwargs))
    metric.dataset_meta = meta
    samples = [made.to_dict() for made in samples]
    for start in range(0, len(samples), 3):  # in batches
        metric.process({}, samples[start:start + 3])
    return metric.evaluate(size or len(samples))
