"""tools/verify_dataset.py on a small RAF-DB."""

import json
import re
import shutil

import pytest
from helpers.tools import call_tool
from helpers.verified_datasets import LIST, OFFICIAL, image_name, make_rafdb

from ipdfer_mm.preparation.verification import files, official


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    return make_rafdb(tmp_path_factory.mktemp('sets') / 'rafdb')


@pytest.fixture
def root(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / 'rafdb')


@pytest.fixture
def run(monkeypatch):
    """Exit status and output, with our numbers for the official ones."""
    monkeypatch.setitem(official.OFFICIAL, 'rafdb', OFFICIAL)

    def call(*args, workers=0):
        return call_tool('verify_dataset.py', *args, '--workers', workers)[:3]

    return call


def test_unharmed_and_harmed(run, root):
    code, out, _ = run('rafdb', root)
    assert code == 0
    assert 'no problems, 1 remark' in out
    assert str(root / 'verified/report.txt') in out
    for number in range(1, 8):
        (root / image_name('train', number)).unlink()
    code, out, _ = run('rafdb', root)
    assert code == 1
    assert 'PROBLEM [missing] 7 listed images are not there.' in out
    assert 'and 2 more' in out
    code, out, _ = run('rafdb', root, '--accept', 'missing')
    assert code == 0 and 'accepted [missing]' in out


def test_elsewhere(run, root, tmp_path):
    code, _, _ = run('rafdb', root, '--out', tmp_path / 'new/report')
    assert code == 0 and (tmp_path / 'new/report/report.json').is_file()
    assert not (root / 'verified').exists()
    code, _, err = run('rafdb', root, '--out', root / LIST / 'report')
    assert code == 2 and 'name a folder that can be written with --out' in err


def test_interrupted(run, root, monkeypatch):
    def interrupt(path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files, 'read_image', interrupt)
        code, _, err = run('rafdb', root)
        assert code == 130 and 'the same command goes on' in err
    assert run('rafdb', root)[0] == 0


@pytest.mark.parametrize('args, message', [
    (('rafdb', '{root}/nowhere'), 'nowhere.*is no folder'),
    (('rafdb', '{root}/basic'), 'list_patition_label.txt does not exist'),
    (('csv', '{root}'), 'ann_file=<file>'),
    (('sfew', '{root}'), 'Train_Aligned_Faces'),
    (('rafdb', '{root}', '--dataset-options', 'color=red'), 'color'),
    (('images', '{root}'), "invalid choice: 'images'"),
])
def test_bad_input(run, root, args, message):
    code, out, err = run(*(arg.format(root=root) for arg in args))
    assert code == 2 and 'Traceback' not in err
    assert re.search(message, err), err


def test_damaged_in_two_processes(run, root):
    path = root / image_name('test', 1)
    path.write_bytes(path.read_bytes()[:-300])
    code, out, err = run('rafdb', root, workers=2)
    assert code == 1 and 'Reading images: 100%' in err
    assert re.search(r'^train .* 33$', out, re.MULTILINE)
    report = json.loads((root / 'verified/report.json').read_text())
    assert 'unreadable' in {finding['kind'] for finding in report['findings']
                            if finding['is_problem']}
