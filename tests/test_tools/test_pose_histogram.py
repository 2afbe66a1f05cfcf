"""tools/analysis_tools/pose_histogram.py on small datasets."""

import csv
import itertools
import math

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

TOOL = 'analysis_tools/pose_histogram.py'
# With edges of the classes, both signs, and unknown.
YAWS = ('0', '-9.99', '10', '-19.9', '20', '29.9', '-30', '40', '-88', '')
# Classes of the yaws above.
CLASSES = ('0-10', '0-10', '10-20', '10-20', '20-30', '20-30', '30-40',
           'over 40', 'over 40', 'unknown')


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """RAF-DB whose images are gray, as bright as their number."""
    root = make_rafdb(tmp_path_factory.mktemp('sets') / 'rafdb')
    (root / 'prepared').mkdir()
    with open(root / 'prepared/manifest.csv', 'w', newline='') as file:
        writer = csv.DictWriter(file, HEADER, restval='')
        writer.writeheader()
        for split, count in (('train', 33), ('test', 28)):
            for number in range(1, count + 1):
                path = image_name(split, number)
                gray = np.full((40, 60, 3), 3 * number, np.uint8)
                gray[:, :10] = gray[:, 50:] = 255  # cut off
                name = f'prepared/{split}_{number}.png'
                cv2.imwrite(str(root / name), gray)
                writer.writerow(dict(path=path, aligned_path=name,
                                     yaw=YAWS[number % len(YAWS)]))
    return root


def run(*args, **kwargs):
    """Exit status and output."""
    return call_tool(TOOL, *args, **kwargs)[:3]


def expected(count):
    classes = [CLASSES[n % len(CLASSES)] for n in range(1, count + 1)]
    return {name: classes.count(name) for name in POSE_NAMES.values()}


