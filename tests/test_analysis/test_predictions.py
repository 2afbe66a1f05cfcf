"""Reading dumps of tools/test.py."""

import mmengine
import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score

from ipdfer_mm.analysis.predictions import (
    check_same_images,
    load_predictions,
    pool,
)

CLASSES = ('anger', 'neutral', 'surprise')


LABELS = [0, 0, 1, 2, 2]
SCORES = [[.6, .3, .1], [.2, .7, .1], [.1, .8, .1], [.3, .4, .3], [0., 0., 1.]]


def dump(path, labels=LABELS, scores=SCORES, root='/data/set', first=0,
         **extra):
    """Write what mmengine's DumpResults writes."""
    mmengine.dump(
        [dict(img_path=f'{root}/{i % 2}/{i + first}.png',
              gt_label=torch.tensor([label]), pred_score=torch.tensor(score),
              pred_label=torch.tensor([int(np.argmax(score))]),
              **{key: values[i] for key, values in extra.items()})
         for i, (label, score) in enumerate(zip(labels, scores))], path)
    return path


def test_measures_by_hand(tmp_path):
    path = dump(tmp_path / 'a.pkl', subject=list('ppqqr'),
                pose_label=[torch.tensor([i]) for i in (0, 1, 4, -100, 0)])
    result = load_predictions(path, CLASSES)
    assert result.right.tolist() == [True, False, True, False, True]
    assert result.accuracy == pytest.approx(60)
    assert result.uar == pytest.approx(100 * (0.5 + 1 + 0.5) / 3)
    # Precision 1, 1/3, 1.
    assert result.macro_f1 == pytest.approx(100 * (2 / 3 + 0.5 + 2 / 3) / 3)
    assert result.uar == pytest.approx(
        100 * balanced_accuracy_score(result.labels, result.predicted))
    assert result.poses.tolist() == [0, 1, 4, -100, 0]
    assert result.groups.tolist() == list('ppqqr')
    assert result.names == ['0/0.png', '1/1.png', '0/2.png', '1/3.png',
                            '0/4.png']


def test_classes_that_are_not_asked_for(tmp_path):
    path = dump(tmp_path / 'a.pkl')
    result = load_predictions(path, CLASSES, ('anger', 'surprise'))
    # The neutral image is left out, its score masked: 0 0 . 0 2.
    assert result.labels.tolist() == [0, 0, 2, 2]
    assert result.predicted.tolist() == [0, 0, 0, 2]
    assert not result.has_subjects
    assert result.groups.tolist() == result.names
    assert result.poses.tolist() == [-100] * 4


def test_another_place_is_the_same_image(tmp_path):
    paths = (dump(tmp_path / 'a.pkl'), dump(
        tmp_path / 'b.pkl', scores=SCORES[::-1], root='/mnt/other'))
    check_same_images(*(load_predictions(path, CLASSES) for path in paths))


@pytest.mark.parametrize('change, what', [
    (dict(labels=LABELS[:4]), 'test images'),
    (dict(first=1), 'test images'),
    (dict(labels=[0, 0, 1, 1, 2]), 'labels'),
])
def test_other_images_are_refused(tmp_path, change, what):
    one = load_predictions(dump(tmp_path / 'a.pkl'), CLASSES)
    two = load_predictions(dump(tmp_path / 'b.pkl', **change), CLASSES)
    with pytest.raises(ValueError, match=f'a.pkl and .*b.pkl have .*{what}'):
        check_same_images(one, two)


def test_folds(tmp_path):
    parts = [load_predictions(
        dump(tmp_path / f'{i}.pkl', first=10 * i), CLASSES) for i in range(2)]
    both = pool(parts)
    assert both.labels.tolist() == LABELS * 2
    assert both.names[5] == '0/10.png' and both.accuracy == 60
    with pytest.raises(ValueError, match='0.pkl, .*0.pkl'):
        pool(parts[:1] * 2)


def test_bad_files(tmp_path):
    mmengine.dump([dict(a=1)], tmp_path / 'a.pkl')
    with pytest.raises(ValueError, match='a.pkl holds no predictions'):
        load_predictions(tmp_path / 'a.pkl', CLASSES)
    dump(tmp_path / 'b.pkl')
    with pytest.raises(ValueError, match='b.pkl has scores of 3 classes'):
        load_predictions(tmp_path / 'b.pkl', CLASSES[:2])
    dump(tmp_path / 'd.pkl', labels=[0] * 5)
    with pytest.raises(ValueError, match='d.pkl has no image of the classes'):
        load_predictions(tmp_path / 'd.pkl', CLASSES, CLASSES[1:])
    with pytest.raises(FileNotFoundError, match='c.pkl'):
        load_predictions(tmp_path / 'c.pkl', CLASSES)


@pytest.mark.parametrize('name, content', [
    ('cut.pkl', b'\x80\x04\x95\x1a\x00'), ('notes.txt', b'text'),
    ('other.pkl', b'no pickle')])
def test_what_is_no_pickle_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f'{name} cannot be read as predict'):
        load_predictions(tmp_path / name, CLASSES)
    with pytest.raises(FileNotFoundError):
        load_predictions(tmp_path / 'absent.pkl', CLASSES)
