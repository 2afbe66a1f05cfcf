import copy
import math

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.samples import LOAD_AND_PACK
from helpers.small_model import SIZE, WIDTH, resnet
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmpretrain.structures import DataSample

from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules


def teacher_cfg(width=WIDTH, **kwargs):
    """An identity encoder with features of this width."""
    backbone = dict(
        resnet(), stem_channels=width // 8, base_channels=width // 8)
    return dict(type='IdentityEncoder', backbone=backbone, **kwargs)


def model_cfg(width=WIDTH, **kwargs):
    neck = dict(type='mmpretrain.LinearNeck', in_channels=WIDTH,
                out_channels=WIDTH, gap_dim=2, norm_cfg=None)
    return dict(
        dict(type='FaceDistiller', teacher=teacher_cfg(width), neck=neck,
             data_preprocessor=dict(mean=(127.5, ) * 3, std=(127.5, ) * 3),
             backbone=resnet(), feat_channels=WIDTH), **kwargs)


def build(width=WIDTH, **kwargs):
    register_all_modules()
    torch.manual_seed(0)
    return MODELS.build(model_cfg(width, **kwargs)).train()


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(4, 3, SIZE, SIZE, generator=generator) * 2 - 1


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (4, 3, SIZE, SIZE), generator=generator,
                           dtype=torch.uint8)
    return dict(inputs=pixels, data_samples=[DataSample() for _ in range(4)])


def watch(model):
    """Record what backbones get, by hooks."""
    seen = dict(teacher=[], student=[])
    for name, backbone in (('teacher', model.teacher.backbone),
                           ('student', model.backbone)):
        backbone.register_forward_pre_hook(
            lambda _, args, name=name: seen[name].append(args[0].clone()))
    return seen


def unit_vectors(maps):
    """Pooled maps of a backbone, scaled to length 1, as NumPy arrays."""
    feats = maps[-1].detach().double().numpy().mean(axis=(2, 3))
    return feats / np.linalg.norm(feats, axis=1, keepdims=True)


def student_features(model, inputs):
    with torch.no_grad():
        return model.neck(model.backbone(inputs))[-1].double().numpy()


