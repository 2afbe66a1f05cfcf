import pytest
from mmpretrain.datasets import KFoldDataset

from ipdfer_mm.datasets import FolderFER
from ipdfer_mm.datasets.folds import (
    check_same_classes,
    check_same_fold,
    hold_out,
)


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
    for index in range(40):
        path = tmp_path / f'train/{("happy", "sad")[index % 2]}/{index}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for part in ('train', 'val'):
        ours = FolderFER(str(tmp_path), 'train', holdout=dict(part=part))
        theirs = KFoldDataset(
            dict(type='ipdfer_mm.FolderFER', data_root=str(tmp_path),
                 split='train'),
            fold=0, num_splits=10, seed=0, test_mode=part == 'val')
        assert [ours.get_data_info(i)['img_path']
                for i in range(len(ours))] == [
            theirs.get_data_info(i)['img_path'] for i in range(len(theirs))]
        assert len(ours) == (4 if part == 'val' else 36)


def test_another_fold_or_class_is_refused():
    trained = dict(fold=1, fold_rule='tenths', classes=['a', 'b'])
    check_same_fold(trained, trained)
    check_same_fold(trained, dict(fold=2, fold_rule='thirds'))
    check_same_classes(trained, dict(classes=('a', 'b')))
    check_same_classes(trained, {})
    with pytest.raises(ValueError, match='of fold 1, but .* of fold 2'):
        check_same_fold(trained, dict(trained, fold=2))
    with pytest.raises(ValueError, match='classes a, b, but .* has b, a'):
        check_same_classes(trained, dict(classes=('b', 'a')))
