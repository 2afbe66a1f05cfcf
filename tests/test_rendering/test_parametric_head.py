from collections import Counter

import numpy as np
import pytest

from head_model.head import build_head
from ipdfer_mm.rendering import parametric_head
from ipdfer_mm.rendering.expressions import RESTING, UNSIDED, VARIANTS


@pytest.fixture(scope='module')
def head():
    return parametric_head()


def test_size_of_the_model(head):
    assert 1500 <= len(head.triangles) <= 4000
    assert len(head.identity) >= 20
    assert len(head.mean) == len(np.unique(head.triangles))
    assert np.isfinite(head.identity).all()
    assert np.isfinite(head.expression).all()
    assert parametric_head() is head


def test_the_file_is_what_the_formulas_make(head):
    made = build_head()
    assert (made.expression_names, made.groups) == (
        head.expression_names, head.groups)
    for name in ('triangles', 'landmarks68'):
        assert np.array_equal(getattr(made, name), getattr(head, name))
    for name in ('mean', 'identity', 'expression'):
        np.testing.assert_allclose(
            getattr(made, name), getattr(head, name), atol=1e-5)


def test_landmarks_are_ordered_as_multi_pie(head):
    points = head.mean[head.landmarks68]
    assert len(set(head.landmarks68)) == 68
    x, y, z = points.T
    assert (np.diff(x[:17]) > 0).all()
    assert y[8] == y[:17].min()
    assert (np.diff(x[17:27]) > 0).all()
    assert (np.diff(y[27:31]) < 0).all()
    assert z[30] == z.max()
    assert (np.diff(x[31:36]) > 0).all()
    # Eyes and lips run clockwise as seen in an image.
    assert x[36] < x[37] < x[38] < x[39] > x[40] > x[41]
    assert x[42] < x[43] < x[44] < x[45] > x[46] > x[47]
    assert y[37] > y[41] and y[44] > y[46]
    assert (np.diff(x[48:55]) > 0).all() and (np.diff(x[54:60]) < 0).all()
    assert (np.diff(x[60:65]) > 0).all() and (np.diff(x[64:68]) < 0).all()
    assert y[51] > y[62] > y[66] > y[57]
    mirrored = points * (-1, 1, 1)
    assert np.allclose(mirrored[36], points[45], atol=1e-5)
    assert np.allclose(mirrored[:17], points[16::-1], atol=1e-5)


def test_skin_has_no_holes_but_eyes_and_mouth(head):
    first, last = head.groups['face']
    edges = Counter()
    for triangle in head.triangles[(head.triangles < last).all(axis=1)]:
        edges.update((triangle[i], triangle[i - 1]) for i in range(3))
    # A consistent surface uses each directed edge once.
    assert max(edges.values()) == 1
    border = {edge[0] for edge in edges if edge[::-1] not in edges}
    rims = head.mean[list(border)]
    base = rims[:, 1] < -8.4
    front = rims[(rims[:, 2] > 5) & ~base]
    eyes = (np.abs(np.abs(front[:, 0]) - 3.15) < 1.5) & (
        np.abs(front[:, 1] - 3.4) < .7)
    mouth = (np.abs(front[:, 0]) < 2.4) & (np.abs(front[:, 1] + 3.4) < .2)
    assert (eyes | mouth).all() and eyes.any() and mouth.any()
    # Elsewhere it ends in a thumb's width at the crown and under the chin.
    others = rims[(rims[:, 2] <= 5) | base]
    assert ((others[:, 1] > 13.2) | (others[:, 1] < -8.4)).all()
    assert np.abs(others[:, 0]).max() < 1


def test_all_expressions_exist(head, ict):
    used = set().union(*RESTING, *(v for vs in VARIANTS.values() for v in vs))
    assert set(UNSIDED) <= set(head.expression_names)
    for model in (head, ict):
        for name in used:
            vector = model.expression_vector({name: 1.0})
            assert vector.sum() == (1 if name in UNSIDED else 2)


@pytest.mark.parametrize('name, landmark, axis, sign', [
    ('browInnerUp_L', 22, 1, 1), ('browInnerUp_R', 21, 1, 1),
    ('browDown_L', 22, 1, -1), ('eyeBlink_L', 43, 1, -1),
    ('eyeWide_R', 37, 1, 1), ('mouthSmile_L', 54, 1, 1),
    ('mouthSmile_R', 48, 1, 1), ('mouthFrown_L', 54, 1, -1),
    ('mouthStretch_R', 48, 0, -1), ('mouthPucker', 54, 0, -1),
    ('mouthUpperUp_L', 53, 1, 1), ('mouthLowerDown_L', 55, 1, -1),
    ('jawOpen', 57, 1, -1), ('jawOpen', 8, 1, -1), ('noseSneer_R', 31, 1, 1)
])
def test_expressions_move_the_right_way(head, ict, name, landmark, axis,
                                        sign):
    for model in (head, ict):
        moved = model.expression_offset(model.expression_vector({name: 1}))
        assert sign * moved[model.landmarks68[landmark], axis] > .1


def test_sides_move_alone_and_alike(head):
    for name in head.expression_names:
        if not name.endswith('_L'):
            continue
        left, right = (head.expression_offset(head.expression_vector(
            {name[:-2] + side: 1})) for side in ('_L', '_R'))
        far = head.mean[:, 0] < -1
        assert np.abs(left[far]).max() < 1e-6, name
        assert np.allclose(left[head.mean[:, 0] > .9].sum(axis=0),
                           right[head.mean[:, 0] < -.9].sum(axis=0) *
                           (-1, 1, 1), atol=1e-3)


def test_jaw_opens_the_mouth_between_the_lips(head):
    jaw = head.expression_offset(head.expression_vector({'jawOpen': 1}))
    gap = (jaw[head.landmarks68[62]] - jaw[head.landmarks68[66]])[1]
    assert gap > 1.5
