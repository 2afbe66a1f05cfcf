"""An epoch in several processes, with what tests compare of it."""

import os
from types import SimpleNamespace

import torch
import torch.distributed as dist
import torch.nn as nn
from mmengine.dataset import DefaultSampler
from mmengine.runner import Runner
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import (
    allreduce_hook,
)
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler

from helpers import dist_checks
from helpers.dist_checks import build_conv_model, init_gloo
from helpers.small_model import build_model, make_batch
from ipdfer_mm.engine import AlternatingOptimWrapperConstructor

NUM_SAMPLES = 19  # with a batch of 8 the last one has 3; rounded up, 4
BATCH_SIZE = 8  # of all processes together
SEED = 5
WRAPPER = dict(type='MMSeparateDistributedDataParallel', device_ids=None,
               broadcast_buffers=False, find_unused_parameters=False)


def wrap(model: nn.Module, sync_bn: str = None) -> nn.Module:
    """Wrap a model as MMEngine's Runner does in several processes."""
    os.environ.setdefault('LOCAL_RANK', '0')  # MMEngine asks for it
    cfg = {} if sync_bn is None else dict(sync_bn=sync_bn)
    return Runner.wrap_model(
        SimpleNamespace(distributed=True, cfg=cfg), dict(WRAPPER), model)


def build_wrappers(model: nn.Module):
    """Adam for each step, by the constructor of all configs."""
    adam = dict(optimizer=dict(type='Adam', lr=1e-3))
    return AlternatingOptimWrapperConstructor(dict(
        encoders=adam, discriminator=adam, generator=adam))(model)


def plain(name: str) -> str:
    """Name of a parameter without those of wrappers around it."""
    return name.replace('module.', '')


def watch_reduction(model: nn.Module) -> set:
    """Names of the parameters whose gradients are all-reduced from now on."""
    names = {id(p): plain(name) for name, p in model.named_parameters()}
    reduced = set()

    def hook(group, bucket):
        reduced.update(names[id(p)] for p in bucket.parameters())
        return allreduce_hook(group, bucket)

    for module in model.modules():
        if isinstance(module, DistributedDataParallel) and (
                module is not model):
            module.register_comm_hook(None, hook)
    return reduced


def train_epoch(model: nn.Module, batches: list, device: str = 'cpu') -> dict:
    """Train, and tell parameters, optimizer states and more by name."""
    wrappers = build_wrappers(model)
    reduced = watch_reduction(model)
    samples = make_batch(0, size=NUM_SAMPLES)
    for batch in batches:
        data = dict(inputs=samples['inputs'][batch].to(device),
                    data_samples=[samples['data_samples'][i] for i in batch])
        model.train_step(data, wrappers)
    names = {id(p): plain(name) for name, p in model.named_parameters()}
    states = {f'{step}.{names[id(p)]}.{key}': torch.as_tensor(value).cpu()
              for step, wrapper in wrappers.items()
              for p, state in wrapper.optimizer.state.items()
              for key, value in state.items()}
    return dict(
        state_dict={plain(k): v.cpu() for k, v in model.state_dict().items()},
        optimizers=states,
        optimized=sorted({names[id(p)] for wrapper in wrappers.values()
                          for group in wrapper.optimizer.param_groups
                          for p in group['params']}), reduced=sorted(reduced))


def epoch_of_ranks(rank: int, world_size: int, port: int, path: str,
                   sync_bn: str = None, kind: str = 'IPDFERModel') -> None:
    """Worker: an epoch of the samples that DefaultSampler gives each."""
    init_gloo(rank, world_size, port)
    sampler = DefaultSampler(range(NUM_SAMPLES), shuffle=True, seed=SEED)
    batches = list(BatchSampler(sampler, BATCH_SIZE // world_size, False))
    if sync_bn is None:
        model, device = build_conv_model(type=f'ipdfer_mm.{kind}'), 'cpu'
    else:
        model, device = build_model().double(), 'cuda'
    result = train_epoch(wrap(model, sync_bn), batches, device)
    assert all(map(dist_checks.is_equal_on_all_ranks,
                   result['state_dict'].values()))
    if rank == 0:
        torch.save(dict(result, batches=batches), path)
    dist.destroy_process_group()


def converted(rank: int, world_size: int, port: int, path: str) -> None:
    """Worker: what ``sync_bn='torch'`` makes of a model."""
    init_gloo(rank, world_size, port)
    model = build_model()
    images = make_batch(0)['inputs'] / 127.5 - 1
    before = model.identity_encoder(images)
    result = {}
    try:
        wrap(model, 'torch')  # which converts it before it is wrapped
    except ValueError as error:
        result['error'] = str(error)
    model.train()
    result.update(
        kinds=[(plain(name), type(module).__name__, module.training)
               for name, module in model.named_modules()
               if isinstance(module, nn.modules.batchnorm._BatchNorm)],
        same=torch.equal(model.identity_encoder(images), before),
        trained=[plain(name) for name, p in model.named_parameters()
                 if p.requires_grad])
    if rank == 0:
        torch.save(result, path)
    dist.destroy_process_group()
