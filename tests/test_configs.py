"""Every shipped config builds, and those for datasets of faces train."""

import os
import re
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers import official_layouts
from helpers.rendered import sample_specs
from helpers.small_model import build_model, make_batch, model_cfg
from helpers.tiny_run import NUM_TEST, NUM_TRAIN, make_rafdb, run
from helpers.tools import ROOT, run_tool
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmpretrain.models import ResNet

from ipdfer_mm.datasets import FERPlus
from ipdfer_mm.datasets.manifest import read_manifest
from ipdfer_mm.registry import DATASETS, MODELS
from ipdfer_mm.rendering import FaceRenderer, parametric_head
from ipdfer_mm.utils import register_all_modules

CONFIGS = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts)

LOADERS = ('train_dataloader.batch_size=2', 'train_dataloader.num_workers=0',
           'val_dataloader.num_workers=0',
           'val_dataloader.persistent_workers=False')
# Only what is not under test is imported before the fork: each child knows
# no more of our registries than a fresh process.
BUILD_ALL = textwrap.dedent('''
    import gc
    import os
    import socket
    import sys
    import traceback
    from importlib import import_module

    import torch

    for name in ('cv2', 'facenet_pytorch', 'matplotlib.pyplot',
                 'matplotlib.backends.backend_agg', 'mmengine.runner',
                 'mmpretrain.apis', 'mmpretrain.engine',
                 'mmpretrain.evaluation', 'mmpretrain.visualization'):
        import_module(name)

    def refuse(*args, **kwargs):
        raise AssertionError('a config asked for the network')

    socket.socket.connect = refuse
    socket.create_connection = refuse

    def build(path):
        from copy import deepcopy

        from mmengine.config import Config
        from mmengine.optim import build_optim_wrapper
        from mmengine.registry import (DATASETS, HOOKS, METRICS, MODELS,
                                       PARAM_SCHEDULERS, VISUALIZERS,
                                       init_default_scope)

        cfg = Config.fromfile(path)
        init_default_scope(cfg.default_scope)
        model = MODELS.build(deepcopy(cfg.model))
        optim = build_optim_wrapper(model, deepcopy(cfg.optim_wrapper))
        wrappers = optim.values() if hasattr(optim, 'values') else [optim]
        schedulers = cfg.param_scheduler
        if not isinstance(schedulers, list):
            schedulers = [schedulers]
        for scheduler in schedulers:
            more = dict(epoch_length=10) if (
                scheduler.get('convert_to_iter_based')) else {}
            for wrapper in wrappers:
                PARAM_SCHEDULERS.build(dict(
                    scheduler, optimizer=wrapper, **more))
        for name in ('train', 'val', 'test'):
            loader = cfg.get(f'{name}_dataloader')
            if loader is not None:
                dataset = deepcopy(loader.dataset)
                dataset = dataset.get('dataset', dataset)
                for part in dataset.get('datasets', [dataset]):
                    part.lazy_init = True
                    part = DATASETS.build(part)
                    assert len(part.pipeline.transforms) > 1
        VISUALIZERS.build(dict(deepcopy(cfg.visualizer), name='test'))
        for hook in [*cfg.default_hooks.values(),
                     *cfg.get('custom_hooks', [])]:
            HOOKS.build(deepcopy(hook))
        for name in ('val_evaluator', 'test_evaluator'):
            for metric in cfg.get(name, []):
                METRICS.build(deepcopy(metric))

    # Drawing random weights would take half of the time.
    torch.nn.init.kaiming_uniform_ = lambda tensor, *args, **kwargs: tensor
    gc.freeze()
    for path in sys.argv[2:]:
        child = os.fork()
        if not child:
            name = os.path.relpath(path, sys.argv[1]).replace(os.sep, '+')
            with open(name + '.txt', 'w') as file:
                try:
                    build(path)
                except BaseException:
                    traceback.print_exc(file=file)
                else:
                    file.write('built')
            os._exit(0)
        os.waitpid(child, 0)
''')


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """Build all configs, each in a process of its own, in another folder."""
    folder = tmp_path_factory.mktemp('built')
    run('python', '-c', BUILD_ALL, ROOT, *(ROOT / path for path in CONFIGS),
        cwd=folder)
    return folder


