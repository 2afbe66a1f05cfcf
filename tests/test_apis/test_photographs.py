"""The model of the package on photographs that it has not seen."""

import csv

import numpy as np
import pytest

from ipdfer_mm.apis import ExpressionInferencer
from ipdfer_mm.datasets import FERPlus
from ipdfer_mm.preparation.datasets import PREPARABLE

CLASSES = ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness',
           'surprise', 'contempt')


def test_happy_and_neutral_subjects(lfw_people):
    with open(lfw_people / 'faces.csv') as file:
        rows = [row for row in csv.DictReader(file)
                if row['expression'] in ('happiness', 'neutral')][::25]
    assert len(rows) > 200
    inferencer = ExpressionInferencer(device='cpu')
    assert inferencer.classes == CLASSES
    results = inferencer([lfw_people / row['path'] for row in rows])
    assert sum(not result.faces for result in results) <= 2
    right = {'happiness': [], 'neutral': []}
    for row, result in zip(rows, results):
        for face in result.faces[:1]:
            scores = face.probabilities
            assert sum(scores.values()) == pytest.approx(1, abs=1e-5)
            happy = scores['happiness'] > scores['neutral']
            right[row['expression']].append(
                happy == (row['expression'] == 'happiness'))
    assert np.mean([np.mean(part) for part in right.values()]) > 0.88


def test_private_test(ferplus):
    """Every tenth photograph, from 48x48 pixels."""
    dataset = FERPlus(str(ferplus), 'test')
    samples = [dataset.get_data_info(i) for i in range(0, len(dataset), 10)]
    assert dataset.CLASSES == CLASSES
    inferencer = ExpressionInferencer(
        device='cpu', recipe=PREPARABLE['ferplus'].recipe)
    results = inferencer([sample['img_path'] for sample in samples])
    found = [(sample, result.faces[0])
             for sample, result in zip(samples, results) if result.faces]
    assert len(found) > 0.95 * len(samples)
    right = [face.label == CLASSES[sample['gt_label']]
             for sample, face in found]
    assert np.mean(right) > 0.78
    # Neither much more certain than it is right, nor less.
    certain = [max(face.probabilities.values()) for _, face in found]
    assert abs(np.mean(certain) - np.mean(right)) < 0.08
