"""The commands: everything in one run, as table and JSON."""

import json
import re

import numpy as np
import pytest
import torch
import torch.nn as nn
from helpers.small_model import SIZE, head, model_cfg
from helpers.tiny_run import write_config
from mmengine.model import BaseModel

from benchmarks import head_pose, inference, preparation, training, video
from benchmarks.contenders import make_step
from benchmarks.runtimes import EAGER, make_runtimes
from ipdfer_mm.models.disentangled_classifier import DATA_PREPROCESSOR


@pytest.fixture(autouse=True)
def own_threads():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def read_report(folder, capsys):
    """The report, and the table, which is also printed."""
    table = (folder / 'benchmark.md').read_text()
    assert table in capsys.readouterr().out
    return json.loads((folder / 'benchmark.json').read_text()), table


def test_training(tmp_path, monkeypatch, capsys):
    asked = []

    def build_step(kind, options, work):
        asked.append((kind, options))
        return make_step(kind, options, work), 2**20

    # A process of its own, tested with the steps. With 4 channels, channels
    # last, torch aborts on CPUs without AVX-512.
    monkeypatch.setattr(training, 'build_step', build_step)
    training.main(
        ['--width', '8', '--size', '32', '--batch-size', '4', '--rounds', '2',
         '--threads', '1', '--workers', '0', '--out', str(tmp_path),
         '--options', 'default', 'channels_last+lazy2'])
    report, table = read_report(tmp_path, capsys)
    names = [(row['kind'], row['options']) for row in report['steps']]
    assert names == [('plain', 'default'), ('literal', 'default'),
                     ('ours', 'default'), ('plain', 'channels_last'),
                     ('ours', 'channels_last+lazy2')]
    assert asked == names
    for kind, options in names:
        assert f'| {kind} | {options} |' in table
    plain, literal, full, _, lazy = report['steps']
    assert lazy['gflops'] < full['gflops'] < literal['gflops']
    assert plain['cost'] == literal['times_literal'] == 1
    assert set(report['phases']) == {'default'}
    assert report['machine']['torch'] == torch.__version__
    assert min(report['loading_images_per_second']) > 0
    assert min(report['inference_images_per_second']) > 0


@pytest.mark.parametrize('args, message', [
    (['--options', 'turbo'], 'turbo'),
    (['--rounds', '0'], '1 or more'),
    pytest.param(
        ['--device', 'cuda'], 'no GPU',
        marks=pytest.mark.skipif(torch.cuda.is_available(), reason='a GPU')),
])
def test_bad_arguments_of_training(args, message, capsys):
    with pytest.raises(SystemExit) as stop:
        training.main(args)
    assert message in capsys.readouterr().err + str(stop.value)


class OneLayer(BaseModel):
    """A convolution and an average."""

    def __init__(self):
        super().__init__(data_preprocessor=DATA_PREPROCESSOR)
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, 4, 3)

    def forward(self, inputs, mode):
        return self.layer(inputs).mean(dim=(2, 3))


def test_runtimes_give_the_same(monkeypatch):
    for name in ('onnx', 'onnxscript'):
        pytest.importorskip(name, reason='needs requirements/tests.txt')
    # The real one takes a minute.
    monkeypatch.setattr('torch.compile', lambda network, dynamic: network)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    runtimes = make_runtimes(OneLayer(), images, 'abcd', 1)
    assert len(runtimes) == 5
    layer = OneLayer().layer
    inputs = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
    expected = layer(inputs).mean(dim=(2, 3)).softmax(dim=1).detach().numpy()
    for name, runtime in runtimes.items():
        error = np.abs(runtime(images[:2]) - expected[:2]).max()
        assert error < (0.02 if 'int8' in name else 1e-5), name
    assert EAGER in runtimes


