"""A tiny RAF-DB, configs for it, and the tools run on it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import torch

from helpers import official_layouts
from helpers.small_model import SIZE, head, model_cfg, resnet
from helpers.tools import ROOT, run_tool
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules

TESTS = ROOT / 'tests'
NUM_CLASSES = 7
NUM_TRAIN = 16
NUM_TEST = 7  # odd: two processes do not share it evenly
BATCH_SIZE = 8
ITERATIONS = NUM_TRAIN // BATCH_SIZE  # of an epoch

PIPELINE = [
    dict(type='LoadFaceImage'),
    dict(type='Resize', scale=(SIZE, SIZE)),
    dict(type='PackFaceInputs'),
]
FLIP = dict(type='mmpretrain.RandomFlip', prob=0.5, direction='horizontal')
TRAIN_PIPELINE = [*PIPELINE[:2], FLIP, PIPELINE[2]]


def make_rafdb(root: Path) -> Path:
    """RAF-DB with few images and a manifest."""
    official_layouts.make_rafdb(root, NUM_TRAIN, NUM_TEST)
    official_layouts.write_manifest(root)
    return root


def save_identity_weights(path: Path) -> Path:
    """Save the state dict of a network that stands for a face network."""
    register_all_modules()
    torch.manual_seed(3)
    torch.save(MODELS.build(resnet()).state_dict(), path)
    return path


def ipdfer_cfg(identity_weights: Path) -> dict:
    """Model config of a small IPD-FER for RAF-DB's seven classes."""
    cfg = model_cfg(expression_head=head(NUM_CLASSES))
    cfg['discriminator']['head'] = head(NUM_CLASSES)
    cfg['identity_encoder']['init_cfg'] = dict(
        type='Pretrained', checkpoint=str(identity_weights))
    del cfg['classes']  # DatasetMetaHook tells the model
    return cfg


def baseline_cfg() -> dict:
    """Model config of a plain classifier with the same encoder."""
    return dict(
        type='mmpretrain.ImageClassifier',
        data_preprocessor=dict(
            type='mmpretrain.ClsDataPreprocessor', to_rgb=True,
            mean=(127.5, ) * 3, std=(127.5, ) * 3),
        backbone=resnet(),
        neck=dict(type='mmpretrain.GlobalAveragePooling'),
        head=head(NUM_CLASSES))


def save_plain_classifier(folder: Path) -> tuple[Path, Path]:
    """Config and checkpoint of a random classifier of 32 pixels."""
    config = folder / 'plain.py'
    pipeline = [dict(type='ipdfer_mm.LoadFaceImage'),
                dict(type='ipdfer_mm.AlignFace', size=32),
                dict(type='PackInputs')]
    config.write_text(
        f'model = {baseline_cfg()!r}\ndefault_scope = "mmpretrain"\n'
        f'test_dataloader = dict(dataset=dict(pipeline={pipeline!r}))\n')
    register_all_modules()
    torch.manual_seed(0)
    state = MODELS.build(baseline_cfg()).state_dict()
    torch.save(dict(state_dict=state), folder / 'plain.pth')
    return config, folder / 'plain.pth'


def write_config(path: Path, rafdb: Path, model: dict, **settings) -> Path:
    """Write a config on the repository's bases.

    Args:
        path (Path): Where to.
        rafdb (Path): Data root.
        model (dict): Model config.
        **settings: More top-level settings.

    Returns:
        Path: ``path``.
    """
    bases = ['datasets/rafdb.py']
    if 'IPDFERModel' in model['type']:
        bases += ['schedules/ipdfer.py', 'ipdfer_runtime.py']
    else:
        bases += ['schedules/baseline.py', 'default_runtime.py']
    cfg = dict(
        _base_=[str(ROOT / 'configs/_base_' / base) for base in bases],
        model=model,
        train_cfg=dict(max_epochs=2),
        default_hooks=dict(logger=dict(interval=1)))
    for name, batch_size, pipeline in (('train', BATCH_SIZE, TRAIN_PIPELINE),
                                       ('val', 3, PIPELINE),
                                       ('test', 3, PIPELINE)):
        cfg[f'{name}_dataloader'] = dict(
            batch_size=batch_size, num_workers=0,
            dataset=dict(data_root=str(rafdb), pipeline=pipeline))
    cfg.update(settings)
    path.write_text(''.join(f'{k} = {v!r}\n' for k, v in cfg.items()))
    return path


def tool_environment(**env) -> dict:
    """Environment of a process of the repository's user.

    Args:
        **env: More environment variables.

    Returns:
        dict: With this Python first.
    """
    path = os.environ.get('PYTHONPATH', '')
    return {
        **os.environ,
        'OMP_NUM_THREADS': '1',
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        'PYTHONPATH': f'{ROOT}:{TESTS}:{path}',  # for `custom_imports`
        **{k: str(v) for k, v in env.items()}
    }


def run(*command, cwd: Path, fails: bool = False, timeout: float = 300,
        **env) -> str:
    """Run a command of the repository's user in a process of its own.

    Args:
        *command: Program and arguments; ``python`` is this one.
        cwd (Path): Where to run it.
        fails (bool): Whether it must fail.
        timeout (float): Seconds after which it has failed.
        **env: More environment variables.

    Returns:
        str: What it printed.
    """
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd,
        env=tool_environment(**env), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=timeout)
    assert (done.returncode != 0) == fails, done.stdout[-6000:]
    return done.stdout


def run_train(config: Path, work_dir: Path, *flags, **kwargs) -> str:
    """Run tools/train.py in the folder of the config."""
    return run_tool('train.py', config, '--work-dir', work_dir, *flags,
                    cwd=config.parent, **kwargs)


def run_test(config: Path, checkpoint: Path, work_dir: Path, *flags,
             **kwargs) -> str:
    """Run tools/test.py in the folder of the config."""
    return run_tool('test.py', config, checkpoint, '--work-dir', work_dir,
                    *flags, cwd=config.parent, **kwargs)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def load(path: Path) -> dict:
    """Load a checkpoint as anybody may: nothing in it can run code."""
    return torch.load(path, map_location='cpu', weights_only=True)


def comparable(path: Path) -> dict:
    """What of a checkpoint must not depend on an interruption.

    All but times and the log of validations: MMEngine writes the checkpoint
    of an epoch before its validation, and logs that one with the next.
    """
    checkpoint = load(path)
    hub = checkpoint['message_hub']
    meta = checkpoint['meta']
    return dict(
        state_dict=checkpoint['state_dict'],
        logs={name: log for name, log in hub['log_scalars'].items()
              if name.startswith('train/') and 'time' not in name},
        best_score=hub['runtime_info'].get('best_score'),
        reliability=meta.get('reliability'),
        meta={key: meta[key] for key in ('epoch', 'iter', 'seed')},
        # The best one has none.
        optimizer=checkpoint.get('optimizer'),
        schedulers=checkpoint.get('param_schedulers'))


def assert_equal(a, b, where: str = '') -> None:
    """Compare nested containers; tensors and numbers bit for bit."""
    assert type(a) is type(b), f'{where}: {type(a)} and {type(b)}'
    if isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            assert_equal(a[key], b[key], f'{where}/{key}')
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for index, (left, right) in enumerate(zip(a, b)):
            assert_equal(left, right, f'{where}/{index}')
    elif isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype, where
        assert torch.equal(a, b), f'{where}: {(a - b).abs().max()}'
    elif a != a:  # nan, such as an unknown yaw
        assert b != b, f'{where}: {a} and {b}'
    else:
        assert a == b, f'{where}: {a} and {b}'
