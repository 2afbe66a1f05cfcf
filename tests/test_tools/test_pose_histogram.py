"""tools/analysis_tools/pose_histogram.py on small datasets."""

import csv

import cv2
import numpy as np
import pytest
from helpers import official_layouts
from helpers.tools import call_tool
from helpers.verified_datasets import image_name, make_rafdb

from ipdfer_mm.datasets.manifest import HEADER
from ipdfer_mm.geometry.yaw_bins import POSE_NAMES, TABLE_1
from ipdfer_mm.preparation.verification.samples import collect_samples
from ipdfer_mm.visualization.image_grids import GAP, HEADING_HEIGHT
from ipdfer_mm.visualization.pose_examples import choose_examples

# With edges of the bins, both signs, and unknown.
YAWS = ('0', '-9.99', '10', '-19.9', '20', '29.9', '-30', '40', '-88', '')
BINS = ('0-10', '0-10', '10-20', '10-20', '20-30', '20-30', '30-40',
        'over 40', 'over 40', 'unknown')
COUNTS = dict(train=33, test=28)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """RAF-DB whose images are gray, as bright as their number."""
    root = make_rafdb(tmp_path_factory.mktemp('sets') / 'rafdb')
    (root / 'prepared').mkdir()
    with open(root / 'prepared/manifest.csv', 'w', newline='') as file:
        writer = csv.DictWriter(file, HEADER, restval='')
        writer.writeheader()
        for split, count in COUNTS.items():
            for number in range(1, count + 1):
                gray = np.full((40, 60, 3), 3 * number, np.uint8)
                gray[:, :10] = gray[:, 50:] = 255  # cut off
                name = f'prepared/{split}_{number}.png'
                cv2.imwrite(str(root / name), gray)
                writer.writerow(dict(
                    path=image_name(split, number), aligned_path=name,
                    yaw=YAWS[number % len(YAWS)]))
    return root


def run(*args):
    """Exit status and output."""
    return call_tool('analysis_tools/pose_histogram.py', *args)[:3]


def expected(count):
    bins = [BINS[n % len(BINS)] for n in range(1, count + 1)]
    return {name: bins.count(name) for name in POSE_NAMES.values()}


def read_rows(folder, split):
    with open(folder / 'pose_histogram.csv') as file:
        return [row for row in csv.DictReader(file) if row['split'] == split]


def counts(folder, split):
    return {row['yaw']: int(row['images']) for row in read_rows(folder, split)}


def test_table(root, tmp_path):
    code, out, _ = run(f'rafdb={root}', '--out', tmp_path)
    assert code == 0
    for split, count in COUNTS.items():
        assert counts(tmp_path, split) == expected(count)
    assert [row['paper'] for row in read_rows(tmp_path, 'train')] == [
        '5836', '2544', '1646', '1058', '1187', '']
    assert {row['paper'] for row in read_rows(tmp_path, 'test')} == {''}
    table = (tmp_path / 'pose_histogram.md').read_text()
    assert table in out
    cells = {}
    for line in table.splitlines():
        name, *values = (cell.strip() for cell in line.strip('|').split('|'))
        cells[name] = values
    assert cells['absolute yaw, degrees'] == [
        'rafdb train', 'rafdb train, paper', 'rafdb test']
    first = expected(33)['0-10']
    assert cells['0-10'][:2] == [f'{first} ({100 * first / 33:.1f} %)',
                                 '5836 (47.6 %)']
    assert cells['unknown'][1] == '-'  # the paper names none
    assert cells['total'] == ['33', '12271', '28']


def test_paper_counts_whole_training_sets():
    assert {name: sum(numbers) for name, numbers in TABLE_1.items()} == dict(
        rafdb=12271, ferplus=25060, affectnet=283901, sfew=958 - 3)


