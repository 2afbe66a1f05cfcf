import math

import numpy as np
import pytest
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample

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
    return sample.set_pred_label(prediction).to_dict()


def evaluate(samples, size=None, **kwargs):
    metric = METRICS.build(dict(type='ipdfer_mm.CleanAccuracy', **kwargs))
    samples = [packed(*sample) for sample in samples]
    for start in range(0, len(samples), 3):  # in batches
        metric.process({}, samples[start:start + 3])
    return metric.evaluate(len(samples) if size is None else size)


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
    assert result == pytest.approx({
        'mine/top1': 50.0,
        'mine/recall': (100 * 2 / 3 + 0) / 2,
        'mine/seen_top1': 100.0,
        'mine/count': 4,
    })


def test_no_flags_leave_nothing_out():
    result = evaluate(SAMPLES, flags=[])
    assert result['clean/top1'] == pytest.approx(100 * 6 / 8)
    assert result['clean/recall'] == pytest.approx(
        (100 * 3 / 4 + 100 * 2 / 3 + 100) / 3)
    assert result['clean/count'] == 8
    assert math.isnan(result['clean/seen_top1'])


def test_own_flags_are_whole_names():
    assert evaluate(SAMPLES, flags=['also_in_'])['clean/count'] == 8


def test_nothing_is_seen():
    result = evaluate(SAMPLES[:5])
    assert math.isnan(result['clean/seen_top1'])
    assert result['clean/top1'] == 80 and result['clean/count'] == 5


def test_nothing_is_clean():
    result = evaluate(SAMPLES[5:])
    assert math.isnan(result['clean/top1'])
    assert math.isnan(result['clean/recall'])
    assert result['clean/seen_top1'] == pytest.approx(100 * 2 / 3)
    assert result['clean/count'] == 0


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
    sample = DataSample().set_gt_label(0).set_pred_label(0)
    with pytest.raises(ValueError, match='manifest'):
        CleanAccuracy(flags=[]).process({}, [sample.to_dict()])
