"""Training stops at the first loss that is not a number."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn as nn

from ipdfer_mm.engine import NonFiniteLossHook

RUNNER = SimpleNamespace(iter=41, epoch=2)


def check(**outputs) -> None:
    NonFiniteLossHook().after_train_iter(RUNNER, 3, None, outputs)


def test_finite_losses_pass():
    check(loss_exp=torch.tensor(1.), loss_recon=0.)
    check()
    NonFiniteLossHook().after_train_iter(RUNNER, 3)


def test_losses_with_gradient(recwarn):
    """mmpretrain's models return them so."""
    check(loss=torch.ones((), requires_grad=True) * 2)
    assert not recwarn.list


def test_what_is_no_loss_does_not_stop():
    check(loss=torch.tensor(1.), grad_norm=torch.tensor(float('inf')))


@pytest.mark.parametrize('value', ['nan', 'inf', '-inf'])
def test_message(value):
    with pytest.raises(FloatingPointError) as info:
        check(loss_exp=torch.tensor(1.25), loss_id=torch.tensor(float(value)))
    message = str(info.value)
    assert 'iteration 42 (epoch 3, batch 4)' in message
    assert f'loss_exp=1.25, loss_id={value}' in message


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


def test_comes_before_others():
    """Before anything is logged or saved."""
    assert NonFiniteLossHook.priority == 'VERY_HIGH'
