"""tools/prepare_dataset.py on real faces and on a small RAF-DB."""

import csv
import re

import cv2
import pytest
from helpers.official_layouts import make_rafdb, write_image
from helpers.tools import ROOT, call_tool

from ipdfer_mm.datasets import RAFDB, CMUFaces

TOOL = ROOT / 'tools/prepare_dataset.py'
SUBJECTS = ('an2i', 'at33')


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


def test_unreadable_and_missing_rafdb(tmp_path):
    root = make_rafdb(tmp_path / 'rafdb', 2, 1)
    lost = root / 'basic/Image/aligned/train_00002_aligned.jpg'
    lost.unlink()
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
    write_image(lost, 100, 100)
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


def test_ctrl_c(cmu, tmp_path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr('ipdfer_mm.preparation.prepare.work_in_chunks',
                        interrupted)
    code, _, err = run('cmufaces', cmu, '--out', tmp_path / 'out')
    assert code == 130 and 'the same command goes on from here' in err
