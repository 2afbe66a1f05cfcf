import math
import pickle

import numpy as np
import pytest
import torch

from ipdfer_mm.datasets import PackFaceInputs


@pytest.fixture
def results():
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    return dict(
        img=image, img_path='a.png', img_shape=(4, 6), ori_shape=(8, 12),
        sample_idx=3, gt_label=2, pose_label=4, yaw=-57.5, subject='p1',
        neutral_img_path='n.png', flip=False, flip_direction=None)


def test_fields(results):
    before = dict(results)
    packed = PackFaceInputs()(results)
    assert packed['inputs'].dtype == torch.uint8
    assert (packed['inputs'].numpy()
            == results['img'].transpose(2, 0, 1)).all()
    sample = packed['data_samples']
    assert sample.pose_label.dtype == torch.long
    assert sample.pose_label.tolist() == [4]
    assert sample.gt_label.tolist() == [2]
    assert set(sample.keys()) == {'pose_label', 'gt_label'}
    assert sample.metainfo == {
        key: value for key, value in before.items()
        if key not in ('img', 'gt_label', 'pose_label')}
    assert type(sample.yaw) is float
    assert results == before  # left alone
    again = pickle.loads(pickle.dumps(sample))  # as between processes
    assert again.metainfo == sample.metainfo
    assert torch.equal(again.pose_label, sample.pose_label)


@pytest.mark.parametrize('flip, direction, yaw, flipped', [
    (True, 'horizontal', -57.5, 57.5),
    (True, 'horizontal', math.nan, math.nan),
    (False, None, -57.5, -57.5),
    (True, 'vertical', -57.5, -57.5),
])
def test_horizontal_flip_negates_yaw(results, flip, direction, yaw, flipped):
    results.update(flip=flip, flip_direction=direction, yaw=yaw)
    sample = PackFaceInputs()(results)['data_samples']
    assert sample.yaw == pytest.approx(flipped, nan_ok=True)
    assert sample.pose_label.tolist() == [4]


def test_a_image_alone_is_enough(results):
    packed = PackFaceInputs()(dict(img=results['img']))
    assert list(packed['data_samples'].keys()) == []
    assert packed['data_samples'].metainfo == {}