def read_csv(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def test_table(root, tmp_path):
    code, out, _ = run(f'rafdb={root}', '--out', tmp_path / 'out')
    assert code == 0
    rows = read_csv(tmp_path / 'out/pose_histogram.csv')
    for split, count in (('train', 33), ('test', 28)):
        assert {row['yaw']: int(row['images']) for row in rows
                if row['split'] == split} == expected(count)
    paper = {row['yaw']: row['paper'] for row in rows
             if row['split'] == 'train'}
    assert paper == {'0-10': '5836', '10-20': '2544', '20-30': '1646',
                     '30-40': '1058', 'over 40': '1187', 'unknown': ''}
    assert {row['paper'] for row in rows if row['split'] == 'test'} == {''}
    table = (tmp_path / 'out/pose_histogram.md').read_text()
    assert table in out
    lines = [line.strip('|').split('|') for line in table.splitlines()
             if line.startswith('|')]
    cells = {line[0].strip(): [cell.strip() for cell in line[1:]]
             for line in lines}
    assert cells['absolute yaw, degrees'] == [
        'rafdb train', 'rafdb train, paper', 'rafdb test']
    first = expected(33)['0-10']
    assert cells['0-10'][:2] == [f'{first} ({100 * first / 33:.1f} %)',
                                 '5836 (47.6 %)']
    assert cells['unknown'][1] == '-'  # the paper names none
    assert cells['total'] == ['33', '12271', '28']
    assert 'another estimator' in table


def test_paper_counts_whole_training_sets():
    assert {name: sum(numbers) for name, numbers in TABLE_1.items()} == dict(
        rafdb=12271, ferplus=25060, affectnet=283901, sfew=958 - 3)


def test_images(root, tmp_path):
    """Each column shows images of its class, and white where none is."""
    args = (f'rafdb={root}', '--examples', 5, '--out')
    assert run(*args, tmp_path / 'a')[0] == 0
    sheet = cv2.imread(str(tmp_path / 'a/rafdb_poses.png'))
    step = 112 + GAP
    assert sheet.shape == (HEADING_HEIGHT + 5 * step, 6 * step - GAP, 3)
    for column, name in enumerate(POSE_NAMES.values()):
        left = column * step
        assert sheet[:HEADING_HEIGHT, left:left + 112].min() < 128  # heading
        cells = [
            sheet[HEADING_HEIGHT + row * step:, left:left + 112][:112]
            for row in range(5)
        ]
        shown = [cell[0, 0, 0] // 3 for cell in cells if cell.min() < 255]
        assert all(np.ptp(cell) == 0 for cell in cells)
        assert len(shown) == len(set(shown)) == min(5, expected(33)[name])
        assert {CLASSES[number % len(CLASSES)] for number in shown} == {name}
    run(*args, tmp_path / 'b')
    run(*args, tmp_path / 'c', '--seed', 1)
    a, b, c = ((tmp_path / name / 'rafdb_poses.png').read_bytes()
               for name in 'abc')
    assert a == b != c


def test_examples_are_drawn_anew_for_each_class():
    poses = list(itertools.chain.from_iterable(
        [pose] * 50 for pose in (0, 1, 4)))
    chosen = choose_examples(poses, 6, 0)
    assert list(chosen) == [0, 1, 2, 3, 4]
    assert [len(chosen[pose]) for pose in chosen] == [6, 6, 0, 0, 6]
    for pose, start in ((0, 0), (1, 50), (4, 100)):
        assert all(start <= i < start + 50 for i in chosen[pose])
    # Another class that grows changes nothing.
    assert choose_examples([2] * 9 + poses, 6, 0)[4] == [
        i + 9 for i in chosen[4]]
    relative = [[i % 50 for i in chosen[pose]] for pose in (0, 1, 4)]
    assert relative[0] != relative[1] != relative[2]


def test_without_manifest(tmp_path):
    """The yaw of a CSV file; two datasets in one table."""
    root = tmp_path / 'own'
    root.mkdir()
    lines = ['path,expression,yaw']
    for number, yaw in enumerate(YAWS):
        cv2.imwrite(str(root / f'{number}.png'), np.full((9, 9, 3), 99,
                                                         np.uint8))
        lines.append(f'{number}.png,sad,{yaw}')
    (root / 'list.csv').write_text('\n'.join(lines))
    code, out, _ = run(f'csv={root}', '--manifest', 'none', '--out', tmp_path,
                       '--dataset-options', 'ann_file=list.csv')
    assert code == 0 and 'paper' not in out.lower()
    rows = read_csv(tmp_path / 'pose_histogram.csv')
    assert {row['yaw']: int(row['images']) for row in rows} == {
        name: CLASSES.count(name) for name in POSE_NAMES.values()}
    assert math.prod(row['split'] == 'all' for row in rows)


@pytest.mark.parametrize('name, numbers', [
    # Without contempt, and by majority, as in the paper.
    ('affectnet', dict(train=7, val=7)),
    ('ferplus', dict(train=8, val=8, test=8)),
    ('sfew', dict(train=7, val=7)),
])
def test_other_data_sets(tmp_path, name, numbers):
    root = getattr(official_layouts, f'make_{name}')(tmp_path / name)
    collect_samples(name, root, {})  # FERPlus writes its images
    official_layouts.write_manifest(root)
    code, _, err = run(f'{name}={root}', '--manifest', 'prepared/manifest.csv',
                       '--out', tmp_path)
    assert code == 0, err
    rows = read_csv(tmp_path / 'pose_histogram.csv')
    assert {split: sum(int(row['images']) for row in rows
                       if row['split'] == split)
            for split in numbers} == numbers
    assert rows[0]['paper'] == str(TABLE_1[name][0])


@pytest.mark.parametrize('args, message', [
    (('rafdb', ), "'rafdb' is not of the form NAME=FOLDER"),
    (('emotions={root}', ), 'out of affectnet, ckplus'),
    (('rafdb={root}', 'rafdb={root}'), 'rafdb is named twice'),
    (('rafdb={root}/nowhere', ), 'is no folder'),
    (('rafdb={root}', '--manifest', 'no.csv'), 'prepare_dataset.py'),
])
def test_bad_input(root, tmp_path, args, message):
    code, _, err = run(*(arg.format(root=root) for arg in args), '--out',
                       tmp_path)
    assert code == 2 and message in err and 'Traceback' not in err


def test_real_faces_as_users_run_it(shared, tmp_path):
    code, _, err = run(f'cmufaces={shared / "data/cmu_faces"}', '--manifest',
                       'none', '--out', tmp_path, '--examples', '2')
    assert code == 0, err
    # Nominal yaw: a quarter of 624 each, straight, up, left and right.
    rows = {row['yaw']: int(row['images'])
            for row in read_csv(tmp_path / 'pose_histogram.csv')}
    assert rows['over 40'] + rows['0-10'] == 624
    assert abs(rows['over 40'] - 312) < 10
    sheet = cv2.imread(str(tmp_path / 'cmufaces_poses.png'))
    assert sheet.shape[1] == 5 * 112 + 4 * GAP
