"""Training of a small model against Algorithm 1 in plain torch."""

import copy
from types import SimpleNamespace

import torch
from mmengine.logging import MessageHub

from benchmarks.algorithm1 import Algorithm1, networks
from helpers.small_model import CLASSES, build_model, build_optim, make_batch

ITERATIONS = 3
LR = 1e-3
NEUTRAL = CLASSES.index('neutral')
TOLERANCE = 1e-9


def difference(cfg=None,
               memory_format=torch.contiguous_format,
               fused=None,
               compile_hook=None,
               iterations=ITERATIONS,
               device='cpu',
               **reading) -> float:
    """Largest difference of any parameter or buffer after some iterations.

    Args:
        cfg: What is other than in the config of the small model.
        memory_format: Of the model.
        fused: Of Adam.
        compile_hook: Compiles the networks.
        iterations: How many.
        device: Of both.
        **reading: Of the reference.
    """
    model = build_model(**(cfg or {})).double().to(device)
    reference = Algorithm1(copy.deepcopy(model), NEUTRAL, LR, **reading)
    optim = build_optim(model, LR, fused)
    model.to(memory_format=memory_format)
    if compile_hook is not None:
        compile_hook.before_train(SimpleNamespace(model=model))
    for seed in range(iterations):
        if compile_hook is not None:
            compile_hook.before_train_iter(None, seed)
        batch = make_batch(seed)
        x = batch['inputs'].double().to(device) / 127.5 - 1
        # The data preprocessor swaps BGR to RGB.
        x = x.flip(1)
        y = torch.cat([s.gt_label for s in batch['data_samples']]).to(device)
        y_p = torch.cat(
            [s.pose_label for s in batch['data_samples']]).to(device)
        reference.iterate(seed, x, y, y_p)
        MessageHub.get_current_instance().update_info('iter', seed)
        model.train_step(batch, optim)
    ours = networks(model)
    assert ours.keys() == reference.parts.keys()
    worst = 0.0
    for name, module in ours.items():
        expected = reference.parts[name].state_dict()
        actual = module.state_dict()
        assert actual.keys() == expected.keys()
        for key, value in actual.items():
            gap = (value.double() - expected[key].double()).abs().max().item()
            worst = max(worst, gap)
    return worst
