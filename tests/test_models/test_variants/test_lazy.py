"""Steps 2 and 3 in every k-th iteration."""

import pytest
import torch
from helpers.algorithm1 import TOLERANCE, difference
from helpers.small_model import build_model, build_optim, make_batch
from mmengine.logging import MessageHub

CFG = dict(type='ipdfer_mm.LazyIPDFER', generator_interval=2)


def test_is_algorithm_1_with_one_step_in_the_second_of_three_iterations():
    assert difference(CFG, interval=2) < TOLERANCE


def test_interval_of_1_is_algorithm_1():
    assert difference(dict(CFG, generator_interval=1)) < TOLERANCE


def test_differs_from_the_paper():
    assert difference(CFG) > 1e3 * TOLERANCE


def test_log_lacks_steps_that_were_not_taken():
    model = build_model(**CFG)
    optim = build_optim(model, lr=0.)
    logs = []
    for iteration in range(2):
        MessageHub.get_current_instance().update_info('iter', iteration)
        logs.append(model.train_step(make_batch(0), optim))
    assert set(logs[1]) == {'loss_exp', 'loss_pose', 'loss_cos',
                            'loss_encoders', 'pose_unknown'}
    plain = build_model()
    expected = plain.train_step(make_batch(0), build_optim(plain, lr=0.))
    torch.testing.assert_close(logs[0], expected)  # not k times as large


def test_iterations_must_be_counted(monkeypatch):
    monkeypatch.setattr(MessageHub, '_instance_dict', {})
    model = build_model(**CFG)
    with pytest.raises(RuntimeError, match="update_info\\('iter'"):
        model.train_step(make_batch(0), build_optim(model))


@pytest.mark.parametrize('interval', [0, -1])
def test_interval_is_positive(interval):
    with pytest.raises(ValueError, match='generator_interval'):
        build_model(**dict(CFG, generator_interval=interval))
