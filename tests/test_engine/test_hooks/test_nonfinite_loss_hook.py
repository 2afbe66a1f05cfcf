"""Training stops at the first loss that is not a number."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn as nn

from ipdfer_mm.engine import NonFiniteLossHook

RUNNER = SimpleNamespace(iter=41, epoch=2)


def check(**outputs) -> None:
    NonFiniteLossHook().after_train_iter(RUNNER, 3, None, outputs)


def test_what_passes(recwarn):
    check(loss_exp=torch.tensor(1.), loss_recon=0.)
    check()
    NonFiniteLossHook().after_train_iter(RUNNER, 3)
    # mmpretrain's models return losses with a gradient.
    check(loss=torch.ones((), requires_grad=True) * 2)
    check(loss=torch.tensor(1.), grad_norm=torch.tensor(float('inf')))
    assert not recwarn.list


@pytest.mark.parametrize('value', ['nan', 'inf', '-inf'])
def test_message(value):
    with pytest.raises(FloatingPointError, match='iteration 42 .epoch 3, batch'
                       f' 4.(.|\n)*loss_exp=1.25, loss_id={value}'):
        check(loss_exp=torch.tensor(1.25), loss_id=torch.tensor(float(value)))


def test_broken_weights_are_not_saved():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    runner = SimpleNamespace(iter=42, model=model)
    hook = NonFiniteLossHook()
    hook.before_save_checkpoint(runner, {})
    with torch.no_grad():
        model[0].bias[1] = float('nan')
    with pytest.raises(
            FloatingPointError,
            match='^1 parameters are not finite after iteration 42: 0.bias'):
        hook.before_save_checkpoint(runner, {})