def test_images(root, tmp_path):
    """Each column shows images of its bin, and white where none is."""
    args = (f'rafdb={root}', '--examples', 5, '--out')
    assert run(*args, tmp_path / 'a')[0] == 0
    sheet = cv2.imread(str(tmp_path / 'a/rafdb_poses.png'))
    step = 112 + GAP
    assert sheet.shape == (HEADING_HEIGHT + 5 * step, 6 * step - GAP, 3)
    for column, name in enumerate(POSE_NAMES.values()):
        strip = sheet[:, column * step:][:, :112]
        assert strip[:HEADING_HEIGHT].min() < 128
        cells = [strip[HEADING_HEIGHT + row * step:][:112] for row in range(5)]
        assert all(np.ptp(cell) == 0 for cell in cells)
        shown = [cell[0, 0, 0] // 3 for cell in cells if cell.min() < 255]
        assert len(shown) == len(set(shown)) == min(5, expected(33)[name])
        assert {BINS[number % len(BINS)] for number in shown} == {name}
    run(*args, tmp_path / 'b')
    run(*args, tmp_path / 'c', '--seed', 1)
    a, b, c = ((tmp_path / name / 'rafdb_poses.png').read_bytes()
               for name in 'abc')
    assert a == b != c


def test_examples_are_drawn_anew_for_each_bin():
    poses = [0] * 50 + [1] * 50 + [4] * 50
    chosen = choose_examples(poses, 6, 0)
    assert {pose: len(places) for pose, places in chosen.items()} == {
        0: 6, 1: 6, 2: 0, 3: 0, 4: 6}
    assert all(poses[i] == pose for pose in chosen for i in chosen[pose])
    # Another bin that grows changes nothing.
    assert choose_examples([2] * 9 + poses, 6, 0)[4] == [
        i + 9 for i in chosen[4]]
    assert chosen[0] != [i - 50 for i in chosen[1]]


def test_without_manifest(tmp_path):
    """The yaw of a CSV file."""
    lines = ['path,expression,yaw']
    for number, yaw in enumerate(YAWS):
        official_layouts.write_image(tmp_path / f'own/{number}.png', 9, 9)
        lines.append(f'{number}.png,sad,{yaw}')
    (tmp_path / 'own/list.csv').write_text('\n'.join(lines))
    code, out, _ = run(f'csv={tmp_path}/own', '--manifest', 'none', '--out',
                       tmp_path, '--dataset-options', 'ann_file=list.csv')
    assert code == 0 and 'paper' not in out.lower()
    assert counts(tmp_path, 'all') == {
        name: BINS.count(name) for name in POSE_NAMES.values()}


@pytest.mark.parametrize('name, numbers', [
    # Without contempt, and by majority, as in the paper.
    ('affectnet', dict(train=7, val=7)),
    ('ferplus', dict(train=8, val=8, test=8)),
    ('sfew', dict(train=7, val=7)),
])
def test_other_datasets(tmp_path, name, numbers):
    root = getattr(official_layouts, f'make_{name}')(tmp_path / name)
    collect_samples(name, root, {})  # FERPlus writes its images
    official_layouts.write_manifest(root)
    code, _, err = run(f'{name}={root}', '--manifest', 'prepared/manifest.csv',
                       '--out', tmp_path)
    assert code == 0, err
    assert {split: sum(counts(tmp_path, split).values())
            for split in numbers} == numbers
    assert read_rows(tmp_path, 'train')[0]['paper'] == str(TABLE_1[name][0])


@pytest.mark.parametrize('args, message', [
    (('rafdb', ), "'rafdb' is not of the form NAME=FOLDER"),
    (('emotions={root}', ), 'out of affectnet, ckplus'),
    (('images={root}', ), "'images={root}' is not of the form"),
    (('rafdb={root}', 'rafdb={root}'), 'rafdb is named twice'),
    (('rafdb={root}/nowhere', ), 'is no folder'),
    (('rafdb={root}', '--manifest', 'no.csv'), 'prepare_dataset.py'),
])
def test_bad_input(root, tmp_path, args, message):
    code, _, err = run(*(arg.format(root=root) for arg in args), '--out',
                       tmp_path)
    assert code == 2 and message.format(root=root) in err
    assert 'Traceback' not in err
