import pytest
from helpers.samples import infos, touch
from mmpretrain.datasets import KFoldDataset

from ipdfer_mm.datasets import FolderFER
from ipdfer_mm.datasets.folds import hold_out


@pytest.mark.parametrize('total', [10, 37, 12271])
def test_parts_are_all_and_share_nothing(total):
    samples = [dict(index=i) for i in range(total)]
    train, val = (
        [sample['index'] for sample in hold_out(samples, part)]
        for part in ('train', 'val'))
    assert len(val) == total // 10
    assert sorted(train + val) == list(range(total))
    other = [sample['index'] for sample in hold_out(samples, 'val', seed=1)]
    assert len(other) == len(val) and other != val
    assert len(hold_out(samples, 'val', share=0.5)) == total // 2


@pytest.mark.parametrize('arguments, message', [
    (dict(part='test'), "part='test' must be 'train' or 'val'"),
    (dict(part='val', share=1), 'share=1 between 0 and 1'),
    (dict(part='val'), 'share=0.1 of 9 samples holds out 0'),
])
def test_parts_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        hold_out([{}] * 9, **arguments)


def test_a_dataset_has_the_split_of_kfold(tmp_path):
    """What configs had before the argument, in the same order."""
    touch(tmp_path, *(f'train/{("happy", "sad")[i % 2]}/{i}.png'
                      for i in range(40)))
    for part in ('train', 'val'):
        ours = FolderFER(str(tmp_path), 'train', holdout=dict(part=part))
        theirs = KFoldDataset(
            dict(type='ipdfer_mm.FolderFER', data_root=str(tmp_path),
                 split='train'),
            fold=0, num_splits=10, seed=0, test_mode=part == 'val')
        assert [info['img_path'] for info in infos(ours)] == [
            info['img_path'] for info in infos(theirs)]
        assert len(ours) == (4 if part == 'val' else 36)
