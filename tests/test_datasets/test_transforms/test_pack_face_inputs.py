import math
import pickle

import numpy as np
import pytest
import torch

from ipdfer_mm.datasets import PackFaceInputs
from ipdfer_mm.registry import TRANSFORMS


@pytest.fixture
def results():
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    return dict(
        img=image, img_path='a.png', img_shape=(4, 6), ori_shape=(8, 12),
        sample_idx=3, gt_label=2, pose_label=4, yaw=-57.5, subject='p1',
        neutral_img_path='n.png', flip=False, flip_direction=None)


def test_fields(results):
    before = dict(results)
    packed = TRANSFORMS.build(dict(type='PackFaceInputs'))(results)
    assert packed['inputs'].dtype == torch.uint8
    assert (packed['inputs'].numpy()
            == results['img'].transpose(2, 0, 1)).all()
    sample = packed['data_samples']
    assert sample.pose_label.dtype == torch.long
    assert sample.pose_label.tolist() == [4]
    assert sample.gt_label.tolist() == [2]
    assert set(sample.keys()) == {'pose_label', 'gt_label'}
    expected = dict(
        img_path='a.png', img_shape=(4, 6), ori_shape=(8, 12), sample_idx=3,
        yaw=-57.5, subject='p1', neutral_img_path='n.png', flip=False,
        flip_direction=None)
    assert sample.metainfo == expected
    assert type(sample.yaw) is float
    # The input is left alone.
    assert results.keys() == before.keys()
    assert results['pose_label'] == 4 and results['yaw'] == -57.5


@pytest.mark.parametrize('flip, direction, yaw', [
    (True, 'horizontal', 57.5),
    (False, None, -57.5),
    (True, 'vertical', -57.5),
])
def test_horizontal_flip_negates_yaw(results, flip, direction, yaw):
    results.update(flip=flip, flip_direction=direction)
    sample = PackFaceInputs()(results)['data_samples']
    assert sample.yaw == yaw and sample.pose_label.tolist() == [4]


def test_flip_of_an_unknown_yaw_is_unknown(results):
    results.update(
        flip=True, flip_direction='horizontal', yaw=math.nan, pose_label=-100)
    sample = PackFaceInputs()(results)['data_samples']
    assert math.isnan(sample.yaw) and sample.pose_label.tolist() == [-100]


def test_a_image_alone_is_enough(results):
    packed = PackFaceInputs()(dict(img=results['img']))
    assert list(packed['data_samples'].keys()) == []
    assert packed['data_samples'].metainfo == {}


def test_samples_travel_between_processes(results):
    sample = PackFaceInputs()(results)['data_samples']
    again = pickle.loads(pickle.dumps(sample))
    assert again.metainfo == sample.metainfo
    assert torch.equal(again.pose_label, sample.pose_label)
