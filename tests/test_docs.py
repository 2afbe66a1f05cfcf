"""The documents: their examples run, their commands have the flags."""

import importlib
import re
from pathlib import Path

import mmpretrain
import pytest
import torch
from helpers.documents import DOCUMENTS, shell_lines
from helpers.small_model import build_model, build_optim, make_batch
from helpers.tiny_run import ITERATIONS, ROOT, make_rafdb, run
from helpers.tools import load_tool
from mmengine.config import Config
from mmpretrain.models import ResNet
from torch import nn

from ipdfer_mm.registry import MODELS

MMPRETRAIN_TOOL = Path(mmpretrain.__file__).parent / '.mim/tools/train.py'
BLOCKS = re.findall(r'```python\n(.*?)```',
                    (ROOT / 'docs/use_our_parts.md').read_text(), re.DOTALL)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Data and weights where the examples expect them."""
    make_rafdb(tmp_path / 'data/rafdb')
    (tmp_path / 'weights').mkdir()
    torch.save(ResNet(18).state_dict(), tmp_path / 'weights/resnet18_face.pth')
    return tmp_path


def train(example: str, folder: Path, *options: str) -> str:
    """Train an example with mmpretrain's own tool for a short epoch."""
    name, rest = example.split('\n', 1)
    config = folder / name.removeprefix('# ')
    config.write_text(rest)
    log = run('python', MMPRETRAIN_TOOL, config, '--cfg-options',
              'train_cfg.max_epochs=1', 'train_dataloader.batch_size=8',
              'train_dataloader.num_workers=0',
              'train_dataloader.persistent_workers=False',
              'default_hooks.logger.type=LoggerHook',
              'default_hooks.logger.interval=1', *options, cwd=folder)
    assert f'[{ITERATIONS}/{ITERATIONS}]' in log
    return log


def test_classifier_of_mmpretrain(folder):
    log = train(BLOCKS[0], folder, 'val_dataloader.num_workers=0',
                'val_dataloader.persistent_workers=False')
    for name in ('accuracy/top1', 'accuracy/yaw_0_10', 'calibration/ece'):
        assert re.search(rf'{name}: \d', log)


def test_ipdfer_under_another_scope(folder):
    """mmagic's imports only where mmcv is compiled: see docs/install.md."""
    assert "default_scope = 'mmagic'" in BLOCKS[1]
    log = train(BLOCKS[1].replace("'mmagic'", "'mmpretrain'"), folder)
    assert re.search(r'loss_generator: \d', log)
    torch.load(folder / 'work_dirs/ipdfer_mmagic/epoch_1.pth',
               weights_only=True)  # nothing in it can run code


def test_losses_in_a_plain_loop(capsys):
    exec(compile(BLOCKS[2], 'use_our_parts.md', 'exec'), {})
    cosine = float(capsys.readouterr().out.split('=')[1])
    # Random features of eight dimensions: E|cos| is about 0.3.
    assert cosine < 0.15


BACKBONE, VARIANT, CONFIG = re.findall(
    r'```python\n(.*?)```', (ROOT / 'CONTRIBUTING.md').read_text(), re.DOTALL)


class TinyNet(nn.Module):
    """A backbone that the package does not have."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 256, 3, stride=8)

    def forward(self, x):
        return self.conv(x),


def test_backbone_of_the_contributing_guide(tmp_path):
    path = tmp_path / 'tiny.py'
    path.write_text(BACKBONE.replace("'./", f"'{ROOT}/configs/"))
    cfg = Config.fromfile(path).model.expression_encoder
    MODELS.register_module(module=TinyNet)
    try:
        encoder = MODELS.build(cfg)
    finally:  # of the registry that the other tests see
        MODELS.module_dict.pop('TinyNet')
    encoder.init_weights()
    assert encoder(torch.zeros(2, 3, 112, 112)).shape == (2, 512)


def test_variant_of_the_contributing_guide():
    namespace = {'__name__': 'contributing'}
    try:
        exec(compile(VARIANT, 'CONTRIBUTING.md', 'exec'), namespace)
        settings = {}
        exec(CONFIG, settings)
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


COMMANDS = sorted({
    match[1] for line in shell_lines()
    if (match := re.search(r'python (tools/.*|-m benchmarks.*)', line))})


@pytest.mark.parametrize('command', COMMANDS)
def test_documented_flags_exist(command):
    # The shell expands braces.
    words = run('bash', '-c', f'printf "%s\\n" {command}', cwd=ROOT,
                fold=0).splitlines()
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


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.name)
def test_links(document):
    for link in re.findall(r'\]\(([^)\s]+)[^)]*\)', document.read_text()):
        file, _, anchor = link.partition('#')
        # The site's reference is made when it is built, strictly.
        if '://' in file or file.startswith('reference/'):
            continue
        target = document.parent / file if file else document
        assert target.exists(), link
        if anchor:  # as GitHub makes them
            titles = re.findall('^#+ (.*)$', target.read_text(), re.M)
            assert anchor in [
                re.sub(r'[^\w -]', '', title.lower()).replace(' ', '-')
                for title in titles], link
