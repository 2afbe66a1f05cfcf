"""The demo with few subjects, few images and one epoch."""

import json

import cv2
import numpy as np
import pytest
from helpers.tools import call_tool

OPTIONS = [
    'train_cfg.max_epochs=1', 'train_dataloader.batch_size=4',
    'train_dataloader.dataset.num_subjects=6',
    'train_dataloader.dataset.num_images=12',
    'val_dataloader.dataset.num_subjects=5',
    'val_dataloader.dataset.num_images=35',
    'test_dataloader.dataset.num_subjects=5',
    'test_dataloader.dataset.num_images=35'
]


def run(folder, *more):
    options = [*OPTIONS, *more]
    for split in ('train', 'val', 'test'):
        options += [f'{split}_dataloader.num_workers=0',
                    f'{split}_dataloader.dataset.num_workers=0']
    return call_tool('demo.py', '--cfg-options', *options, cwd=folder)


@pytest.fixture(scope='module')
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp('demo')
    result = run(folder)
    assert result.code == 0, result.err[-2000:]
    assert 'Rendering' in result.printed
    return folder, result.out


def test_reports_what_the_files_hold(demo):
    folder, output = demo
    report = json.loads((folder / 'work_dirs/demo/results.json').read_text(),
                        parse_constant=pytest.fail)  # NaN is no JSON
    for name, title in (('baseline', 'ResNet-18'), ('ipdfer', 'IPD-FER')):
        confusion = np.array(report[name]['confusion_matrix/result'])
        # Five images of each expression.
        assert confusion.sum(axis=1).tolist() == [5] * 7
        accuracy = 100 * np.trace(confusion) / 35
        assert report[name]['accuracy/top1'] == pytest.approx(accuracy)
        # Seven images in each yaw bin.
        by_yaw = [report[name][f'accuracy/yaw_{bin}'] for bin in (
            '0_10', '10_20', '20_30', '30_40', '40_up')]
        assert np.mean(by_yaw) == pytest.approx(accuracy)
        assert f'{title}: {accuracy:.1f} % (' in output
    assert report['synthesis']['neutral_gain']['num_images'] == 30
    assert 0 < report['synthesis']['closer_before_training'] < 1
    assert cv2.imread(str(folder / 'work_dirs/demo/sheet.png')).shape[0] > 500


def test_a_second_run_skips_what_is_done(demo):
    folder, _ = demo
    checkpoints = sorted(folder.rglob('epoch_*.pth'))
    assert len(checkpoints) == 2
    times = [path.stat().st_mtime_ns for path in checkpoints]
    result = run(folder)
    assert result.code == 0, result.err[-2000:]
    assert result.out.count('is there already') == 2
    assert 'Rendering' not in result.printed
    assert [path.stat().st_mtime_ns for path in checkpoints] == times


def test_other_settings_need_another_folder(demo):
    folder, _ = demo
    result = run(folder, 'randomness.seed=5')
    assert result.code != 0
    assert 'work_dirs/demo/baseline holds a run with other settings' in (
        result.err)
    assert 'randomness' in result.err
