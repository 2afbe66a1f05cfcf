"""A resumed run does not ask for the files that training started from."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch.nn as nn
from mmengine.model import BaseModule

from ipdfer_mm.engine import ResumeInitHook


@pytest.mark.parametrize('resume, load_from, last, skipped', [
    (False, None, None, False),
    (False, 'epoch_1.pth', None, False),
    (True, 'epoch_1.pth', None, True),
    (True, None, 'epoch_1.pth', True),
    (True, None, None, False),
])
def test_init_is_skipped(tmp_path, resume, load_from, last, skipped):
    if last is not None:
        (tmp_path / 'last_checkpoint').write_text(last)
    model = BaseModule(
        init_cfg=dict(type='Pretrained', checkpoint='/absent/face.pth'))
    model.layer = nn.Linear(1, 1)
    ResumeInitHook().before_run(SimpleNamespace(
        _resume=resume, _load_from=load_from, work_dir=str(tmp_path),
        model=model))
    with nullcontext() if skipped else pytest.raises(FileNotFoundError):
        model.init_weights()
