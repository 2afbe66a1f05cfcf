import pytest
from helpers.samples import infos, touch

from ipdfer_mm.datasets import FolderFER
from ipdfer_mm.datasets.folds import hold_out


def paths(samples):
    return [sample['img_path'] for sample in samples]


@pytest.mark.parametrize('total', [100, 12271])
def test_parts_are_all_and_share_nothing(total):
    samples = [dict(img_path=f'{i}.png') for i in range(total)]
    train, val = (paths(hold_out(samples, part)) for part in ('train', 'val'))
    spread = total**.5  # more than three standard deviations
    assert abs(len(val) - total / 10) < spread
    assert sorted(train + val) == sorted(paths(samples))
    other = paths(hold_out(samples, 'val', seed=1))
    assert abs(len(set(other) & set(val)) - total / 100) < spread / 2
    half = hold_out(samples, 'val', share=0.5)
    assert abs(len(half) - total / 2) < 2 * spread
    assert set(val) < {*paths(half)}


@pytest.mark.parametrize('arguments, message', [
    (dict(part='test'), "part='test' must be 'train' or 'val'"),
    (dict(part='val', share=1), 'share=1 between 0 and 1'),
    (dict(part='val'), 'share=0.1 of 9 samples holds out 0'),
])
def test_parts_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        hold_out([dict(img_path='a.png')] * 9, **arguments)


def test_a_dataset_that_drops_images_stays_apart(tmp_path):
    """An image is in the same part whatever else is left out."""
    touch(tmp_path, *(f'train/{name}/{i}.png' for i in range(40)
                      for name in ('happy', 'sad', 'angry')))
    options = dict(data_root=str(tmp_path), split='train')
    val = FolderFER(**options, holdout=dict(part='val', share=.25))
    train = FolderFER(
        **options, holdout=dict(part='train', share=.25),
        metainfo=dict(classes=('happiness', 'sadness')),
        drop_classes=('anger', ))
    ours, theirs = ({*paths(infos(part))} for part in (train, val))
    assert not ours & theirs
    happy_or_sad = {path for path in theirs if '/angry/' not in path}
    assert len(ours | happy_or_sad) == 80