@pytest.mark.parametrize('config', CONFIGS)
def test_builds_elsewhere_without_network(config, built):
    outcome = (built / f'{config.replace(os.sep, "+")}.txt').read_text()
    assert outcome == 'built', outcome


def test_rendered_benchmark_finds_its_face_model(monkeypatch, tmp_path):
    def face_models():
        cfg = Config.fromfile(ROOT / 'configs/ipdfer_rendered.py')
        return {cfg[f'{name}_dataloader'].dataset.face_model
                for name in ('train', 'val', 'test')}

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
    return make_rafdb(tmp_path_factory.mktemp('sets') / 'rafdb')


@pytest.fixture(scope='module')
def face_network(tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'resnet18_face.pth'
    torch.save(dict(state_dict={
        f'backbone.{key}': value
        for key, value in ResNet(18).state_dict().items()}), path)
    return path


def train(config, cwd, **env):
    """Full size, two iterations and a validation, official layout."""
    output = run_tool(
        'train.py', ROOT / f'configs/{config}.py', '--work-dir', cwd,
        '--cfg-options', 'train_cfg.max_epochs=1', *LOADERS,
        'default_hooks.logger.interval=1',
        # Most of a gigabyte, and none of what is looked at here.
        'default_hooks.checkpoint.save_optimizer=False',
        'train_dataloader.dataset.indices=4', cwd=cwd, **env)
    # 20 convolutions, and 4 tensors of each of 20 batch norms.
    assert '100 of 100 keys match' in output
    assert (cwd / 'epoch_1.pth').is_file()
    assert 'accuracy/top1' in output
    return output


def test_what_was_prepared_trains(face_network, tmp_path):
    """From a download through prepare_dataset to the pose encoder."""
    root = official_layouts.make_rafdb(tmp_path / 'rafdb', 4, 4)
    renderer = FaceRenderer(parametric_head())
    paths = sorted(root.rglob('*.jpg'))
    specs = sample_specs(renderer.model, len(paths), np.random.default_rng(0),
                         size=100)
    for path, spec in zip(paths, specs):
        cv2.imwrite(str(path), renderer.render(spec).image[..., ::-1])
    run_tool('prepare_dataset.py', 'rafdb', root, cwd=tmp_path)
    rows = read_manifest(str(root / 'prepared/manifest.csv'))
    gaps = [rows[path.relative_to(root).as_posix()].yaw - spec.yaw
            for path, spec in zip(paths, specs)]
    assert np.abs(gaps).mean() < 10
    output = train('ipdfer_rafdb', tmp_path, RAFDB_ROOT=root,
                   FACE_CHECKPOINT=face_network)
    assert '0 with unknown pose' in output
    assert re.search(r'loss_pose: \d', output)


def test_idfer_config_trains(rafdb, face_network, tmp_path):
    train('idfer_rafdb', tmp_path, RAFDB_ROOT=rafdb,
          FACE_CHECKPOINT=face_network)


@pytest.mark.parametrize('name', ['ipdfer', 'baseline'])
def test_rafdb_needs_nothing_but_rafdb(name, rafdb, tmp_path):
    """The face-recognition network comes with the package."""
    output = train(f'{name}_rafdb', tmp_path, RAFDB_ROOT=rafdb)
    assert 'Load ipdfer_mm://face_resnet18 ' in output
    # With the weight and the bias of the linear layer.
    assert ('IdentityEncoder: 102 of 102 keys match' in output) == (
        name == 'ipdfer')


@pytest.mark.parametrize('name, gone', [
    ('without_confusion', {'loss_confusion'}),
    ('without_cos', {'loss_cos'}),
    ('without_id', {'loss_id'}),
    ('without_discriminator', {'loss_disc', 'loss_discriminator',
                               'loss_adv_neutral', 'loss_adv_exp'}),
    ('without_recon', {'loss_recon'}),
    ('eq11_step3', set()),
    ('shared_adam', set()),
])
def test_ablations_leave_out_what_they_say(name, gone):
    """One iteration of small networks in place of the config's."""
    def losses(config):
        cfg = Config.fromfile(ROOT / f'configs/{config}.py')
        parts = {key: value for key, value in model_cfg().items()
                 if key != 'type' and cfg.model.get(key, 0) is not None}
        model = build_model(**{**cfg.model, **parts})
        optim = build_optim_wrapper(model, cfg.optim_wrapper)
        return model.train_step(make_batch(0), optim)

    whole, part = losses('ipdfer_rafdb'), losses(
        f'ablations/ipdfer_rafdb_{name}')
    assert whole.keys() - part.keys() == gone
    assert part.keys() <= whole.keys()
    if name == 'eq11_step3':
        left_out = sum(whole[key] for key in
                       ('loss_exp', 'loss_pose', 'loss_cos'))
        # Of step 3; those of the log are step 1's, a little larger.
        gap = whole['loss_generator'] - part['loss_generator']
        assert .5 * left_out < gap < left_out
    elif name == 'shared_adam':
        assert part['loss_generator'] == whole['loss_generator']
    else:
        assert part['loss_generator'] < whole['loss_generator']


def test_holdout_chooses_without_the_test_images(rafdb):
    """By the flags that docs/training.md gives."""
    register_all_modules()
    page = (ROOT / 'docs/training.md').read_text()
    (command, ) = re.findall(r'--work-dir work_dirs/holdout[^`]*', page)
    cfg = Config.fromfile(ROOT / 'configs/ipdfer_rafdb.py')
    cfg.merge_from_dict(dict(re.findall(r'(\S+)=(\S+)', command)))
    splits = {}
    for part in ('train', 'val', 'test'):
        dataset = cfg[f'{part}_dataloader'].dataset
        dataset.data_root = str(rafdb)
        if part != 'test':
            dataset.holdout.share = 0.25
        dataset = DATASETS.build(dataset)
        splits[part] = {Path(dataset.get_data_info(i)['img_path']).name
                        for i in range(len(dataset))}
    chosen = splits['train'] | splits['val']
    assert not splits['train'] & splits['val'] and len(chosen) == NUM_TRAIN
    assert abs(len(splits['val']) - NUM_TRAIN / 4) < 2 * NUM_TRAIN**.5
    assert all(name.startswith('train_') for name in chosen)
    assert len(splits['test']) == NUM_TEST
    assert all(name.startswith('test_') for name in splits['test'])


@pytest.mark.parametrize('name', ['ipdfer', 'idfer', 'baseline'])
def test_sfew_starts_from_rafdb(name, monkeypatch):
    """From the last epoch of the same model, or from what is named."""
    variable = f'{name.upper()}_RAFDB'
    monkeypatch.delenv(variable, raising=False)
    path = ROOT / f'configs/{name}_sfew_from_rafdb.py'
    epochs = Config.fromfile(ROOT / f'configs/{name}_rafdb.py').train_cfg
    assert Config.fromfile(path).load_from == (
        f'work_dirs/{name}_rafdb/epoch_{epochs.max_epochs}.pth')
    monkeypatch.setenv(variable, 'elsewhere.pth')
    assert Config.fromfile(path).load_from == 'elsewhere.pth'


@pytest.mark.parametrize('name', ['ferplus', 'affectnet', 'sfew', 'ckplus'])
def test_configs_of_other_sets_train(name, face_network, tmp_path):
    root = getattr(official_layouts, f'make_{name}')(tmp_path / 'data')
    if name == 'ferplus':
        for split in ('train', 'val', 'test'):
            FERPlus(str(root), split)  # writes the images
    official_layouts.write_manifest(root)
    output = train(f'ipdfer_{name}', tmp_path, FACE_CHECKPOINT=face_network,
                   **{f'{name.upper()}_ROOT': root})
    assert ('loss_pose: ' in output) == (name != 'ckplus')
    assert 'loss_generator: ' in output


@pytest.mark.parametrize('name', ['ipdfer', 'idfer', 'baseline'])
def test_ckplus_folds_and_settings(name, monkeypatch):
    monkeypatch.setenv('CKPLUS_FOLD', '3')
    monkeypatch.setenv('CKPLUS_EXPRESSIONS', '6')
    cfg = Config.fromfile(ROOT / f'configs/{name}_ckplus.py')
    for part in ('train', 'val', 'test'):
        dataset = cfg[f'{part}_dataloader'].dataset
        assert (dataset.fold, dataset.num_expressions) == (3, 6)
    head = cfg.model.get('expression_head') or cfg.model.head
    assert head.num_classes == 7
    (metric, ) = cfg.test_evaluator
    assert len(metric.classes) == 6 and 'contempt' not in metric.classes


@pytest.mark.parametrize('name', ['ipdfer', 'baseline'])
def test_missing_face_network_is_named(name, rafdb, tmp_path):
    missing = tmp_path / 'no_such_network.pth'
    output = run_tool(
        'train.py', ROOT / f'configs/{name}_rafdb.py', '--work-dir', tmp_path,
        cwd=tmp_path, fails=True, RAFDB_ROOT=rafdb, FACE_CHECKPOINT=missing)
    for part in (str(missing), 'configs/pretrain/resnet18_arcface_casia.py',
                 'configs/ipdfer_facenet_rafdb.py'):
        assert part in output


def test_pretraining_gives_an_identity_encoder(tmp_path):
    """CASIA's layout, verified on LFW's; the checkpoint loads as it is."""
    for number, name in enumerate((
            'casia/0000045/001', 'casia/0000045/002', 'casia/0000099/001',
            'casia/0000099/002', 'lfw/Ann/Ann_0001', 'lfw/Ann/Ann_0002',
            'lfw/Bob/Bob_0001')):
        official_layouts.write_image(tmp_path / f'{name}.jpg', 112, 112,
                                     number)
    (tmp_path / 'lfw/pairs.txt').write_text(
        '1\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\n')
    output = run_tool(
        'train.py', ROOT / 'configs/pretrain/iresnet18_arcface_casia.py',
        '--work-dir', tmp_path, '--cfg-options', *LOADERS,
        'model.head.num_classes=2', 'train_cfg.max_epochs=1', cwd=tmp_path,
        CASIA_ROOT=tmp_path / 'casia', LFW_ROOT=tmp_path / 'lfw')
    assert re.search(
        r'verification/auc: [01].* verification/tar@far=0.001: [01]', output)
    encoder = MODELS.build(dict(
        type='ipdfer_mm.IdentityEncoder',
        backbone=dict(type='ipdfer_mm.IResNet', depth=18),
        init_cfg=dict(type='Pretrained',
                      checkpoint=str(tmp_path / 'epoch_1.pth'))))
    encoder.init_weights()
    assert encoder.has_weights


@pytest.fixture(scope='module')
def full_size_network(tmp_path_factory):
    """The checkpoint of pretrain_full_size.py, untrained."""
    cfg = Config.fromfile(
        ROOT / 'configs/rendered_experiment/pretrain_full_size.py')
    path = tmp_path_factory.mktemp('pretrain') / 'epoch_30.pth'
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        torch.save(MODELS.build(cfg.model).state_dict(), path)
    return path


@pytest.mark.parametrize('name', ['baseline', 'ipdfer'])
def test_full_size_starts_from_its_pre_training(
        full_size_network, name, monkeypatch):
    monkeypatch.setenv('FACE_CHECKPOINT', str(full_size_network))
    cfg = Config.fromfile(
        ROOT / f'configs/rendered_experiment/{name}_full_size.py')
    with DefaultScope.overwrite_default_scope('ipdfer_mm'):
        model = MODELS.build(cfg.model)
        model.init_weights()
    expected = torch.load(full_size_network, weights_only=True)
    state = model.state_dict()
    part = '' if name == 'baseline' else 'expression_encoder.'
    key = 'backbone.layer4.1.conv2.weight'
    assert torch.equal(state[part + key], expected[key])
    if name == 'ipdfer':
        assert torch.equal(state[f'identity_encoder.{key}'], expected[key])
