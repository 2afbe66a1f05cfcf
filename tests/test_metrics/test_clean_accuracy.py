import math

import numpy as np
import pytest
from helpers import metrics

from ipdfer_mm.datasets import PackFaceInputs
from ipdfer_mm.metrics import CleanAccuracy

TRAIN, VAL = 'also_in_train', 'also_in_val'
# Label, prediction and flags
SAMPLES = [
    (0, 0, ()),
    (0, 1, ()),
    (0, 0, ('no_face', )),  # says nothing about other splits
    (0, 0, ('repeated', )),
    (1, 1, ('repeated', 'no_face')),
    (1, 0, (TRAIN, )),
    (1, 1, ('no_face', TRAIN, VAL)),
    (2, 2, (VAL, )),  # the only one of its class
]


def packed(label, prediction, flags):
    """A sample as the pipeline and a model make it."""
    results = dict(img=np.zeros((4, 4, 3), np.uint8), gt_label=label)
    if flags is not None:
        results['flags'] = flags
    sample = PackFaceInputs()(results)['data_samples']
    return sample.set_pred_label(prediction)


def evaluate(samples, **kwargs):
    return metrics.evaluate(
        'CleanAccuracy', [packed(*sample) for sample in samples], **kwargs)


def test_images_of_other_splits_are_left_out():
    assert evaluate(SAMPLES) == pytest.approx({
        'clean/top1': 100 * 4 / 5,
        # 3 of 4 of class 0, 1 of 1 of class 1; class 2 has no clean image.
        'clean/recall': (75 + 100) / 2,
        'clean/seen_top1': 100 * 2 / 3,
        'clean/count': 5,
    })


def test_own_flags():
    result = evaluate(SAMPLES, flags=[VAL, 'no_face'], prefix='mine')
    # The third, fifth, seventh and eighth are left out.
    assert result == pytest.approx(
        {'mine/top1': 50.0, 'mine/recall': (100 * 2 / 3 + 0) / 2,
         'mine/seen_top1': 100.0, 'mine/count': 4})
    # They are whole names.
    assert evaluate(SAMPLES, flags=['also_in_'])['clean/count'] == 8


@pytest.mark.parametrize('samples, flags, expected', [
    (SAMPLES, [], (75, (75 + 200 / 3 + 100) / 3, math.nan, 8)),
    (SAMPLES[:5], None, (80, (75 + 100) / 2, math.nan, 5)),
    (SAMPLES[5:], None, (math.nan, math.nan, 200 / 3, 0)),
], ids=['nothing is left out', 'nothing is seen', 'nothing is clean'])
def test_what_is_not_there_is_nan(samples, flags, expected):
    result = evaluate(samples, **({} if flags is None else dict(flags=flags)))
    names = ('top1', 'recall', 'seen_top1', 'count')
    assert [result[f'clean/{name}'] for name in names] == pytest.approx(
        expected, nan_ok=True)


def test_nothing_at_all():
    result = CleanAccuracy().compute_metrics([])
    assert result.pop('count') == 0
    assert result.keys() == {'top1', 'recall', 'seen_top1'}
    assert all(map(math.isnan, result.values()))


def test_samples_that_fill_up_the_last_batch_do_not_count():
    """Several processes get as many each; the repeated ones come last."""
    again = [(1, 0, ()), (1, 0, ())]
    assert evaluate(SAMPLES + again, size=8) == evaluate(SAMPLES)


def test_flags_are_needed():
    with pytest.raises(ValueError, match='CleanAccuracy needs the flags of a '
                       'manifest.*prepare_dataset.py.*PackFaceInputs'):
        evaluate([(0, 0, ()), (0, 0, None)])
    with pytest.raises(ValueError, match='manifest'):
        metrics.evaluate('CleanAccuracy',
                         [metrics.sample(0, pred_label=0)], flags=[])
