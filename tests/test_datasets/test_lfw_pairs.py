import cv2
import numpy as np
import pytest

from ipdfer_mm.registry import DATASETS
from ipdfer_mm.utils import register_all_modules

PAIRS = """2\t1
Ann_Lee\t1\t2
Ann_Lee\t1\tBob\t12
Bob\t12\t3
Cy\t1\tAnn_Lee\t2
"""
IMAGES = ('Ann_Lee/Ann_Lee_0001', 'Ann_Lee/Ann_Lee_0002', 'Bob/Bob_0012',
          'Bob/Bob_0003', 'Cy/Cy_0001')


@pytest.fixture
def lfw(tmp_path):
    for value, name in enumerate(IMAGES):
        path = tmp_path / f'{name}.jpg'
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.full((112, 112, 3), value * 40, np.uint8))
    (tmp_path / 'pairs.txt').write_text(PAIRS)
    return tmp_path


def build(root, **kwargs):
    register_all_modules()
    return DATASETS.build(
        dict(type='ipdfer_mm.LFWPairs', data_root=str(root), **kwargs))


def test_pairs_and_images(lfw):
    dataset = build(lfw, pipeline=[dict(type='ipdfer_mm.LoadFaceImage')])
    samples = [dataset[i] for i in range(len(dataset))]
    assert [s['img_path'] for s in samples] == [
        str(lfw / f'{name}.jpg') for name in IMAGES]
    assert [s['gt_label'] for s in samples] == [0, 0, 1, 1, 2]
    assert [round(s['img'].mean() / 40) for s in samples] == [0, 1, 2, 3, 4]
    assert dataset.metainfo['pairs'] == [(0, 0, 1, True), (0, 0, 2, False),
                                         (1, 2, 3, True), (1, 4, 1, False)]


def test_one_fold_has_no_number_of_folds(lfw):
    """As in LFW's view 1, pairsDevTest.txt."""
    (lfw / 'pairs.txt').write_text(PAIRS.replace('2\t1\n', '2\n', 1))
    assert [pair[0] for pair in build(lfw).metainfo['pairs']] == [0] * 4


@pytest.mark.parametrize('old, new, message', [
    ('2\t1\n', 'ten\t1\n', 'pairs.txt:1: expected the number'),
    ('Bob\t12\t3', 'Bob 12 3', "pairs.txt:4: .*'Bob 12 3'"),
    ('Cy\t1\tAnn_Lee\t2\n', '', 'announces 2 folds .* but has 3'),
    ('Bob\t12\t3', 'Bob\t12\t4', '1 of the 5 images .*Bob_0004.jpg'),
])
def test_wrong_lists_are_named(lfw, old, new, message):
    (lfw / 'pairs.txt').write_text(PAIRS.replace(old, new, 1))
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        build(lfw)


def test_missing_list(tmp_path):
    with pytest.raises(FileNotFoundError, match='ann_file'):
        build(tmp_path)
