"""Each fault that can be planted is found, and nothing else."""

import csv
import itertools
import json
import shutil
from collections import Counter
from unittest.mock import DEFAULT, Mock

import cv2
import numpy as np
import pytest
from helpers import official_layouts as layouts
from helpers import verified_datasets as datasets
from helpers.verified_datasets import COUNTS, LIST, image_name, vary_images

from ipdfer_mm.datasets import rafdb
from ipdfer_mm.preparation.verification import files as files_module
from ipdfer_mm.preparation.verification import official, verify
from ipdfer_mm.preparation.verification.counts import other_order
from ipdfer_mm.preparation.verification.official import official_numbers
from ipdfer_mm.preparation.verification.samples import ALL, collect_samples

NUM_TRAIN, NUM_TEST = (sum(COUNTS[split]) for split in ('train', 'test'))


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    return datasets.make_rafdb(tmp_path_factory.mktemp('sets') / 'rafdb')


@pytest.fixture
def root(whole, tmp_path, monkeypatch):
    """A copy to harm, whose numbers are the official ones."""
    monkeypatch.setitem(official.OFFICIAL, 'rafdb', datasets.OFFICIAL)
    return shutil.copytree(whole, tmp_path / 'rafdb')


def run(root, name='rafdb', accepted=(), **options):
    return verify(name, root, root / 'verified', options, 0, accepted)


def found(report):
    return {finding.kind: finding for finding in report.findings
            if finding.kind != 'unchecked'}


def test_unharmed(root):
    report = run(root)
    assert report.num_problems == 0 and found(report) == {}
    assert report.num_files == NUM_TRAIN + NUM_TEST
    assert [f.message for f in report.findings] == [
        'Subjects in several splits: of 61 of 61 samples the subject is not '
        'known.']
    assert 'no problems, 1 remark' in report.to_text()


def test_truncated_jpeg(root):
    path = root / image_name('test', 3)
    path.write_bytes(path.read_bytes()[:-200])
    assert cv2.imread(str(path)) is not None  # OpenCV shows the rest
    (root / image_name('train', 1)).write_bytes(b'')
    findings = found(run(root))
    assert set(findings) == {'unreadable'}
    assert findings['unreadable'].is_problem
    first, second = findings['unreadable'].items
    assert first.startswith(f'{image_name("train", 1)}: ')
    assert second.startswith(f'{image_name("test", 3)}: ')
    assert 'truncated' in second


def copy(root, source, target):
    shutil.copyfile(root / image_name(*source), root / image_name(*target))


def save_again(root, source, target):
    cv2.imwrite(str(root / image_name(*target)),
                cv2.imread(str(root / image_name(*source))),
                [cv2.IMWRITE_JPEG_QUALITY, 70])


@pytest.mark.parametrize('repeat, kind', [
    (copy, 'same_across'), (save_again, 'similar_across')])
def test_duplicates_across_splits(root, repeat, kind):
    repeat(root, ('test', 2), ('train', 30))
    report = run(root)
    assert set(found(report)) == {kind} and report.num_problems == 1
    item, = found(report)[kind].items
    assert image_name('test', 2) in item and image_name('train', 30) in item
    # The user may know of it.
    report = run(root, accepted=(kind, ))
    assert report.num_problems == 0
    assert f'accepted [{kind}]' in report.to_text()


def test_duplicates_within_a_split(root):
    """Numbers 1 to 6 have label 1, and 7 has 2."""
    copy(root, ('train', 1), ('train', 2))
    save_again(root, ('train', 3), ('train', 4))
    report = run(root)
    assert set(found(report)) == {'same_within', 'similar_within'}
    assert report.num_problems == 0
    copy(root, ('train', 1), ('train', 7))
    finding = found(run(root))['same_relabeled']
    assert finding.is_problem
    assert '(surprise)' in finding.items[0] and '(fear)' in finding.items[0]


