"""Every shipped config builds, and those for datasets of faces train."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers.official_layouts import (
    make_affectnet,
    make_ckplus,
    make_ferplus,
    make_sfew,
    write_manifest,
)
from helpers.rendered import sample_specs
from helpers.small_model import build_model, make_batch, model_cfg
from helpers.tools import run_tool
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmpretrain.models import ResNet

from ipdfer_mm.datasets import FERPlus
from ipdfer_mm.datasets.manifest import read_manifest
from ipdfer_mm.registry import DATASETS, MODELS
from ipdfer_mm.rendering import FaceRenderer, parametric_head
from ipdfer_mm.utils import register_all_modules

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts)

# Only what is not under test is imported before the fork: each child knows
# no more of our registries than a fresh process.
BUILD_ALL = textwrap.dedent('''
    import gc
    import os
    import socket
    import sys
    import traceback

    import cv2
    import facenet_pytorch
    import matplotlib.backends.backend_agg
    import matplotlib.pyplot
    import mmengine.runner
    import mmpretrain.apis
    import mmpretrain.engine
    import mmpretrain.evaluation
    import mmpretrain.visualization
    import torch
    import torchvision

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
        for wrapper in wrappers:
            for scheduler in schedulers:
                args = dict(optimizer=wrapper)
                if scheduler.get('convert_to_iter_based'):
                    args['epoch_length'] = 10
                PARAM_SCHEDULERS.build(deepcopy(scheduler), default_args=args)
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
        for metric in cfg.get('val_evaluator', []):
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
    subprocess.run(
        [
            sys.executable, '-c', BUILD_ALL, ROOT,
            *(ROOT / path for path in CONFIGS)
        ],
        cwd=folder,
        check=True,
        capture_output=True)
    return folder


@pytest.mark.parametrize('config', CONFIGS)
def test_builds_elsewhere_without_network(config, built):
    outcome = (built / f'{config.replace(os.sep, "+")}.txt').read_text()
    assert outcome == 'built', outcome


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
    """RAF-DB's layout with 8 images a split, a manifest and a network."""
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
    (root / 'prepared').mkdir()
    (root / 'prepared/manifest.csv').write_text(
        '\n'.join([header, *rows]) + '\n')
    torch.save(
        dict(state_dict={
            f'backbone.{key}': value
            for key, value in ResNet(18).state_dict().items()
        }), root / 'resnet18_face.pth')
    return root


def train(config, cwd, indices=4, **env):
    """Full size, some iterations and a validation, official layout."""
    options = [
        'train_dataloader.batch_size=2', 'train_cfg.max_epochs=1',
        'train_dataloader.num_workers=0', 'val_dataloader.num_workers=0',
        'val_dataloader.persistent_workers=False',
        'default_hooks.logger.interval=1',
        # Most of a gigabyte, and none of what is looked at here.
        'default_hooks.checkpoint.save_optimizer=False',
        f'train_dataloader.dataset.indices={indices}'
    ]
    output = run_tool('train.py',
                      ROOT / f'configs/{config}.py', '--work-dir', cwd,
                      '--cfg-options', *options, cwd=cwd, **env)
    # 20 convolutions, and 4 tensors of each of 20 batch norms.
    assert '100 of 100 keys match' in output
    assert (cwd / 'epoch_1.pth').is_file()
    assert 'accuracy/top1' in output
    return output


def test_what_was_prepared_trains(rafdb, tmp_path):
    """From a download through prepare_dataset to the pose encoder."""
    root = tmp_path / 'rafdb'
    images = root / 'basic/Image/aligned'
    images.mkdir(parents=True)
    renderer = FaceRenderer(parametric_head())
    names = [f'{split}_{i:05d}' for split in ('train', 'test')
             for i in range(1, 5)]
    specs = sample_specs(renderer.model, len(names), np.random.default_rng(0),
                         size=100)
    for name, spec in zip(names, specs):
        face = renderer.render(spec).image
        cv2.imwrite(str(images / f'{name}_aligned.jpg'), face[..., ::-1])
    (root / 'basic/EmoLabel').mkdir()
    (root / 'basic/EmoLabel/list_patition_label.txt').write_text('\n'.join(
        f'{name}.jpg {7 - i % 4}' for i, name in enumerate(names)))
    run_tool('prepare_dataset.py', 'rafdb', root,
             cwd=tmp_path)
    poses = [row.yaw for row in
             read_manifest(str(root / 'prepared/manifest.csv')).values()]
    true = [spec.yaw for spec in specs]
    assert np.abs(np.subtract(poses, true)).mean() < 10
    output = train(
        'ipdfer_rafdb',
        tmp_path,
        RAFDB_ROOT=str(root),
        FACE_CHECKPOINT=str(rafdb / 'resnet18_face.pth'))
    assert '0 with unknown pose' in output
    assert re.search(r'loss_pose: \d', output)


