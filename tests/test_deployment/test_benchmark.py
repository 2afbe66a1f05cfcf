"""The table, and the real runtimes."""

import json
import runpy
import sys

import numpy as np
import pytest
import torch
import torch.nn as nn
from helpers.small_model import SIZE, head, model_cfg
from helpers.tiny_run import ROOT, write_config
from mmengine.model import BaseModel

from ipdfer_mm.benchmarking import summarize
from ipdfer_mm.deployment import EAGER, benchmark_table, make_runtimes
from ipdfer_mm.models.disentangled_classifier import DATA_PREPROCESSOR


def test_table():
    summary = summarize(dict(slow=[0.4, 0.8, 1.2], fast=[0.1, 0.1, 0.4]), 2,
                        'slow')
    text = benchmark_table({2: summary}, 'Speed', ['idle']).markdown()
    assert ('| fast | 2 | 50.00 (50.00-125.00) | 50.00 | 20 | '
            '4.00 (3.50-6.00) |') in text


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
    threads = torch.get_num_threads()
    compiled = []

    def compile_(network, dynamic):  # the real one takes a minute
        compiled.append(network)
        return network

    monkeypatch.setattr('torch.compile', compile_)
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    runtimes = make_runtimes(OneLayer(), pictures, 'abcd', 1)
    torch.set_num_threads(threads)
    assert len(compiled) == 1
    assert len(runtimes) == 5
    layer = OneLayer().layer
    inputs = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1
    expected = layer(inputs).mean(dim=(2, 3)).softmax(dim=1).detach().numpy()
    for name, runtime in runtimes.items():
        error = np.abs(runtime(pictures[:2]) - expected[:2]).max()
        assert error < (0.02 if 'int8' in name else 1e-5), name
    assert EAGER in runtimes


def test_command(tmp_path, monkeypatch, capsys):
    config = write_config(tmp_path / 'config.py', tmp_path,
                          model_cfg(expression_head=head(7)))
    asked = {}

    def make(model, pictures, classes, threads):
        asked.update(shape=pictures.shape, threads=threads, num=len(classes))
        return dict.fromkeys((EAGER, 'other'), lambda pictures: None)

    monkeypatch.setattr('ipdfer_mm.deployment.make_runtimes', make)
    monkeypatch.setattr('ipdfer_mm.benchmarking.timing.TURN', 0)
    tool = str(ROOT / 'tools/analysis_tools/benchmark_inference.py')
    monkeypatch.setattr(sys, 'argv', [
        tool, str(config), '--rounds', '3', '--threads', '1',
        '--batch-sizes', '2', '5', '--out', str(tmp_path / 'out')])
    runpy.run_path(tool, run_name='__main__')
    assert asked == dict(shape=(5, SIZE, SIZE, 3), threads=1, num=7)
    table = (tmp_path / 'out/benchmark.md').read_text()
    assert table in capsys.readouterr().out
    assert '| other | 5 |' in table
    report = json.loads((tmp_path / 'out/benchmark.json').read_text())
    assert set(report['runtimes']) == {'2', '5'}
    assert report['machine']['torch'] == torch.__version__
    monkeypatch.setattr(sys, 'argv', [tool, str(config), '--rounds', '0'])
    with pytest.raises(SystemExit):
        runpy.run_path(tool, run_name='__main__')
    assert 'must be 1 or more' in capsys.readouterr().err