def test_swapped_label_order(root):
    """Labels 1 to 7 as if they were alphabetical, as in folders."""
    order = sorted(rafdb.LABELS.values())
    datasets.write_list(root, {
        name: order.index(rafdb.LABELS[label]) + 1
        for name, label in datasets.read_list(root).items()})
    report = run(root)
    orders = [f for f in report.findings if f.kind == 'label_order']
    assert len(orders) == 2 and all(f.is_problem for f in orders)
    assert 'train: ' in orders[0].message
    # What the alphabet calls 3, fear, the reader takes for disgust.
    assert order.index('fear') + 1 == 3 and rafdb.LABELS[3] == 'disgust'
    assert 'disgust: 1, like officially fear (1)' in orders[0].items
    assert 'counts' in found(report)


def test_wrong_counts(root):
    labels = datasets.read_list(root)
    labels.pop('train_00001.jpg')
    datasets.write_list(root, labels)
    report = run(root)
    finding = found(report)['counts']
    assert finding.message == 'train: 32 images of 7 classes, officially 33.'
    assert finding.items == ('surprise: 5, officially 6', )
    assert set(found(report)) == {'counts'} and report.num_problems == 1
    assert '5 (6)' in report.to_text() and '32 (33)' in report.to_text()
    # A list of one's own has no official numbers.
    (root / LIST).rename(root / 'mine.txt')
    report = run(root, ann_file='mine.txt')
    assert report.num_problems == 0
    assert 'no official numbers' in report.findings[0].message


def test_subject_in_both_splits(tmp_path):
    rows = [('happy', 'anna', 'train'), ('sad', 'bert', 'train'),
            ('happy', 'carl', 'test'), ('sad', 'dora', 'test')]
    good = datasets.make_csv(tmp_path / 'good', rows)
    report = run(good, 'csv', ann_file='list.csv')
    assert report.num_problems == 0 and found(report) == {}
    assert report.num_subjects == 4
    rows.append(('fear', 'bert', 'test'))
    bad = datasets.make_csv(tmp_path / 'bad', rows)
    finding = found(run(bad, 'csv', ann_file='list.csv'))['subjects_across']
    assert finding.is_problem
    assert finding.items == ('bert: 1 in train, 1 in test', )


def test_reports_hold_everything(root):
    for number in range(1, 12):
        (root / image_name('train', number)).unlink()
    report = run(root)
    text = (root / 'verified/report.txt').read_text()
    assert text == report.to_text() and image_name('train', 11) in text
    short = report.to_text(limit=5)
    assert 'and 6 more' in short and image_name('train', 11) not in short
    data = json.loads((root / 'verified/report.json').read_text())
    assert data['num_problems'] == 1 and data['counts']['train']['fear'] == 1
    assert data['findings'][0]['kind'] == 'missing'
    assert len(data['findings'][0]['items']) == 11
    assert data['official']['test']['total'] == NUM_TEST


@pytest.fixture
def read(monkeypatch):
    """What reads images, counted; chunks have ten."""
    mock = Mock(wraps=files_module.read_image)
    monkeypatch.setattr(files_module, 'read_image', mock)
    monkeypatch.setattr(files_module, 'CHUNK_SIZE', 10)
    return mock


def test_goes_on_after_an_interrupt(root, read):
    read.side_effect = [*[DEFAULT] * 24, KeyboardInterrupt]
    with pytest.raises(KeyboardInterrupt):
        run(root)
    assert not (root / 'verified/report.txt').exists()
    read.reset_mock(side_effect=True)
    report = run(root)
    # Two chunks of ten were done.
    assert read.call_count == NUM_TRAIN + NUM_TEST - 20
    run(root)
    assert read.call_count == NUM_TRAIN + NUM_TEST - 20
    assert report == verify('rafdb', root, root / 'other', {}, 0)


def test_changed_and_faulty_files_are_read_again(root, read):
    run(root)
    read.reset_mock()
    path = root / image_name('train', 5)
    whole = path.read_bytes()
    path.write_bytes(whole[:-300])
    for count in (10, 20):
        assert 'unreadable' in found(run(root))
        assert read.call_count == count
    path.write_bytes(whole)
    assert found(run(root)) == {}
    assert read.call_count == 30


# From here on: numbers.


