"""One optimizer for steps 1 and 3."""

import pytest
from helpers.algorithm1 import TOLERANCE, difference
from helpers.small_model import build_model, build_optim, make_batch

CFG = dict(type='ipdfer_mm.SharedAdamIPDFER')


@pytest.mark.parametrize('eq_12', [True, False])
def test_is_algorithm_1_with_one_adam(eq_12):
    cfg = dict(CFG, classify_in_generator_step=eq_12)
    assert difference(cfg, shared_adam=True, eq_12=eq_12) < TOLERANCE


def test_differs_from_the_paper():
    assert difference(CFG) > 1e3 * TOLERANCE


def test_optimizers_of_the_paper_are_refused():
    """Step 3 would not use its own."""
    with pytest.raises(ValueError, match="of \\['encoders', 'discriminator'"):
        build_model(**CFG).train_step(make_batch(0),
                                      build_optim(build_model()))
