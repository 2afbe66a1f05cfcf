import torch
from helpers.small_model import head, resnet

from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules


def test_logits_of_its_own_head():
    register_all_modules()
    model = MODELS.build(
        dict(
            type='ipdfer_mm.ExpressionDiscriminator',
            backbone=resnet(),
            head=head(7))).eval()
    inputs = torch.randn(3, 3, 32, 32)
    logits = model(inputs)
    assert logits.shape == (3, 7)
    feats = model.backbone(inputs)[-1].mean(dim=(2, 3))
    torch.testing.assert_close(logits, model.head.fc(feats))
