import numpy as np
import pytest

from ipdfer_mm.rendering import FaceModel


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return dict(
        mean=rng.normal(size=(80, 3)).astype(np.float32),
        identity=rng.normal(size=(2, 80, 3)).astype(np.float16),
        expression=rng.normal(size=(3, 80, 3)).astype(np.float16),
        expression_names=np.array(['jawOpen', 'mouthSmile_L',
                                   'mouthSmile_R']),
        triangles=np.array([[0, 1, 2], [68, 70, 71], [2, 3, 72]]),
        group_names=np.array(['face', 'sclera_left', 'iris_left']),
        group_ranges=np.array([[0, 68], [68, 70], [70, 80]]),
        landmarks68=np.arange(68))


def load(arrays, tmp_path):
    np.savez(tmp_path / 'model.npz', **arrays)
    return FaceModel.load(tmp_path / 'model.npz')


def test_vertices_are_weighted_sums(arrays, tmp_path):
    arrays['group_names'] = np.array(['face', 'teeth', 'iris_left'])
    model = load(arrays, tmp_path)
    vertices = model.identity_vertices([.5, -1])
    expected = (arrays['mean'] + .5 * arrays['identity'][0] -
                arrays['identity'][1])
    assert np.allclose(vertices, expected, atol=1e-2)
    assert vertices.dtype == np.float32
    offset = model.expression_offset([.25, 0, 2])
    expected = .25 * arrays['expression'][0] + 2 * arrays['expression'][2]
    assert np.allclose(offset, expected, atol=1e-2)
    assert np.array_equal(model.identity_vertices([0, 0]), model.mean)


def test_clear_shells_are_cut_out(arrays, tmp_path):
    model = load(arrays, tmp_path)
    assert model.groups == {'face': (0, 68), 'iris_left': (68, 78)}
    assert np.array_equal(model.mean[68:], arrays['mean'][70:])
    assert model.triangles.tolist() == [[0, 1, 2], [2, 3, 70]]
    assert model.identity.shape == (2, 78, 3)
    assert model.expression.shape == (3, 78, 3)


def test_weights_by_name(arrays, tmp_path):
    model = load(arrays, tmp_path)
    vector = model.expression_vector({'mouthSmile_R': .5, 'jawOpen': 1})
    assert vector.tolist() == [1, 0, .5]
    assert model.expression_vector({'mouthSmile': .5}).tolist() == [0, .5, .5]
    with pytest.raises(ValueError, match='browDown.*jawOpen'):
        model.expression_vector({'browDown': 1})


def test_wrong_number_of_weights(arrays, tmp_path):
    model = load(arrays, tmp_path)
    with pytest.raises(ValueError, match=r'identity.*\(3,\).*2 shapes'):
        model.identity_vertices([0, 0, 0])
    with pytest.raises(ValueError, match='expression.*3 shapes'):
        model.expression_offset([0])


def test_missing_file_and_keys(arrays, tmp_path):
    with pytest.raises(FileNotFoundError, match='none.npz.*ict_facekit.py'):
        FaceModel.load(tmp_path / 'none.npz')
    del arrays['identity'], arrays['triangles']
    with pytest.raises(ValueError,
                       match='model.npz lacks identity, triangles'):
        load(arrays, tmp_path)


@pytest.mark.parametrize('kind', ['half', 'array', 'text'])
def test_damaged_files_are_named(arrays, tmp_path, kind):
    load(arrays, tmp_path)
    path = tmp_path / 'model.npz'
    if kind == 'array':
        path = tmp_path / 'model.npy'
        np.save(path, np.zeros(3))
    else:
        path.write_bytes(b'text' if kind == 'text' else
                         path.read_bytes()[:path.stat().st_size // 2])
    with pytest.raises(ValueError, match=f'{path.name} is no readable'):
        FaceModel.load(path)


@pytest.mark.parametrize('key, value', [
    ('mean', np.zeros((80, 2))),
    ('identity', np.zeros((2, 79, 3))),
    ('expression', np.zeros((2, 80, 3))),
    ('triangles', np.array([[0, 1, 80]])),
    ('landmarks68', np.arange(67)),
    ('landmarks68', np.arange(68) - 1),
    ('group_ranges', np.array([[0, 68], [68, 70]])),
    ('group_ranges', np.array([[0, 68], [68, 70], [70, 81]])),
])
def test_array_that_does_not_fit_is_named(arrays, tmp_path, key, value):
    arrays[key] = value
    with pytest.raises(ValueError, match=f'model.npz: {key}'):
        load(arrays, tmp_path)


def test_ict_model_loads(ict):
    assert ict.mean.shape == (24591 - 2 * 770, 3)
    assert ict.identity.shape[0] == 100
    assert 'sclera_left' not in ict.groups
    assert len(ict.expression_names) == 57
