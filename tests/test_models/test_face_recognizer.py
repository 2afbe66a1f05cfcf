import pytest
import torch
from helpers.small_model import head, resnet
from mmpretrain.structures import DataSample

from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules


def build(head, neck=dict(type='mmpretrain.GlobalAveragePooling')):
    register_all_modules()
    torch.manual_seed(0)
    return MODELS.build(dict(
        type='FaceRecognizer', backbone=resnet(), neck=neck, head=head)).eval()


def test_predicts_features_of_length_one():
    model = build(head(5))
    inputs = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        pooled = model.backbone(inputs)[-1].mean(dim=(2, 3))
        samples = model(inputs, mode='predict')
        # It is still a classifier of the subjects it is trained on.
        logits = model(inputs, mode='tensor')
    assert logits.shape == (3, 5)
    for sample, feat in zip(samples, pooled):
        torch.testing.assert_close(sample.feature, feat / feat.norm())
        assert 'pred_label' not in sample


def test_maps_are_refused():
    with pytest.raises(ValueError, match='GlobalAveragePooling'):
        build(head(5), None)(torch.randn(1, 3, 64, 64), mode='predict')


def test_margin_head_learns_in_mixed_precision():
    """ArcFace computes outside of autocast, so its loss differs from that in
    full precision by the rounding of the features alone."""
    model = build(dict(head(3), type='ArcFaceClsHead'))
    inputs = torch.randn(3, 3, 32, 32)
    samples = [DataSample().set_gt_label(label) for label in range(3)]
    full = model(inputs, samples, mode='loss')['loss']
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = model(inputs, samples, mode='loss')['loss']
    assert mixed.dtype == torch.float32
    assert mixed.item() == pytest.approx(full.item(), rel=0.05)
    mixed.backward()
    assert model.head.norm_product.weight.grad.abs().sum() > 0
