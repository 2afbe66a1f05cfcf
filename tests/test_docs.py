"""The documents: their examples run, their commands have the flags."""

import importlib.util
import os
import re
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import mmpretrain
import pytest
import torch
from helpers.small_model import build_model, build_optim, make_batch
from helpers.tiny_run import ITERATIONS, ROOT, make_rafdb, run
from helpers.tools import load_tool, run_tool
from mmpretrain.models import ResNet

from ipdfer_mm.registry import MODELS

MMPRETRAIN_TOOL = Path(mmpretrain.__file__).parent / '.mim/tools/train.py'
DOCUMENTS = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md',
             *sorted((ROOT / 'docs').glob('*.md'))]
BLOCKS = re.findall(r'```python\n(.*?)```',
                    (ROOT / 'docs/use_our_parts.md').read_text(), re.DOTALL)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Data and weights where the examples expect them."""
    root = make_rafdb(tmp_path / 'data/rafdb')
    (root / 'prepared').mkdir()
    (root / 'manifest.csv').rename(root / 'prepared/manifest.csv')
    (tmp_path / 'weights').mkdir()
    torch.save(ResNet(18).state_dict(), tmp_path / 'weights/resnet18_face.pth')
    return tmp_path


def train(call: Callable, example: str, folder: Path, *options: str) -> str:
    """Train an example for one epoch, in small batches."""
    name, rest = example.split('\n', 1)
    config = folder / name.removeprefix('# ')
    config.write_text(rest)
    log = call(config, '--cfg-options', 'train_cfg.max_epochs=1',
               'train_dataloader.batch_size=8',
               'train_dataloader.num_workers=0',
               'train_dataloader.persistent_workers=False',
               'default_hooks.logger.type=LoggerHook',
               'default_hooks.logger.interval=1', *options, cwd=folder)
    assert f'[{ITERATIONS}/{ITERATIONS}]' in log
    return log


def test_classifier_of_mmpretrain(folder):
    log = train(partial(run, 'python', MMPRETRAIN_TOOL), BLOCKS[0], folder,
                'val_dataloader.num_workers=0',
                'val_dataloader.persistent_workers=False')
    assert re.search(r'accuracy/top1: \d', log)
    assert re.search(r'accuracy/yaw_0_10: \d', log)
    assert re.search(r'calibration/ece: \d', log)


def test_ipdfer_under_another_scope(folder):
    """As it stands only where all of mmagic imports: see docs/install.md."""
    example = BLOCKS[1]
    if importlib.util.find_spec('mmcv._ext') is None:
        # No other scope knows our names either.
        example = example.replace("default_scope = 'mmagic'",
                                  "default_scope = 'mmengine'")
        assert example != BLOCKS[1]
    log = train(partial(run_tool, 'train.py'), example, folder)
    assert re.search(r'loss_generator: \d', log)
    torch.load(folder / 'work_dirs/ipdfer_mmagic/epoch_1.pth',
               weights_only=True)  # nothing in it can run code


def test_losses_in_a_plain_loop(capsys):
    exec(compile(BLOCKS[2], 'use_our_parts.md', 'exec'), {})
    cosine = float(capsys.readouterr().out.split('=')[1])
    # Random features of eight dimensions: E|cos| is about 0.3.
    assert cosine < 0.15


def test_variant_of_the_contributing_guide():
    variant, config = re.findall(
        r'```python\n(.*?)```', (ROOT / 'CONTRIBUTING.md').read_text(),
        re.DOTALL)
    namespace = {'__name__': 'contributing'}
    try:
        exec(compile(variant, 'CONTRIBUTING.md', 'exec'), namespace)
        settings = {}
        exec(config, settings)
        assert (ROOT / 'configs/ablations' / settings['_base_']).is_file()
        model = build_model(**settings['model'])
    finally:  # of the registry that the other tests see
        MODELS.module_dict.pop('PoseOrthogonalIPDFER', None)
    optim = build_optim(model)
    images, targets = model.preprocess(make_batch(0))
    with torch.no_grad():
        f_id = model.identity_encoder(images)
        f_pose, f_exp = model.encode(images)
        losses = model.classification_losses(f_id, f_pose, f_exp, targets)
    cosine = (f_pose * f_exp).sum(1) / (f_pose.norm(dim=1) * f_exp.norm(dim=1))
    torch.testing.assert_close(losses['loss_pose_cos'],
                               0.5 * cosine.abs().mean())
    log = model.train_step(make_batch(0), optim)
    steps = [log[name] for name in log if name.startswith('loss_encoders')]
    parts = sum(log[name] for name in ('loss_exp', 'loss_pose', 'loss_cos',
                                       'loss_pose_cos'))
    torch.testing.assert_close(steps, [parts])


def documented_commands() -> list[str]:
    """Lines of the documents' shell examples that start a tool of ours."""
    lines = []
    for document in DOCUMENTS:
        for block in re.findall(r'```bash\n(.*?)```', document.read_text(),
                                re.DOTALL):
            lines += block.replace('\\\n', ' ').splitlines()
    found = [re.search(r'python (tools/|-m benchmarks).*', line)
             for line in lines]
    return sorted({' '.join(match[0].split('  #')[0].split())
                   for match in found if match})


COMMANDS = documented_commands()


def test_there_are_commands():
    assert len(COMMANDS) > 30


@pytest.mark.parametrize('command', COMMANDS)
def test_documented_flags_exist(command):
    # The shell expands braces.
    words = subprocess.run(
        ['bash', '-c', f'printf "%s\\n" {command}'],
        env=dict(os.environ, fold='0'),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True).stdout.splitlines()[1:]
    for word in words:
        if word.startswith('configs/'):
            assert (ROOT / word).is_file(), word
    if words[0] == '-m':
        tool, words = importlib.import_module(words[1]), words[1:]
    else:
        tool = load_tool(ROOT / words[0])
    if '--help' in words:
        with pytest.raises(SystemExit) as stop:
            tool.parse_args(words[1:])
        assert stop.value.code == 0
    else:
        tool.parse_args(words[1:])


def test_links_between_documents():
    for document in DOCUMENTS:
        for link in re.findall(r'\]\(([^)#]+)[^)]*\)', document.read_text()):
            # The site's reference is made when it is built, strictly.
            if '://' not in link and not link.startswith('reference/'):
                assert (document.parent / link).exists(), (document, link)


def test_links_to_headings():
    for document in DOCUMENTS:
        for file, anchor in re.findall(r'\]\(([^)#:]*)#([^)]+)\)',
                                       document.read_text()):
            text = (document.parent / file if file else document).read_text()
            # As GitHub makes them.
            anchors = [re.sub(r'[^\w -]', '', title.lower()).replace(' ', '-')
                       for title in re.findall('^#+ (.*)$', text, re.M)]
            assert anchor in anchors, (document, file, anchor)
