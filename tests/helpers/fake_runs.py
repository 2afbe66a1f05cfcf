"""Folders that look like finished runs, with made-up predictions."""

import json
from collections.abc import Sequence
from pathlib import Path

import mmengine
import torch

from ipdfer_mm.experiments.state import FINISHED

# A config that is planned, never trained; `fold` is ', fold=0' or ''.
CONFIG = '''
train_cfg = dict(max_epochs=30)
model = dict(loss_cos=dict(loss_weight=0.5), loss_id=dict(loss_weight=1.0))
train_dataloader = dict(batch_size=16, dataset=dict(type='CKPlus'{fold}))
val_dataloader = dict(batch_size=8, dataset=dict(type='CKPlus'{fold}))
test_dataloader = val_dataloader
test_evaluator = dict(type='Accuracy')
randomness = dict(seed=0)
'''
CLASSES = ('anger', 'neutral', 'surprise')


def make_predictions(path: Path, right: Sequence[bool],
                     subjects: Sequence[str] = (), poses: Sequence[int] = (),
                     first: int = 0) -> None:
    """Write a dump; a wrong prediction is the class after the true one."""
    samples = []
    for i, is_right in enumerate(right):
        score = torch.full((3, ), 0.1)
        score[(i + (not is_right)) % 3] = 0.8
        sample = dict(img_path=f'/data/images/{i + first}.png',
                      gt_label=torch.tensor([i % 3]), pred_score=score)
        if len(subjects):
            sample['subject'] = subjects[i]
        if len(poses):
            sample['pose_label'] = torch.tensor([poses[i]])
        samples.append(sample)
    path.parent.mkdir(parents=True, exist_ok=True)
    mmengine.dump(samples, path)


def write_json(path: Path, **content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def make_run(out: Path, name: str, seed: int, last: Sequence[bool],
             best: Sequence[bool] = (), fold: int | None = None,
             status: str = FINISHED, smoke: bool = False, sweep: dict = {},
             weight: float = 0.5, **kwargs) -> Path:
    """Write the folder of a run."""
    folder = out / name / f'seed{seed}'
    if fold is not None:
        folder /= f'fold{fold}'
    make_predictions(folder / 'last.pkl', last, **kwargs)
    if len(best):
        make_predictions(folder / 'best.pkl', best, **kwargs)
    write_json(folder / 'run.json', name=name, config=f'configs/{name}.py',
               seed=seed, fold=fold, sweep=sweep, smoke=smoke, status=status,
               classes=CLASSES, epochs=30, iterations=100, device='GPU')
    loader = dict(batch_size=10, dataset=dict(type='ipdfer_mm.RAFDB'))
    write_json(folder / 'settings.json', val_dataloader=loader,
               test_dataloader=loader,
               model=dict(loss_cos=dict(loss_weight=weight)),
               test_evaluator=[dict(type='mmpretrain.Accuracy')])
    date = '20260101_000000'
    for which, time in (('last', 0.05), ('best', 0.07)):
        write_json(folder / f'test_{which}/{date}/{date}.json', time=time,
                   data_time=0.01)
    log = folder / date / 'vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('{"time": 0.2, "epoch": 1}\n{"time": 0.4, "epoch": 2}\n'
                   '{"accuracy/top1": 5, "time": 9, "step": 2}\n{"cut of')
    return folder
