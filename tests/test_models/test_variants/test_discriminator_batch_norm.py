"""D that normalizes fakes by their own statistics."""

from helpers.algorithm1 import TOLERANCE, difference
from helpers.small_model import build_model, build_optim, make_batch

CFG = dict(type='ipdfer_mm.DiscriminatorBatchNormIPDFER')


def test_is_algorithm_1_with_statistics_of_the_fakes():
    assert difference(CFG, norm_eval=False) < TOLERANCE


def test_differs_from_the_paper():
    assert difference(CFG) > 1e3 * TOLERANCE


def test_without_discriminator():
    model = build_model(**CFG, discriminator=None)
    log = model.train_step(make_batch(0), build_optim(model))
    assert 'loss_generator' in log and 'loss_disc' not in log
