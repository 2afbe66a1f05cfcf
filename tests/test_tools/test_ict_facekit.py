import numpy as np
import pytest
from helpers.tools import call_tool, load_tool

from ipdfer_mm.rendering import FaceModel

TOOL = 'dataset_converters/ict_facekit.py'
# Just above the last landmark.
CUT = 6500
NAMES = ('browDown_L', 'jawOpen', 'mouthSmile_R')


@pytest.fixture(scope='module')
def tool():
    return load_tool(TOOL)


@pytest.fixture(scope='module')
def packed(shared):
    with np.load(shared / 'data/ict_facekit/ict_facekit_light.npz') as file:
        return dict(file)


def write_obj(path, vertices, triangles=()):
    lines = ['# exported', 'o head', 'vt 0.5 0.5']
    lines += [f'v {x!r} {y!r} {z!r}' for x, y, z in vertices.tolist()]
    lines += [f'f {a}/1/1 {b}/1/1 {c}/1/1' for a, b, c in triangles]
    path.write_text('\n'.join(lines) + '\n')


@pytest.fixture
def checkout(packed, tmp_path):
    """A checkout with a few vertices behind the cut and few shapes."""
    folder = tmp_path / 'ICT-FaceKit/FaceXModel'
    folder.mkdir(parents=True)
    size = CUT + 100
    mean = packed['mean'][:size].astype(np.float64)
    kept = packed['triangles'][(packed['triangles'] < size).all(axis=1)]
    write_obj(folder / 'generic_neutral_mesh.obj', mean, kept + 1)
    for i in range(2):
        write_obj(folder / f'identity{i:03d}.obj',
                  mean + packed['identity'][i, :size])
    names = packed['expression_names'].tolist()
    for name in NAMES:
        write_obj(folder / f'{name}.obj',
                  mean + packed['expression'][names.index(name), :size])
    return folder.parent


def convert(tool, checkout, out):
    with pytest.raises(ValueError, match='model.npy must end in .npz'):
        tool.convert(checkout, out.with_suffix('.npy'))
    out = out.parent / 'new' / out.name  # data/ is not there in a clone
    tool.convert(checkout, out, cut=CUT, identities=2, expressions=NAMES)
    out.rename(out.parents[1] / out.name)


def test_converting_gives_the_packed_arrays(tool, packed, checkout, tmp_path):
    convert(tool, checkout, tmp_path / 'model.npz')
    with np.load(tmp_path / 'model.npz') as file:
        arrays = dict(file)
    names = packed['expression_names'].tolist()
    chosen = [names.index(name) for name in NAMES]
    kept = (packed['triangles'] < CUT).all(axis=1)
    assert set(arrays) == set(packed)
    for key, expected in dict(
            mean=packed['mean'][:CUT],
            identity=packed['identity'][:2, :CUT],
            expression=packed['expression'][chosen, :CUT],
            expression_names=np.array(NAMES),
            triangles=packed['triangles'][kept],
            landmarks68=packed['landmarks68']).items():
        assert np.array_equal(arrays[key], expected), key
        assert arrays[key].dtype.kind == packed[key].dtype.kind
    assert arrays['identity'].dtype == np.float16
    assert arrays['group_names'].tolist() == ['face']
    assert FaceModel.load(tmp_path / 'model.npz').mean.shape == (CUT, 3)


def test_constants_are_those_of_the_packed_file(tool, packed):
    assert list(tool.EXPRESSIONS) == packed['expression_names'].tolist()
    assert list(tool.LANDMARKS68) == packed['landmarks68'].tolist()
    assert list(tool.GROUPS) == packed['group_names'].tolist()
    assert [*map(list, tool.GROUPS.values())
            ] == packed['group_ranges'].tolist()
    assert len(packed['mean']) == tool.CUT
    assert len(packed['identity']) == tool.IDENTITIES


def test_obj_of_the_real_world(tool, tmp_path):
    path = tmp_path / 'mesh.obj'
    path.write_text('# made by hand\nmtllib a.mtl\n\n'
                    'v 0 0 0\nv 1.5e0 0 -0.25 # corner\nv 1 1 0 0.5 0.5 0.5\n'
                    'v 0 1 0\nvt 0 0\nvn 0 0 1\ng part\ns off\n'
                    'f 1/1/1 2/1/1 3/1/1 4/1/1\nf 1//1 2//1 3//1\nf 1 2 3\n'
                    'f -4 -3 -1\n')
    vertices, triangles = tool.read_obj(path)
    assert vertices.tolist() == [[0, 0, 0], [1.5, 0, -.25], [1, 1, 0],
                                 [0, 1, 0]]
    assert triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2], [0, 1, 2],
                                  [0, 1, 3]]


@pytest.mark.parametrize('line', ['v 1 2', 'v 1 2 x', 'f 1 2', 'f 1 2 9',
                                  'f 1 2 0'])
def test_bad_line_is_named(tool, tmp_path, line):
    path = tmp_path / 'mesh.obj'
    path.write_text(f'v 0 0 0\nv 1 0 0\n{line}\n')
    with pytest.raises(ValueError, match='mesh.obj, line 3'):
        tool.read_obj(path)


def test_missing_file_is_named(tool, checkout, tmp_path):
    (checkout / 'FaceXModel/jawOpen.obj').unlink()
    with pytest.raises(FileNotFoundError, match='jawOpen.obj'):
        convert(tool, checkout, tmp_path / 'model.npz')
    assert not (tmp_path / 'model.npz').exists()


def test_other_number_of_vertices_is_named(tool, checkout, tmp_path):
    path = checkout / 'FaceXModel/identity001.obj'
    path.write_text('v 0 0 0\n')
    with pytest.raises(ValueError, match=r'identity001.obj has 1 vertices.*'
                       '6600'):
        convert(tool, checkout, tmp_path / 'model.npz')
    with pytest.raises(ValueError, match='at least 24591'):
        tool.convert(checkout, tmp_path / 'model.npz')


def test_command_line_names_what_is_missing(tmp_path):
    run = call_tool(TOOL, tmp_path, tmp_path / 'model.npz')
    assert run.code != 0
    assert 'generic_neutral_mesh.obj does not exist' in run.err
