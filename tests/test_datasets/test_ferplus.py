import shutil
from collections import Counter

import cv2
import numpy as np
import pytest
import torch
from helpers.official_layouts import FERPLUS_SPLITS, VOTES, make_ferplus
from helpers.samples import LOAD_AND_PACK, class_names, infos, touch

from ipdfer_mm.datasets import EXPRESSIONS, FERPlus
from ipdfer_mm.datasets.ferplus_files import EMOTIONS, elect, read_votes
from ipdfer_mm.models.targets import stack_targets
from ipdfer_mm.preparation.duplicates import pixel_hash
from ipdfer_mm.preparation.prepare import flag_duplicates
from ipdfer_mm.preparation.worker import PreparedImage
from ipdfer_mm.registry import DATASETS

EIGHT = (*EXPRESSIONS, 'contempt')


@pytest.fixture
def root(tmp_path):
    return make_ferplus(tmp_path / 'ferplus')


def write_votes(root, rows):
    """Replace the votes and write the images that they name."""
    lines = [VOTES]
    for number, row in enumerate(rows):
        name = f'fer{number:07d}.png'
        touch(root / 'FER2013Train', name)
        lines.append(','.join(['Training', name, *map(str, row)]))
    (root / 'fer2013new.csv').write_text('\n'.join(lines))
    (root / 'fer2013.csv').unlink(missing_ok=True)


def test_votes_are_joined_to_pixels_by_row(root, log):
    for split, first in (('train', 0), ('val', 9), ('test', 18)):
        dataset = DATASETS.build(
            dict(type='FERPlus', data_root=str(root), split=split))
        assert dataset.CLASSES == EIGHT
        assert dataset.metainfo['label_rule'] == 'majority'
        assert class_names(dataset) == list(EMOTIONS)
        for index, info in enumerate(infos(dataset)):
            image = cv2.imread(info['img_path'], cv2.IMREAD_UNCHANGED)
            assert image.shape == (48, 48)
            # The row of the file, not the number in the name.
            assert (image == first + 1 + index).all()
        assert 'gt_score' not in infos(dataset)[0]
    assert 'Rows without an image, skipped: 1 (line 2).' in log.text
    assert '9 rows of Training, but officially 28709 rows' in log.text
    assert sorted(path.name for path in (root / 'FER2013Valid').iterdir()) == [
        f'fer{number:07d}.png' for number in range(8, 16)]


def test_a_killed_export_goes_on(root):
    FERPlus(str(root), 'train')
    lost, kept = (root / f'FER2013Train/fer000000{i}.png' for i in (3, 4))
    lost.unlink()
    kept.write_bytes(b'of another program')
    FERPlus(str(root), 'train')
    assert lost.is_file() and kept.read_bytes() == b'of another program'
    assert not list(root.rglob('*.partial*'))


def test_exported_folders_are_enough(root):
    for split in ('train', 'val', 'test'):
        FERPlus(str(root), split)
    (root / 'fer2013.csv').unlink()
    # FERPlus's own: no header, and a box before the votes.
    (root / 'FER2013Test/label.csv').write_text(
        'fer0000016.png,"(0, 0, 48, 48)",4,0,0,1,3,2,0,0,0,0\n')
    assert len(FERPlus(str(root), 'test')) == 8
    shutil.rmtree(root / 'FER2013Test')
    with pytest.raises(FileNotFoundError, match='8 of 8 images are missing.*'
                       'Expected .*fer2013new.csv of https.*fer2013.csv'):
        FERPlus(str(root), 'test')


@pytest.mark.parametrize('change, message', [
    (lambda lines: lines[:5] + lines[6:], "fer2013.csv, line 10: Usage is "
     "'PublicTest', but row 9 .*says 'Training'.*order"),
    (lambda lines: lines[:-1], 'has 26 rows, but fer2013new.csv has 27'),
    (lambda lines: lines + lines[-1:],
     "line 29: Usage is 'PrivateTest', but row 28.*says 'the end'"),
])
def test_other_rows_are_refused_before_anything_is_written(root, change,
                                                           message):
    lines = (root / 'fer2013.csv').read_text().splitlines()
    (root / 'fer2013.csv').write_text('\n'.join(change(lines)))
    with pytest.raises(ValueError, match=message):
        FERPlus(str(root), 'train')
    assert not (root / 'FER2013Train').exists()


@pytest.mark.parametrize('pixels', ['1 2 3', '256 ' * 2304, '-1 ' * 2304,
                                    'x ' * 2304, ''])
def test_pixels_that_are_none(root, pixels):
    lines = (root / 'fer2013.csv').read_text().splitlines()
    lines[4] = f'0,{pixels},Training'
    (root / 'fer2013.csv').write_text('\n'.join(lines))
    with pytest.raises(ValueError, match='fer2013.csv, line 5: the pixels'):
        FERPlus(str(root), 'train')