def test_idfer_config_trains(rafdb, tmp_path):
    train(
        'idfer_rafdb',
        tmp_path,
        RAFDB_ROOT=str(rafdb),
        FACE_CHECKPOINT=str(rafdb / 'resnet18_face.pth'))


@pytest.mark.parametrize('name', ['ipdfer', 'baseline'])
def test_rafdb_needs_nothing_but_rafdb(name, rafdb, tmp_path):
    """The face-recognition network comes with the package."""
    output = train(f'{name}_rafdb', tmp_path, RAFDB_ROOT=str(rafdb))
    assert 'Load ipdfer_mm://face_resnet18 ' in output
    # With the weight and the bias of the linear layer.
    assert ('IdentityEncoder: 102 of 102 keys match' in output) == (
        name == 'ipdfer')


@pytest.mark.parametrize('name, gone', [
    ('without_confusion', {'loss_confusion'}),
    ('without_cos', {'loss_cos'}),
    ('without_id', {'loss_id'}),
    ('without_discriminator', {
        'loss_disc', 'loss_discriminator', 'loss_adv_neutral', 'loss_adv_exp'
    }),
    ('without_recon', {'loss_recon'}),
    ('eq11_step3', set()),
    ('shared_adam', set()),
])
def test_ablations_leave_out_what_they_say(name, gone):
    """One iteration of small networks in place of the config's."""
    def losses(config):
        cfg = Config.fromfile(ROOT / f'configs/{config}.py')
        parts = {
            key: value for key, value in model_cfg().items()
            if key != 'type' and cfg.model.get(key, 0) is not None
        }
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
    options = dict(re.findall(r'(\S+)=(\S+)', command))
    cfg = Config.fromfile(ROOT / 'configs/ipdfer_rafdb.py')
    cfg.merge_from_dict(options)
    splits = {}
    for part in ('train', 'val', 'test'):
        dataset = cfg[f'{part}_dataloader'].dataset
        dataset.data_root = str(rafdb)
        if part != 'test':
            dataset.holdout.share = 0.25  # of 8 images
        dataset = DATASETS.build(dataset)
        splits[part] = [dataset.get_data_info(i)['img_path']
                        for i in range(len(dataset))]
    assert len(splits['train']) == 6 and len(splits['val']) == 2
    assert not set(splits['train']) & set(splits['val'])
    assert all('train_' in path
               for path in splits['train'] + splits['val'])
    assert len(splits['test']) == 8
    assert all('test_' in path for path in splits['test'])


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


@pytest.mark.parametrize('name, make', [
    ('ferplus', make_ferplus),
    ('affectnet', make_affectnet),
    ('sfew', make_sfew),
    ('ckplus', make_ckplus),
])
def test_configs_of_other_sets_train(name, make, rafdb, tmp_path):
    root = make(tmp_path / 'data')
    if name == 'ferplus':
        for split in ('train', 'val', 'test'):
            FERPlus(str(root), split)
    write_manifest(root)
    output = train(
        f'ipdfer_{name}', tmp_path, **{
            f'{name.upper()}_ROOT': str(root),
            'FACE_CHECKPOINT': str(rafdb / 'resnet18_face.pth')
        })
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
    rng = np.random.default_rng(0)
    for root, names in (('casia', '0000045/001 0000045/002 0000099/001 '
                         '0000099/002'),
                        ('lfw', 'Ann/Ann_0001 Ann/Ann_0002 Bob/Bob_0001')):
        for name in names.split():
            path = tmp_path / root / f'{name}.jpg'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), rng.integers(0, 256, (112, 112, 3),
                                                np.uint8))
    (tmp_path / 'lfw/pairs.txt').write_text(
        '1\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\n')
    output = run_tool(
        'train.py', ROOT / 'configs/pretrain/iresnet18_arcface_casia.py',
        '--work-dir', tmp_path, '--cfg-options',
        'train_dataloader.batch_size=2', 'train_dataloader.num_workers=0',
        'val_dataloader.num_workers=0',
        'val_dataloader.persistent_workers=False', 'model.head.num_classes=2',
        'train_cfg.max_epochs=1', cwd=tmp_path, CASIA_ROOT=tmp_path / 'casia',
        LFW_ROOT=tmp_path / 'lfw')
    assert re.search(
        r'verification/auc: [01].* verification/tar@far=0.001: [01]', output)
    encoder = MODELS.build(
        dict(
            type='ipdfer_mm.IdentityEncoder',
            backbone=dict(type='ipdfer_mm.IResNet', depth=18),
            init_cfg=dict(
                type='Pretrained', checkpoint=str(tmp_path / 'epoch_1.pth'))))
    encoder.init_weights()
    assert encoder.has_weights
