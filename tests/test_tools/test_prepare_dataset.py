"""tools/prepare_dataset.py on real faces and on a small RAF-DB."""

import csv
import re
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.tools import call_tool

from ipdfer_mm.datasets import RAFDB, CMUFaces

TOOL = Path(__file__).resolve().parents[2] / 'tools/prepare_dataset.py'
SUBJECTS = ('an2i', 'at33')


def start(*args, **kwargs):
    return subprocess.Popen(
        [sys.executable, TOOL, *map(str, args)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)


def run(*args):
    return call_tool(TOOL, *args)[:3]


@pytest.fixture(scope='module')
def cmu(shared, tmp_path_factory):
    """Two subjects, upright and in profile, with open eyes."""
    root = tmp_path_factory.mktemp('cmu')
    for subject in SUBJECTS:
        (root / 'faces' / subject).mkdir(parents=True)
        for pose in ('straight', 'left'):
            for word in ('angry', 'happy', 'neutral', 'sad'):
                name = f'{subject}_{pose}_{word}_open.pgm'
                source = shared / 'data/cmu_faces/faces' / subject / name
                (root / 'faces' / subject / name).symlink_to(source)
    return root


def manifest(root):
    with open(root / 'prepared/manifest.csv') as file:
        return list(csv.DictReader(file))


def test_real_faces(cmu):
    code, out, err = run('cmufaces', cmu, '--workers', 1)
    assert code == 0, err
    assert '16 faces are in' in out
    rows = manifest(cmu)
    straight = [row for row in rows if '_straight_' in row['path']]
    assert all(row['flags'] == '' for row in straight)
    assert all(abs(float(row['yaw'])) < 25 for row in straight)
    turned = [float(row['yaw']) for row in rows
              if '_left_' in row['path'] and row['yaw']]
    # Heads that look to the left of the image... of the subject.
    assert turned and max(turned) < -15
    dataset = CMUFaces(str(cmu), manifest='prepared/manifest.csv')
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert len(infos) == 16 and all(info['aligned'] for info in infos)
    face = cv2.imread(infos[0]['img_path'])
    assert face.shape == (112, 112, 3)


def test_killed_and_restarted(cmu, tmp_path):
    """kill -9 while it works; afterwards the same manifest."""
    root = tmp_path / 'cmu'
    root.mkdir()
    (root / 'faces').symlink_to(cmu / 'faces')
    if not (cmu / 'prepared/manifest.csv').is_file():
        run('cmufaces', cmu, '--workers', 1)
    process = start('cmufaces', root, '--workers', 1)
    faces = root / 'prepared/faces'
    deadline = time.monotonic() + 120
    while not (faces.is_dir() and any(faces.rglob('*.png'))):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(.002)
    process.kill()
    # Ends when no worker holds the pipes any more.
    process.communicate(timeout=60)
    assert not (root / 'prepared/manifest.csv').is_file()
    code, _, err = run('cmufaces', root, '--workers', 1)
    assert code == 0, err
    assert (root / 'prepared/manifest.csv').read_bytes() == (
        cmu / 'prepared/manifest.csv').read_bytes()


def test_unreadable_and_missing_rafdb(tmp_path):
    root = tmp_path / 'rafdb'
    images = root / 'basic/Image/aligned'
    images.mkdir(parents=True)
    (root / 'basic/EmoLabel').mkdir()
    (root / 'basic/EmoLabel/list_patition_label.txt').write_text(
        'train_00001.jpg 5\ntrain_00002.jpg 4\ntest_0001.jpg 7\n')
    rng = np.random.default_rng(0)
    for name in ('train_00001', 'test_0001'):
        cv2.imwrite(str(images / f'{name}_aligned.jpg'),
                    rng.integers(0, 256, (100, 100, 3), np.uint8))
    code, out, err = run('rafdb', root, '--workers', 0)
    assert code == 1
    assert '2: no face found, center crop' in out
    assert '1: could not be read, left out' in out
    assert 'run the same command' in err and 'Traceback' not in err
    listed = (root / 'prepared/unreadable.txt').read_text()
    assert 'train_00002_aligned.jpg: No such file' in listed
    # Nothing is dropped in silence.
    with pytest.raises(ValueError, match='no row for 1 images: .*00002'):
        RAFDB(str(root), 'train', manifest='prepared/manifest.csv')
    cv2.imwrite(str(images / 'train_00002_aligned.jpg'),
                rng.integers(0, 256, (100, 100, 3), np.uint8))
    code, out, err = run('rafdb', root, '--workers', 0)
    assert code == 0, err
    dataset = RAFDB(str(root), 'train', manifest='prepared/manifest.csv')
    assert len(dataset) == 2


@pytest.mark.parametrize('args, message', [
    (('rafdb', '{root}/nowhere'), 'nowhere.*is no folder'),
    (('cmufaces', '{root}', '--recipe', 'magin=1'), 'magin'),
    (('cmufaces', '{root}', '--pose', 'csv'), 'csv needs a file'),
    (('cmufaces', '{root}', '--recipe', 'pose=none'), 'chosen with --pose'),
    (('cmufaces', '{root}', '--pose', 'csv', '--pose-file', 'no.csv'),
     'no.csv'),
])
def test_mistakes_are_named(cmu, tmp_path, args, message):
    code, _, err = run(*(arg.format(root=cmu) for arg in args), '--out',
                       tmp_path / 'out', '--workers', 0)
    assert code != 0 and 'Traceback' not in err
    assert re.search(message, err), err