def test_folder_that_cannot_be_written(root):
    (root / 'FER2013Train').touch()
    with pytest.raises(OSError, match='choose a data_root.*FER2013Train'):
        FERPlus(str(root), 'train')


@pytest.mark.parametrize('with_votes', [True, False])
def test_copy_without_order_is_refused(root, with_votes):
    (root / 'fer2013.csv').unlink()
    (root / 'train/angry').mkdir(parents=True)
    (root / 'test/happy').mkdir(parents=True)
    if not with_votes:
        (root / 'fer2013new.csv').unlink()
    with pytest.raises(ValueError,
                       match='lost their order.*(fer2013.csv|FolderFER)'):
        FERPlus(str(root), 'train')


#                        neu hap sur sad ang dis fea con unk NF
@pytest.mark.parametrize('votes, majority, most', [
    ((9, 1, 0, 0, 0, 0, 0, 0, 0, 0), 'neutral', 'neutral'),
    # 5 of 9: the single vote does not count, so it is more than half.
    ((5, 4, 1, 0, 0, 0, 0, 0, 0, 0), 'neutral', 'neutral'),
    # 5 of 10 is not more than half.
    ((5, 0, 3, 0, 2, 0, 0, 0, 0, 0), None, 'neutral'),
    # Of 6 votes that count 4 are more than half, though not of ten.
    ((1, 1, 1, 1, 4, 0, 0, 2, 0, 0), 'anger', 'anger'),
    # Votes for unknown and no face count as others do.
    ((0, 0, 0, 0, 4, 0, 0, 0, 3, 3), None, 'anger'),
    ((0, 0, 0, 0, 0, 0, 0, 0, 6, 4), 'unknown', 'unknown'),
    ((0, 0, 0, 0, 0, 0, 0, 0, 0, 10), 'NF', 'NF'),
    ((0, 0, 0, 0, 0, 0, 0, 8, 2, 0), 'contempt', 'contempt'),
    # A tie goes to the first of the file.
    ((4, 0, 0, 4, 2, 0, 0, 0, 0, 0), None, 'neutral'),
    ((0, 0, 0, 0, 0, 0, 0, 5, 5, 0), None, 'contempt'),
    ((1, 1, 1, 1, 1, 1, 1, 1, 1, 1), None, None),
])
def test_rules(votes, majority, most):
    assert elect(votes, majority=True) == majority
    assert elect(votes, majority=False) == most


def test_what_the_rules_leave_out_is_counted(root, log):
    write_votes(root, [(9, 1, 0, 0, 0, 0, 0, 0, 0, 0),
                       (4, 0, 0, 4, 2, 0, 0, 0, 0, 0),
                       (0, 0, 0, 0, 0, 0, 0, 0, 6, 4),
                       (0, 0, 0, 0, 0, 0, 0, 0, 0, 10)])
    assert len(FERPlus(str(root), 'train')) == 1
    assert 'No winner by majority, skipped: 1 (fer0000001.png)' in log.text
    assert 'Voted unknown, skipped: 1 (fer0000002.png)' in log.text
    assert 'Voted no face, skipped: 1 (fer0000003.png)' in log.text
    log.clear()
    assert len(FERPlus(str(root), 'train', label_rule='argmax')) == 2
    assert 'Ties, kept: 1 (fer0000001.png)' in log.text


def test_a_name_may_stand_twice(root, log):
    path = root / 'fer2013new.csv'
    text = path.read_text()
    path.write_text(text.replace('fer0000004', 'fer0000002'))
    assert len(FERPlus(str(root), 'train')) == 8
    assert 'Names of an earlier row, kept: 1 (fer0000002.png)' in log.text
    # The later image, as FERPlus's own code has it.
    image = cv2.imread(str(root / 'FER2013Train/fer0000002.png'))
    assert (image == 5).all()


def test_soft_labels(root):
    write_votes(root, [(1, 0, 0, 2, 6, 0, 0, 0, 1, 0),
                       (4, 0, 0, 0, 4, 0, 0, 2, 0, 0),
                       (0, 0, 0, 0, 0, 0, 0, 4, 3, 3)])
    dataset = FERPlus(str(root), 'train', label_rule='soft')
    scores = np.stack([info['gt_score'] for info in infos(dataset)])
    expected = np.zeros((3, 8))
    expected[0, [0, 5]] = 0.75, 0.25
    expected[1, [0, 4, 7]] = 0.4, 0.4, 0.2
    expected[2, 7] = 1
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert scores.dtype == np.float32
    # Anger and neutral tie: the first class, as the model's argmax has it.
    assert list(dataset.get_gt_labels()) == [0, 0, 7]
    seven = FERPlus(
        str(root), 'train', label_rule='soft', drop_classes=['contempt'],
        metainfo=dict(classes=EXPRESSIONS))
    assert len(seven) == 2
    np.testing.assert_allclose(
        infos(seven)[1]['gt_score'], [.5, 0, 0, 0, .5, 0, 0])


