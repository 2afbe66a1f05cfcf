import json

import numpy as np

from ipdfer_mm.apis import Face, ImageResult
from ipdfer_mm.apis.results import face_cells, face_columns
from ipdfer_mm.preparation.head_pose import UNKNOWN, Angles

FACE = Face(np.array([1, 2, 3.456, 4]), np.arange(10.).reshape(5, 2), .98765,
            dict(sad=.25, glad=.75), Angles(12.346, -6, 0), ('mirrored', ))
WHOLE = Face(np.array([0., 0, 64, 64]), None, float('nan'),
             dict(sad=1., glad=0.), UNKNOWN)


def test_plain_values():
    content = json.loads(json.dumps(FACE.to_dict(), allow_nan=False))
    assert content == dict(
        label='glad', probabilities=dict(sad=.25, glad=.75),
        box=[1, 2, 3.46, 4], points=[[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]],
        detection_score=.98765, yaw=12.35, pitch=-6, roll=0,
        flags=['mirrored'])
    content = json.loads(json.dumps(WHOLE.to_dict(), allow_nan=False))
    assert content['label'] == 'sad' and content['flags'] == []
    for name in ('points', 'detection_score', 'yaw', 'pitch', 'roll'):
        assert content[name] is None
    assert ImageResult('a', error='b').to_dict() == dict(
        path='a', faces=[], error='b')


def test_rows():
    classes = ('sad', 'glad')
    row = dict(zip(face_columns(classes), face_cells(FACE, classes)))
    assert row['label'] == 'glad' and row['glad'] == '0.7500'
    assert row['right'] == '3.46' and row['rmouth_y'] == '9.00'
    assert row['pitch'] == '-6.00' and row['flags'] == 'mirrored'
    row = dict(zip(face_columns(classes), face_cells(WHOLE, classes)))
    assert row['nose_x'] == row['yaw'] == row['detection_score'] == ''
    assert set(face_cells(None, classes)) == {''}
    assert len(face_cells(None, classes)) == len(face_columns(classes))
