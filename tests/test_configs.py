"""Every shipped config builds, and those for RAF-DB train as they are."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.models import ResNet

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts)

BUILD = textwrap.dedent('''
    import socket
    import sys
    from copy import deepcopy

    def refuse(*args, **kwargs):
        raise AssertionError('a config asked for the network')

    socket.socket.connect = refuse
    socket.create_connection = refuse

    from mmengine.config import Config
    from mmengine.dataset import Compose
    from mmengine.optim import build_optim_wrapper
    from mmengine.registry import (DATASETS, HOOKS, METRICS, MODELS,
                                   PARAM_SCHEDULERS, VISUALIZERS,
                                   init_default_scope)

    cfg = Config.fromfile(sys.argv[1])
    init_default_scope(cfg.default_scope)
    model = MODELS.build(deepcopy(cfg.model))
    optim = build_optim_wrapper(model, deepcopy(cfg.optim_wrapper))
    wrappers = optim.values() if hasattr(optim, 'values') else [optim]
    schedulers = cfg.param_scheduler
    if not isinstance(schedulers, list):
        schedulers = [schedulers]
    for wrapper in wrappers:
        for scheduler in schedulers:
            args = dict(optimizer=wrapper)
            if scheduler.get('convert_to_iter_based'):
                args['epoch_length'] = 10
            PARAM_SCHEDULERS.build(deepcopy(scheduler), default_args=args)
    for name in ('train', 'val', 'test'):
        loader = cfg.get(f'{name}_dataloader')
        if loader is not None:
            dataset = dict(deepcopy(loader.dataset), lazy_init=True)
            assert len(DATASETS.build(dataset).pipeline.transforms) > 1
    VISUALIZERS.build(dict(deepcopy(cfg.visualizer), name='test'))
    for hook in cfg.default_hooks.values():
        HOOKS.build(deepcopy(hook))
    for metric in cfg.get('val_evaluator', []):
        METRICS.build(deepcopy(metric))
    print('built', type(model).__name__)
''')


@pytest.mark.parametrize('config', CONFIGS)
def test_builds_elsewhere_without_network(config, tmp_path):
    result = subprocess.run(
        [sys.executable, '-c', BUILD,
         str(ROOT / config)],
        cwd=tmp_path,
        capture_output=True,
        text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    assert 'built' in result.stdout


def test_rendered_benchmark_finds_its_face_model(monkeypatch, tmp_path):
    def face_models():
        cfg = Config.fromfile(ROOT / 'configs/ipdfer_rendered.py')
        return {
            cfg[f'{name}_dataloader'].dataset.face_model
            for name in ('train', 'val', 'test')
        }

    monkeypatch.delenv('SYNTHETIC_FACE_MODEL', raising=False)
    monkeypatch.chdir(tmp_path)
    assert face_models() == {None}
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/ict_facekit.npz').touch()
    assert face_models() == {'data/ict_facekit.npz'}
    # A file that was asked for is not replaced in silence.
    monkeypatch.setenv('SYNTHETIC_FACE_MODEL', 'elsewhere.npz')
    assert face_models() == {'elsewhere.npz'}


@pytest.fixture(scope='module')
def rafdb(tmp_path_factory):
    """RAF-DB's layout with 8 pictures a split, a manifest and a network."""
    import cv2
    root = tmp_path_factory.mktemp('rafdb')
    aligned = root / 'basic/Image/aligned'
    aligned.mkdir(parents=True)
    (root / 'basic/EmoLabel').mkdir()
    rng = np.random.default_rng(0)
    labels, rows = [], []
    for split in ('train', 'test'):
        for i in range(1, 9):
            name = f'{split}_{i:05d}'
            cv2.imwrite(
                str(aligned / f'{name}_aligned.jpg'),
                rng.integers(0, 256, (100, 100, 3), np.uint8))
            labels.append(f'{name}.jpg {(i - 1) % 7 + 1}')
            path = f'basic/Image/aligned/{name}_aligned.jpg'
            rows.append(f'{path},{path},{i * 6 - 20},,,,,,,,,,,,,,')
    (root / 'basic/EmoLabel/list_patition_label.txt').write_text(
        '\n'.join(labels))
    header = (
        'path,aligned_path,yaw,pitch,roll,score,leye_x,leye_y,reye_x,reye_y,'
        'nose_x,nose_y,lmouth_x,lmouth_y,rmouth_x,rmouth_y,flags')
    (root / 'manifest.csv').write_text('\n'.join([header, *rows]) + '\n')
    torch.save(
        dict(state_dict={
            f'backbone.{key}': value
            for key, value in ResNet(18).state_dict().items()
        }), root / 'resnet18_face.pth')
    return root


@pytest.mark.parametrize('name', ['ipdfer', 'idfer', 'baseline'])
def test_rafdb_configs_train(name, rafdb, tmp_path):
    """Full size, one iteration, from the official layout."""
    env = dict(
        os.environ,
        RAFDB_ROOT=str(rafdb),
        FACE_CHECKPOINT=str(rafdb / 'resnet18_face.pth'))
    options = [
        'train_dataloader.batch_size=4', 'train_cfg.max_epochs=1',
        'train_dataloader.num_workers=0', 'val_dataloader.num_workers=0',
        'default_hooks.logger.interval=1', 'train_dataloader.dataset.indices=4'
    ]
    result = subprocess.run([
        sys.executable,
        str(ROOT / 'tools/train.py'),
        str(ROOT / f'configs/{name}_rafdb.py'), '--work-dir',
        str(tmp_path), '--cfg-options', *options
    ],
                            env=env,
                            cwd=tmp_path,
                            capture_output=True,
                            text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    # 20 convolutions, and 4 tensors of each of 20 batch norms.
    assert '100 of 100 keys match' in result.stdout + result.stderr
    assert (tmp_path / 'epoch_1.pth').is_file()
    assert 'accuracy/top1' in result.stdout + result.stderr


@pytest.mark.parametrize('name', ['ipdfer', 'baseline'])
def test_missing_face_network_is_named(name, rafdb, tmp_path):
    missing = tmp_path / 'no_such_network.pth'
    env = dict(
        os.environ, RAFDB_ROOT=str(rafdb), FACE_CHECKPOINT=str(missing))
    result = subprocess.run([
        sys.executable,
        str(ROOT / 'tools/train.py'),
        str(ROOT / f'configs/{name}_rafdb.py'), '--work-dir',
        str(tmp_path)
    ],
                            env=env,
                            cwd=tmp_path,
                            capture_output=True,
                            text=True)
    assert result.returncode != 0
    for part in (str(missing), 'configs/pretrain/resnet18_arcface_casia.py',
                 'configs/ipdfer_facenet_rafdb.py'):
        assert part in result.stderr
