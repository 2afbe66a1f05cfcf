# ArcFace's IResNet-18 in place of resnet18_arcface_casia.py's ResNet-18: an
# identity encoder whose key names are those of insightface's arcface_torch.
_base_ = './resnet18_arcface_casia.py'

model = dict(
    backbone=dict(_delete_=True, type='IResNet', depth=18), neck=None)
