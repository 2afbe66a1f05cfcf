"""What tests run in several processes: hooks, networks, workers.

A module of its own, so that new processes and configs can import it.
"""

import os
import signal
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.distributed as dist
import torch.nn as nn
from mmengine.dataset import DefaultSampler
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.model import MMSeparateDistributedDataParallel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.registry import HOOKS
from torch.utils.data import DataLoader

from helpers.small_model import build_model, make_batch
from ipdfer_mm.engine import EpochSeedHook, SyncTrainedBuffersHook
from ipdfer_mm.registry import MODELS

STEPS = dict(
    encoders=('pose_encoder', 'pose_head', 'expression_encoder',
              'expression_head'),
    discriminator=('discriminator', ),
    generator=('pose_encoder', 'expression_encoder', 'decoder'))


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
        self.identity = {
            name: value.clone()
            for name, value in self.identity_state(runner).items()
        }

    def after_train_iter(self, runner, batch_idx, data_batch=None,
                         outputs=None) -> None:
        # Or there would be nothing to average, and nothing to find out.
        statistics = [
            is_equal_on_all_ranks(value)
            for name, value in runner.model.named_buffers()
            if name.endswith('running_mean') and 'identity' not in name
        ]
        assert statistics
        assert not any(statistics)

    def after_train_epoch(self, runner) -> None:
        tensors = [
            *runner.model.named_parameters(), *runner.model.named_buffers()
        ]
        unequal = [
            name for name, value in tensors if not is_equal_on_all_ranks(value)
        ]
        assert not unequal, unequal
        for name, value in self.identity_state(runner).items():
            assert torch.equal(value, self.identity[name]), name
        name = f'rank{dist.get_rank()}_epoch{runner.epoch + 1}'
        (self.folder / name).touch()

    @staticmethod
    def identity_state(runner) -> dict:
        """The frozen part, which must not change at all."""
        encoder = getattr(runner.model.module, 'identity_encoder', nn.Module())
        return encoder.state_dict()


@HOOKS.register_module()
class KillHook(Hook):
    """Kill the process in the middle of an epoch, if the environment says.

    ``KILL_AT_ITER`` is the iteration.
    """

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if str(runner.iter) == os.environ.get('KILL_AT_ITER'):
            os.kill(os.getpid(), signal.SIGKILL)


@HOOKS.register_module()
class ResumedWeightsHook(Hook):
    """A resumed run must start with the weights of its checkpoint.

    Args:
        checkpoint (str): The checkpoint that is resumed.
        folder (str): Where to write a file for each process that was checked.
    """

    def __init__(self, checkpoint: str, folder: str) -> None:
        self.checkpoint = checkpoint
        self.folder = Path(folder)

    def before_train(self, runner) -> None:
        if runner.epoch == 0:
            return  # not resumed
        saved = torch.load(self.checkpoint, weights_only=True)['state_dict']
        model = getattr(runner.model, 'module', runner.model)
        state = model.state_dict()
        assert state.keys() == saved.keys()
        for name, value in state.items():
            assert torch.equal(value, saved[name]), name
        name = f'resumed_rank{get_rank()}_of_{get_world_size()}'
        (self.folder / name).touch()


@MODELS.register_module()
class TinyConvNet(nn.Module):
    """Two convolutions, no batch norm: samples do not see each other."""

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=4), nn.Tanh(),
            nn.Conv2d(8, channels, 3, stride=2))

    def forward(self, x: torch.Tensor) -> tuple:
        return (self.layers(x), )


class RecordingOptimWrapper(OptimWrapper):
    """Keep the gradients of each step."""

    def __init__(self, named_parameters: dict, lr: float) -> None:
        super().__init__(torch.optim.SGD(named_parameters.values(), lr=lr))
        self.named_parameters = named_parameters

    def step(self, **kwargs) -> None:
        self.gradients = {
            name: parameter.grad.clone()
            for name, parameter in self.named_parameters.items()
        }
        super().step(**kwargs)


def build_conv_model(**kwargs) -> nn.Module:
    """A small IPD-FER without batch norm, in double precision."""
    net = dict(type='ipdfer_mm.TinyConvNet')
    encoder = dict(type='ipdfer_mm.FaceEncoder', backbone=net)
    discriminator = dict(
        type='ipdfer_mm.ExpressionDiscriminator',
        backbone=net,
        head=dict(
            type='LinearClsHead',
            _scope_='mmpretrain',
            num_classes=4,
            in_channels=64))
    return build_model(
        identity_encoder=dict(type='ipdfer_mm.IdentityEncoder', backbone=net),
        pose_encoder=encoder,
        expression_encoder=encoder,
        discriminator=discriminator,
        **kwargs).double()


def split(batch: dict, rank: int, world_size: int) -> dict:
    """The part of a batch that one process gets."""
    size = len(batch['inputs']) // world_size
    part = slice(rank * size, (rank + 1) * size)
    return {key: value[part] for key, value in batch.items()}


def gradients_of_steps(rank: int, world_size: int) -> dict:
    """Gradients of all trained children in the steps of two iterations."""
    model = build_conv_model()
    wrapped = model
    if world_size > 1:
        wrapped = MMSeparateDistributedDataParallel(
            model,
            device_ids=None,
            broadcast_buffers=False,
            find_unused_parameters=False)
    wrappers = {}
    for step, children in STEPS.items():
        parameters = {
            f'{child}.{name}'.replace('.module.', '.'): parameter
            for child in children
            for name, parameter in getattr(model, child).named_parameters()
        }
        wrappers[step] = RecordingOptimWrapper(parameters, lr=0.1)
    gradients = {}
    for seed in range(2):
        batch = split(make_batch(seed, size=32), rank, world_size)
        wrapped.train_step(batch, OptimWrapperDict(**wrappers))
        for step, wrapper in wrappers.items():
            for name, value in wrapper.gradients.items():
                gradients[f'{seed}.{step}.{name}'] = value
    return gradients


def init_gloo(rank: int, world_size: int, port: int) -> None:
    """Join the process group."""
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    dist.init_process_group('gloo', rank=rank, world_size=world_size)


def save_gradients(rank: int, world_size: int, port: int, path: str) -> None:
    """Worker: the gradients that the first process sees."""
    init_gloo(rank, world_size, port)
    gradients = gradients_of_steps(rank, world_size)
    if rank == 0:
        torch.save(gradients, path)
    dist.destroy_process_group()


def hook_results(rank: int, world_size: int, port: int, folder: str) -> None:
    """Worker: what hooks do to buffers and seeds in several processes."""
    init_gloo(rank, world_size, port)
    model = build_model(
        data_preprocessor=dict(mean=(123.675, 116.28, 103.53)))
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
    runner = SimpleNamespace(
        model=MMSeparateDistributedDataParallel(
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
    return {
        name.replace('.module.', '.'): value.clone()
        for name, value in model.named_buffers()
    }
