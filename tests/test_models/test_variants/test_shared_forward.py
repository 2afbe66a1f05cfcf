"""One pass and one update of the encoders for steps 1 and 3."""

import pytest
from helpers.algorithm1 import TOLERANCE, difference
from helpers.small_model import build_model, build_optim, make_batch

CFG = dict(type='ipdfer_mm.SharedForwardIPDFER')


@pytest.mark.parametrize('eq_12', [True, False])
def test_is_one_update_of_lines_2_and_4(eq_12):
    cfg = dict(CFG, classify_in_generator_step=eq_12)
    assert difference(cfg, shared_adam=True, one_update=True,
                      eq_12=eq_12) < TOLERANCE


def test_differs_from_two_updates():
    assert difference(CFG, shared_adam=True) > 1e3 * TOLERANCE


def test_logs_what_the_paper_logs():
    plain, model = build_model(), build_model(**CFG)
    expected = plain.train_step(make_batch(0), build_optim(plain))
    log = model.train_step(make_batch(0), build_optim(model))
    assert log.keys() == expected.keys()
    assert log['loss_encoders'] == expected['loss_encoders']
    assert all(value.grad_fn is None for value in log.values())