@pytest.mark.parametrize('name, options, totals', [
    ('rafdb', {}, dict(train=12271, test=3068)),
    ('ferplus', {}, dict(train=25060, val=3199, test=3153)),
    ('ferplus', dict(label_rule='argmax'),
     dict(train=28389, val=3553, test=3546)),
    ('ferplus', dict(label_rule='soft'),
     dict(train=28389, val=3553, test=3546)),
    ('affectnet', {}, dict(train=287651 - 3750, val=3500)),  # no contempt
    ('sfew', dict(aligned=False), dict(train=958, val=436)),
    ('ckplus', {}, {ALL: 981 + 327}),
])
def test_official_totals(name, options, totals):
    """As the authors give them, and papers that count classes."""
    numbers = official_numbers(name, options)
    assert {split: number.total for split, number in numbers.items()} == totals
    for split in numbers.values():
        assert not split.classes or split.total == sum(split.classes.values())


def test_other_official_numbers():
    frames = official_numbers('sfew', dict(aligned=False))
    assert not frames['val'].may_be_fewer
    peaks = official_numbers('ckplus', {})[ALL].classes
    sequences = dict(anger=45, contempt=18, disgust=59, fear=25, happiness=69,
                     sadness=28, surprise=83)
    assert peaks == {'neutral': peaks['neutral'], **{
        name: 3 * n for name, n in sequences.items()}}
    assert official_numbers('folder', {}) is None
    assert official_numbers('cmufaces', dict(fold=0)) is None


def test_official_ferplus_is_the_label_file(shared):
    """Counted in the real file by another way."""
    with open(shared / 'data/ferplus/fer2013new.csv') as file:
        rows = [row for row in csv.DictReader(file) if row['Image name']]
    names = list(rows[0])[2:]
    votes = np.array([[int(row[name]) for name in names] for row in rows])
    votes[votes < 2] = 0
    top = votes.argmax(axis=1)
    usages = dict(train='Training', val='PublicTest', test='PrivateTest')
    usage = np.array([row['Usage'] for row in rows])
    for rule, wins in (('majority', votes.max(1) > votes.sum(1) / 2),
                       ('argmax', votes.max(1) > 0)):
        for split, word in usages.items():
            counts = Counter(top[wins & (usage == word)].tolist())
            numbers = official_numbers('ferplus', dict(label_rule=rule))
            assert numbers[split].classes == {
                names[i]: counts[i] for i in range(8)}


RAFDB_TRAIN = official.OFFICIAL['rafdb']['train'].classes


@pytest.mark.parametrize('pair', [*itertools.combinations(RAFDB_TRAIN, 2)])
def test_any_two_classes_swapped_are_seen(pair):
    first, second = pair
    own = {**RAFDB_TRAIN, first: RAFDB_TRAIN[second],
           second: RAFDB_TRAIN[first]}
    assert other_order(own, RAFDB_TRAIN) == {first: [second], second: [first]}