def test_soft_labels_reach_the_model(root):
    shares = np.linspace(0, 9, 10).astype(int)
    write_votes(root, [np.roll(shares, i) for i in (1, 2, 3, 5)])
    for path in (root / 'FER2013Train').iterdir():
        cv2.imwrite(str(path), np.zeros((48, 48), np.uint8))
    dataset = FERPlus(str(root), 'train', label_rule='soft',
                      pipeline=LOAD_AND_PACK)
    samples = [item['data_samples'] for item in dataset]
    targets = stack_targets(samples, torch.device('cpu'), False)
    assert targets.labels.tolist() == list(dataset.get_gt_labels())
    assert targets.expression.dtype == torch.float32
    np.testing.assert_array_equal(
        targets.expression, [info['gt_score'] for info in infos(dataset)])


@pytest.mark.parametrize('row, message', [
    ('Testing,fer0000099.png,10,0,0,0,0,0,0,0,0,0', "Usage is 'Testing'"),
    ('Training,99.png,10,0,0,0,0,0,0,0,0,0', "the name '99.png' is not of"),
    ('Training,fer0000099.png,9.5,0,0,0,0,0,0,0,0,0', 'not ten whole numbers'),
    ('Training,fer0000099.png,-1,0,0,0,0,0,0,0,0,0', 'not ten whole numbers'),
    ('Training,fer0000099.png,10,0,0', '5 cells, but the header has 12'),
])
def test_bad_rows_are_named(root, row, message):
    with open(root / 'fer2013new.csv', 'a') as file:
        file.write(row)
    with pytest.raises(ValueError, match=f'new.csv, line 29: .*{message}'):
        FERPlus(str(root), 'train')


@pytest.mark.parametrize('split, kwargs, message', [
    ('valid', {}, "split='valid'.*train, val, test"),
    ('train', dict(label_rule='vote'), "label_rule='vote'.*majority, argm"),
])
def test_arguments(root, split, kwargs, message):
    with pytest.raises(ValueError, match=message):
        FERPlus(str(root), split, **kwargs)


def test_missing_votes(root):
    (root / 'fer2013new.csv').unlink()
    with pytest.raises(FileNotFoundError, match='microsoft/FERPlus'):
        FERPlus(str(root), 'train')


MAJORITY = (25060, 3199, 3153)
MOST = (28389, 3553, 3546)


@pytest.fixture(scope='session')
def real(shared, tmp_path_factory):
    """The real votes, with empty files for images."""
    votes = shared / 'data/ferplus/fer2013new.csv'
    if not votes.is_file():
        pytest.skip(f'no {votes}')
    root = tmp_path_factory.mktemp('real_ferplus')
    shutil.copy(votes, root)
    folders = dict(FERPLUS_SPLITS)
    for folder in folders.values():
        (root / folder).mkdir()
    for row in read_votes(str(votes)):
        if row.name:
            (root / folders[row.usage] / row.name).touch()
    return root


@pytest.mark.parametrize('kwargs, counts', [
    (dict(label_rule='majority'), MAJORITY),
    (dict(label_rule='argmax'), MOST),
    (dict(label_rule='soft'), MOST),
    (dict(metainfo=dict(classes=EXPRESSIONS), drop_classes=['contempt']),
     (24941, 3186, 3137)),
])
def test_real_counts(real, kwargs, counts, log):
    datasets = [FERPlus(str(real), split, **kwargs)
                for split in ('train', 'val', 'test')]
    assert tuple(map(len, datasets)) == counts
    for count in (148, 10, 15):
        assert f'Rows without an image, skipped: {count} (line ' in log.text
    assert 'comparable' not in log.text
    if counts is MAJORITY:
        assert Counter(class_names(datasets[2])) == dict(
            neutral=1090, happiness=893, surprise=396, sadness=384, anger=273,
            disgust=18, fear=83, contempt=16)


def test_real_photographs_of_several_splits(ferplus):
    """What the flags and CleanAccuracy are for; by the majority rule."""
    splits = {}
    for split in ('train', 'val', 'test'):
        for info in infos(FERPlus(
                str(ferplus), split, label_rule='majority')):
            splits[info['img_path']] = split
    images = [
        PreparedImage([path, ''], pixel_hash(cv2.imread(path)))
        for path in splits]
    flag_duplicates(images, splits)
    flags = {split: [set(row[-1].split(';')) for row, _, _ in images
                     if splits[row[0]] == split]
             for split in ('val', 'test')}
    assert sum('also_in_train' in found for found in flags['test']) == 259
    elsewhere = sum(not found.isdisjoint({'also_in_train', 'also_in_val'})
                    for found in flags['test'])
    assert elsewhere == 284 and len(flags['test']) - elsewhere == 2869
    assert sum('also_in_train' in found for found in flags['val']) == 251
