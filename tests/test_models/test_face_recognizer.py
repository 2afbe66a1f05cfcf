import pytest
import torch
from small_model import head, resnet

from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules


def test_predicts_features_of_length_one():
    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='FaceRecognizer',
            backbone=resnet(),
            neck=dict(type='mmpretrain.GlobalAveragePooling'),
            head=head(5))).eval()
    inputs = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        pooled = model.backbone(inputs)[-1].mean(dim=(2, 3))
        samples = model(inputs, mode='predict')
        # It is still a classifier of the people it is trained on.
        logits = model(inputs, mode='tensor')
    assert logits.shape == (3, 5)
    for sample, feat in zip(samples, pooled):
        torch.testing.assert_close(sample.feature, feat / feat.norm())
        assert 'pred_label' not in sample


def test_maps_are_refused():
    register_all_modules()
    model = MODELS.build(
        dict(type='FaceRecognizer', backbone=resnet(), head=head(5))).eval()
    with pytest.raises(ValueError, match='GlobalAveragePooling'):
        model(torch.randn(1, 3, 64, 64), mode='predict')
