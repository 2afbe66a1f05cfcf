import numpy as np
import pytest

from ipdfer_mm.rendering import (
    add_weights,
    sample_expression,
    sample_resting_face,
)
from ipdfer_mm.utils.expressions import EXPRESSIONS


@pytest.mark.parametrize('name', EXPRESSIONS)
def test_weights_are_valid_and_vary(name):
    samples, again = ([sample_expression(name, rng) for _ in range(50)]
                      for rng in map(np.random.default_rng, (0, 0)))
    assert samples == again
    for sample in samples:
        assert all(0 < weight <= 1 for weight in sample.values())
    if name == 'neutral':
        assert samples == [{}] * 50
    else:
        assert len({tuple(sample) for sample in samples}) >= 2
        assert samples[0] != samples[1]


def test_unknown_class():
    with pytest.raises(ValueError, match="'happy'.*happiness"):
        sample_expression('happy', np.random.default_rng(0))


def test_resting_faces_are_slight_and_differ():
    rng = np.random.default_rng(0)
    faces = [sample_resting_face(rng) for _ in range(100)]
    assert max(max(face.values(), default=0) for face in faces) < .95
    assert sum(bool(face) for face in faces) > 90
    assert len({tuple(face) for face in faces}) > 20


def test_adding_weights():
    assert add_weights({'a': .5, 'b': .75}, {'b': .5, 'c': .25}) == {
        'a': .5, 'b': 1.0, 'c': .25}
