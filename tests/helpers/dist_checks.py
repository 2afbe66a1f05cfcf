"""What tests run in several processes: hooks, networks, workers.

A module of its own, so that new processes and configs can import it.
"""

import os
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.distributed as dist
import torch.nn as nn
from mmengine.dataset import DefaultSampler
from mmengine.hooks import Hook
from mmengine.model import MMSeparateDistributedDataParallel
from mmengine.registry import HOOKS
from torch.utils.data import DataLoader

from helpers.small_model import CLASSES, WIDTH, build_model, head
from ipdfer_mm.engine import EpochSeedHook, SyncTrainedBuffersHook
from ipdfer_mm.registry import MODELS


def is_equal_on_all_ranks(tensor: torch.Tensor) -> bool:
    """Whether all processes hold the same bits."""
    tensor = tensor.detach().contiguous()
    parts = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, tensor)
    return all(torch.equal(part, parts[0]) for part in parts)


@HOOKS.register_module()
class RankEqualityHook(Hook):
    """After each epoch all processes must hold the same model.

    Args:
        folder (str): Where to write a file for each process and epoch that
            was checked.
    """

    priority = 'LOW'  # after the buffers are averaged

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def before_train(self, runner) -> None:
        self.frozen = {name: value.clone()
                       for name, value in runner.model.state_dict().items()
                       if 'identity_encoder' in name}

    def after_train_iter(self, runner, batch_idx, data_batch=None,
                         outputs=None) -> None:
        # Or there would be nothing to average, and nothing to find out.
        statistics = [is_equal_on_all_ranks(value)
                      for name, value in runner.model.named_buffers()
                      if name.endswith('running_mean')
                      and 'identity' not in name]
        assert statistics and not any(statistics)

    def after_train_epoch(self, runner) -> None:
        state = runner.model.state_dict()
        unequal = [name for name, value in state.items()
                   if not is_equal_on_all_ranks(value)]
        assert not unequal, unequal
        for name, value in self.frozen.items():
            assert torch.equal(value, state[name]), name
        name = f'rank{dist.get_rank()}_epoch{runner.epoch + 1}'
        (self.folder / name).touch()


@MODELS.register_module()
class TinyConvNet(nn.Module):
    """Two convolutions, no batch norm: samples do not see each other."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 5, stride=4), nn.Tanh(),
                                    nn.Conv2d(8, WIDTH, 3, stride=2))

    def forward(self, x: torch.Tensor) -> tuple:
        return (self.layers(x), )


def build_conv_model(**kwargs) -> nn.Module:
    """A small IPD-FER without batch norm, in double precision."""
    net = dict(type='ipdfer_mm.TinyConvNet')
    encoder = dict(type='ipdfer_mm.FaceEncoder', backbone=net)
    return build_model(
        identity_encoder=dict(type='ipdfer_mm.IdentityEncoder', backbone=net),
        pose_encoder=encoder, expression_encoder=encoder,
        discriminator=dict(type='ipdfer_mm.ExpressionDiscriminator',
                           backbone=net, head=head(len(CLASSES))),
        **kwargs).double()


def init_gloo(rank: int, world_size: int, port: int) -> None:
    """Join the process group."""
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    dist.init_process_group('gloo', rank=rank, world_size=world_size)


def hook_results(rank: int, world_size: int, port: int, folder: str) -> None:
    """Worker: what hooks do to buffers and seeds in several processes."""
    init_gloo(rank, world_size, port)
    model = build_model(data_preprocessor=dict(mean=(123.675, 116.28, 103.53)))
    torch.manual_seed(rank)
    for name, value in model.named_buffers():
        if value.is_floating_point() and not name.startswith(
            ('identity_encoder', 'data_preprocessor')):
            value.copy_(torch.rand_like(value))
    # Numbers whose mean of three is not themselves, and a frozen part.
    torch.manual_seed(100)
    for value in model.identity_encoder.buffers():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value))
    model.expression_encoder.backbone.layer4.eval()
    result = dict(before=clone(model))
    runner = SimpleNamespace(model=MMSeparateDistributedDataParallel(
        model, broadcast_buffers=False, device_ids=None))
    SyncTrainedBuffersHook().after_train_epoch(runner)
    result['after'] = clone(model)

    sampler = DefaultSampler(list(range(9)), shuffle=True, seed=7)
    loader = DataLoader(list(range(9)), sampler=sampler)
    EpochSeedHook().before_train(
        SimpleNamespace(train_dataloader=loader, seed=40 + rank))
    result['order'] = list(sampler)
    torch.save(result, Path(folder) / f'{rank}.pth')
    dist.destroy_process_group()


def clone(model: nn.Module) -> dict:
    """Copies of all buffers, also those that no checkpoint holds."""
    return {name.replace('.module.', '.'): value.clone()
            for name, value in model.named_buffers()}
