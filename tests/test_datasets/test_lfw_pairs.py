import pytest
from helpers.samples import infos, touch

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
    (tmp_path / 'pairs.txt').write_text(PAIRS)
    return touch(tmp_path, *(f'{name}.jpg' for name in IMAGES))


def build(root):
    register_all_modules()
    return DATASETS.build(
        dict(type='ipdfer_mm.LFWPairs', data_root=str(root)))


def test_pairs_and_images(lfw):
    dataset = build(lfw)
    assert [(info['img_path'], info['gt_label'])
            for info in infos(dataset)] == [
        (str(lfw / f'{name}.jpg'), label)
        for name, label in zip(IMAGES, (0, 0, 1, 1, 2))]
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