def test_order_of_a_copy_that_is_not_whole():
    """Half of RAF-DB, drawn at random, right and in AffectNet's order."""
    rng = np.random.default_rng(0)
    names = np.repeat(list(RAFDB_TRAIN), list(RAFDB_TRAIN.values()))
    part = Counter(rng.choice(names, 7000, replace=False).tolist())
    assert other_order(part, RAFDB_TRAIN) == {}
    classes = list(RAFDB_TRAIN)
    turned = {name: part[classes[i - 1]] for i, name in enumerate(classes)}
    order = other_order(turned, RAFDB_TRAIN)
    for i, name in enumerate(classes):
        if {name, classes[i - 1]} == {'anger', 'disgust'}:  # 705 and 717
            assert name not in order
        else:
            assert classes[i - 1] in order[name] and len(order[name]) < 3
    # A few images prove nothing.
    few = {name: count // 100 for name, count in turned.items()}
    assert other_order(few, RAFDB_TRAIN) == {}
    assert other_order({}, RAFDB_TRAIN) == {}


def test_equal_numbers_cannot_be_told_apart():
    numbers = official.OFFICIAL['affectnet']['val'].classes
    assert other_order(dict(numbers), numbers) == {}
    assert other_order(dict(a=4, b=9, c=4), dict(a=4, b=4, c=9)) == dict(
        b=['c'], c=['a', 'b'])
    assert other_order(dict(a=9, b=4), dict(a=9)) == {}


# From here on: the other datasets.


def test_ckplus_in_folds(tmp_path):
    root = vary_images(layouts.make_ckplus(tmp_path / 'ckplus'))
    samples = collect_samples('ckplus', root, {})
    assert len(samples) == 12 * 4 == len({s.path for s in samples})
    assert Counter(s.expression for s in samples)['neutral'] == 12
    folds = {s.subject: s.split for s in samples}
    assert [folds[f'S{5 + 3 * i:03d}'] for i in range(12)] == [
        f'fold {i % 10}' for i in range(12)]
    report = run(root, 'ckplus')
    assert set(found(report)) == {'counts'}
    assert report.num_subjects == 12 and report.counts[ALL].total() == 48
    frames = 'cohn-kanade-images/{0}/001/{0}_001_00000006.png'
    shutil.copyfile(root / frames.format('S005'), root / frames.format('S008'))
    assert set(found(run(root, 'ckplus'))) == {'counts', 'same_across'}
    # S035 is in the fold of S005.
    shutil.copyfile(root / frames.format('S011'), root / frames.format('S008'))
    shutil.copyfile(root / frames.format('S005'), root / frames.format('S035'))
    kinds = found(run(root, 'ckplus'))
    assert len(kinds['same_across'].items) == 1
    assert len(kinds['same_relabeled'].items) == 1
    with pytest.raises(ValueError, match='in all its folds'):
        run(root, 'ckplus', fold=3)


@pytest.mark.parametrize('make, name, options', [
    (layouts.make_ferplus, 'ferplus', {}),
    (layouts.make_ferplus, 'ferplus', dict(label_rule='soft')),
    (layouts.make_affectnet, 'affectnet', {}),
    (layouts.make_affectnet_new, 'affectnet', dict(release='new')),
    (layouts.make_sfew, 'sfew', {}),
    (layouts.make_sfew, 'sfew', dict(aligned=False)),
])
def test_other_layouts(tmp_path, make, name, options):
    root = make(tmp_path / name)
    collect_samples(name, root, options)  # FERPlus writes its images
    vary_images(root)
    report = run(root, name, **options)
    expected = set() if name == 'sfew' and not options else {'counts'}
    assert set(found(report)) == expected
    accepted = run(root, name, accepted=('counts', ), **options)
    assert accepted.num_problems == 0


def test_image_of_two_rows(tmp_path):
    """FERPlus names some images twice."""
    root = layouts.make_ferplus(tmp_path)
    for name in ('fer2013new.csv', 'fer2013.csv'):
        lines = (root / name).read_text().splitlines()
        (root / name).write_text('\n'.join(lines[:3] + lines[2:]))
    collect_samples('ferplus', root, {})
    vary_images(root)
    findings = found(run(root, 'ferplus'))
    assert set(findings) == {'counts', 'same_within'}
    assert findings['same_within'].items[0].count('fer0000000.png') == 2


def test_own_folders(tmp_path):
    for split, word in itertools.product(('train', 'test'), ('sad', 'happy')):
        datasets.draw(tmp_path / split / word / 'a.png', split + word)
    (tmp_path / 'prepared').mkdir()
    for _ in range(2):  # the second time with a folder verified
        report = run(tmp_path, 'folder')
        assert report.num_problems == 0
        assert list(report.counts) == ['test', 'train', ALL]


def test_what_cannot_be_verified(tmp_path, root):
    with pytest.raises(FileNotFoundError, match='is no folder'):
        run(tmp_path / 'nowhere')
    with pytest.raises(OSError, match='with --out'):
        verify('rafdb', root, root / LIST / 'out', {}, 0)
    datasets.write_list(root, {})
    with pytest.raises(ValueError, match='holds no image'):
        run(root)