def test_inference(tmp_path, monkeypatch, capsys):
    config = write_config(tmp_path / 'config.py', tmp_path,
                          model_cfg(expression_head=head(7)))
    asked = {}

    def make(model, images, classes, threads):
        asked.update(shape=images.shape, threads=threads, num=len(classes))
        return dict.fromkeys((EAGER, 'other'), lambda images: None)

    monkeypatch.setattr(inference, 'make_runtimes', make)
    monkeypatch.setattr('benchmarks.timing.TURN', 0)
    inference.main([str(config), '--rounds', '3', '--threads', '1',
                    '--batch-sizes', '2', '5', '--out', str(tmp_path)])
    assert asked == dict(shape=(5, SIZE, SIZE, 3), threads=1, num=7)
    report, table = read_report(tmp_path, capsys)
    assert '| other | 5 |' in table
    assert set(report['runtimes']) == {'2', '5'}
    with pytest.raises(SystemExit):
        inference.main([str(config), '--rounds', '0'])
    assert 'must be 1 or more' in capsys.readouterr().err


def test_head_pose(capsys):
    head_pose.main(['--num-faces', '35'])
    rows = {row[1].strip(): row[2:-1] for row in (
        line.split('|') for line in capsys.readouterr().out.splitlines()
        if line.startswith('|'))}
    assert len(rows['estimator']) == 7  # found, all, five yaw bins
    # The paper's formula reads too much out of large poses.
    assert float(rows['facepose_linear'][-1].split('/')[0]) > 2 * float(
        rows['pnp5'][-1].split('/')[0])


def test_preparation(shared, capsys):
    """Both ways find the same points: the same network, the same pixels."""
    preparation.main(['cmufaces', str(shared / 'data/cmu_faces'),
                      '--num-images', '6', '--workers', '1'])
    output = capsys.readouterr().out
    rates = re.findall(r'([\d.]+) images/s', output)
    assert len(rates) >= 2 and min(map(float, rates)) > 0
    count, pixels = re.search(r'(\d+) faces in both; .* most ([\d.]+) pixels',
                              output).groups()
    assert int(count) >= 2 and float(pixels) < 0.1


def row(left, label, score, shown):
    return {'left': left, 'right': left + 10, 'top': 0, 'bottom': 10,
            'label': label, label: score, 'shown': shown}


def test_video_compares(capsys):
    """Of three frames: equal, another label, too doubtful to count."""
    truth = [[dict(center=(5, 5), size=30, label='fear', yaw=yaw)]
             for yaw in (0, 50, 0)]
    searched = {0: [row(0, 'fear', .9, '')], 1: [row(0, 'fear', .7, '')],
                2: [row(0, 'anger', .5, '')]}
    followed = {0: [row(0, 'fear', .9, 'fear')],
                1: [row(0, 'anger', .9, 'unsure')]}
    video.compare({'each frame': searched, 'followed': followed}, truth, True)
    assert capsys.readouterr().out.splitlines() == [
        'labels agree on 1 of 2 faces (50.0%) whose score is above 0.6; 0 '
        'are missed',
        'yaw below 30, 1 faces: right raw 100.0%, shown 100.0%; unsure are '
        '0.0% of the right ones and none of the wrong ones',
        'yaw above 40, 1 faces: right raw 0.0%, shown 0.0%; unsure are none '
        'of the right ones and 100.0% of the wrong ones']
    video.compare({'each frame': {}, 'followed': {}}, truth, True)
    assert capsys.readouterr().out.splitlines() == [
        'labels agree on 0 of 0 faces whose score is above 0.6; 0 are missed',
        'yaw below 30: no face', 'yaw above 40: no face']


@pytest.mark.parametrize('command, args, message', [
    (video, ['--seconds', '0.03'], '--seconds must be'),
    (head_pose, ['--num-faces', '0'], '--num-faces must be'),
    (training, ['--workers', '-1'], '--workers 0 or more')])
def test_arguments(command, args, message, capsys):
    with pytest.raises(SystemExit):
        command.parse_args(args)
    assert message in capsys.readouterr().err