@pytest.mark.parametrize('width', [WIDTH // 2, WIDTH])
def test_loss_by_hand(inputs, width):
    model = build(width)
    losses = model.loss(inputs, None)
    feats = student_features(model, inputs)
    target = math.sqrt(width) * unit_vectors(model.teacher.backbone(inputs))
    if width < WIDTH:  # between features of the same width nothing is lifted
        # Rows of a basis of the lift: unit vectors go where it sends them.
        target = target @ model.lift(torch.eye(width)).double().numpy()
    assert losses['loss'].item() == pytest.approx(
        ((feats - target)**2).mean(), rel=1e-4)
    cosines = (feats * target).sum(axis=1) / (
        np.linalg.norm(feats, axis=1) * np.linalg.norm(target, axis=1))
    assert losses['cosine'].item() == pytest.approx(cosines.mean(), abs=1e-5)
    assert not losses['cosine'].requires_grad


@pytest.mark.parametrize('width', [1, 17, WIDTH - 1])
def test_lift_keeps_cosines(width):
    model = build()
    torch.manual_seed(1)
    feats = F.normalize(torch.randn(6, width)) * math.sqrt(width)
    lifted = model.lift(feats)
    assert lifted.shape == (6, WIDTH)
    torch.testing.assert_close(
        lifted.norm(dim=1), torch.full((6, ), math.sqrt(WIDTH)))
    torch.testing.assert_close(
        lifted @ lifted.T / WIDTH, feats @ feats.T / width,
        rtol=1e-4, atol=1e-5)


def test_lift_is_the_same_in_each_run():
    """A training that is resumed goes on with the same targets."""
    feats = torch.randn(3, 8)
    first = build().lift(feats)
    model = build()
    torch.manual_seed(5)
    state = torch.get_rng_state()
    assert torch.equal(model.lift(feats), first)
    # Nor does it use up random numbers of the training.
    assert torch.equal(torch.get_rng_state(), state)


def test_widths_that_do_not_fit(inputs):
    with pytest.raises(ValueError, match=f'teacher has features of width '
                       f'{2 * WIDTH}.*feat_channels={WIDTH}'):
        build(2 * WIDTH).loss(inputs, None)
    with pytest.raises(ValueError, match=f'student gives features of width '
                       f'{WIDTH}, but feat_channels is {2 * WIDTH}'):
        build(feat_channels=2 * WIDTH).loss(inputs, None)


@pytest.mark.parametrize('mixup', [-0.1, 1.01, math.nan])
def test_mixup_is_a_probability(mixup):
    with pytest.raises(ValueError, match=f'mixup={mixup} is no probability'):
        build(mixup=mixup)


def test_mixup_mixes_two_images():
    """And the teacher sees the same mixed images as the student."""
    model = build(mixup=1.)
    seen = watch(model)
    # A mixed image shows the weight of each of the four.
    inputs = torch.eye(4).repeat(1, 3 * SIZE**2 // 4).view(4, 3, SIZE, SIZE)
    before = inputs.clone()
    model.loss(inputs, None)
    assert torch.equal(inputs, before)
    mixed, = seen['student']
    assert torch.equal(seen['teacher'][0], mixed)
    weights = mixed.flatten(1)[:, :4]
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(4))
    assert ((weights > 0).sum(dim=1) == 2).all()
    own = weights.diagonal()
    assert (own > 0).all() and len(own.unique()) == 4


@pytest.mark.parametrize('mixup, least, most', [(0., 0, 0), (.5, 9, 31),
                                                (1., 40, 40)])
def test_share_of_mixed_batches(inputs, mixup, least, most):
    model = build(mixup=mixup)
    seen = watch(model)
    for _ in range(40):
        model.loss(inputs, None)
    mixed = sum(not torch.equal(images, inputs) for images in seen['student'])
    assert least <= mixed <= most


def test_teacher_stays_as_it_is(batch):
    model = build(WIDTH // 2, mixup=0.5)
    optim = OptimWrapper(
        torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1))
    before = copy.deepcopy(model.state_dict())
    assert model.train() is model and model.backbone.training
    for _ in range(2):
        assert torch.isfinite(model.train_step(batch, optim)['loss'])
    assert all(p.grad is None for p in model.teacher.parameters())
    for name, value in model.state_dict().items():
        # Statistics of batch norm included.
        same = torch.equal(value, before[name])
        assert same == name.startswith('teacher.'), name


def test_teacher_is_normalized_whatever_its_config_says():
    model = build(teacher=teacher_cfg(normalize=False))
    assert model.teacher.normalize


@pytest.mark.parametrize('size', [16, 48])
def test_images_are_resized_for_the_student_only(inputs, size):
    model = build(img_size=size)
    seen = watch(model)
    model.loss(inputs, None)
    assert torch.equal(seen['teacher'][0], inputs)
    torch.testing.assert_close(
        seen['student'][0],
        F.interpolate(inputs, (size, size), mode='bilinear', antialias=True))


def test_loss_is_of_full_precision_under_autocast(inputs):
    model = build(WIDTH // 2)
    full = model.loss(inputs, None)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = model.loss(inputs, None)
    assert mixed['loss'].dtype == torch.float32
    assert mixed['loss'].item() == pytest.approx(
        full['loss'].item(), rel=0.05)


def test_predicts_features_of_length_one(inputs):
    model = build().eval()
    feats = student_features(model, inputs)
    for sample, feat in zip(model(inputs, mode='predict'), feats):
        np.testing.assert_allclose(
            sample.feature.detach(), feat / np.linalg.norm(feat), atol=1e-5)
        assert 'pred_label' not in sample


def test_a_student_learns_from_images_in_a_folder(tmp_path):
    """With the runner, and a teacher from a file."""
    rng = np.random.default_rng(0)
    for index in range(8):
        coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        (tmp_path / f'faces/{index % 2}').mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / f'faces/{index % 2}/{index}.png'),
                    cv2.resize(coarse, (SIZE, SIZE)))
    register_all_modules()
    torch.manual_seed(3)
    cfg = teacher_cfg(WIDTH // 2)
    teacher = MODELS.build(cfg)
    torch.save(teacher.backbone.state_dict(), tmp_path / 'teacher.pth')
    cfg['init_cfg'] = dict(
        type='Pretrained', checkpoint=str(tmp_path / 'teacher.pth'))
    load, pack = LOAD_AND_PACK
    dataset = dict(type='FaceImages', data_root=str(tmp_path / 'faces'),
                   pipeline=[load, dict(type='RandomTint'), pack])
    runner = Runner(
        model=model_cfg(teacher=cfg, mixup=0.25),
        work_dir=str(tmp_path / 'work'),
        train_dataloader=dict(
            batch_size=4, num_workers=0, dataset=dataset,
            sampler=dict(type='DefaultSampler', shuffle=True),
            collate_fn=dict(type='default_collate')),
        train_cfg=dict(by_epoch=True, max_epochs=20),
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=3e-3)),
        default_scope='ipdfer_mm',
        default_hooks=dict(checkpoint=None),
        randomness=dict(seed=0),
        experiment_name='face_distiller')
    model = runner.train()
    for name, value in model.teacher.state_dict().items():
        assert torch.equal(value, teacher.state_dict()[name]), name
    scalars = runner.message_hub.log_scalars
    losses = scalars['train/loss'].data[0]
    cosines = scalars['train/cosine'].data[0]
    assert len(losses) == 40
    assert np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])
    assert np.mean(cosines[-4:]) > 0.75 > np.mean(cosines[:4])
