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


@pytest.fixture
def checkout(packed, tmp_path):
    """A checkout with a few vertices behind the cut and few shapes."""
    folder = tmp_path / 'ICT-FaceKit/FaceXModel'
    folder.mkdir(parents=True)

    def write(name, offset=0, triangles=()):
        vertices = packed['mean'][:size].astype(np.float64) + offset
        lines = ['# exported', 'o head', 'vt 0.5 0.5']
        lines += [f'v {x!r} {y!r} {z!r}' for x, y, z in vertices.tolist()]
        lines += [f'f {a}/1/1 {b}/1/1 {c}/1/1' for a, b, c in triangles]
        (folder / f'{name}.obj').write_text('\n'.join(lines) + '\n')

    size = CUT + 100
    kept = packed['triangles'][(packed['triangles'] < size).all(axis=1)]
    write('generic_neutral_mesh', triangles=kept + 1)
    for i in range(2):
        write(f'identity{i:03d}', packed['identity'][i, :size])
    names = packed['expression_names'].tolist()
    for name in NAMES:
        write(name, packed['expression'][names.index(name), :size])
    return folder.parent


@pytest.fixture
def convert(tool, checkout, tmp_path):
    def call():
        out = tmp_path / 'data/model.npz'  # data/ is not there in a clone
        tool.convert(checkout, out, cut=CUT, identities=2, expressions=NAMES)
        return out

    return call


def test_converting_gives_the_packed_arrays(packed, convert):
    out = convert()
    with np.load(out) as file:
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
    assert FaceModel.load(out).mean.shape == (CUT, 3)


def test_constants_are_those_of_the_packed_file(tool, packed):
    assert list(tool.EXPRESSIONS) == packed['expression_names'].tolist()
    assert list(tool.LANDMARKS68) == packed['landmarks68'].tolist()
    assert list(tool.GROUPS) == packed['group_names'].tolist()
    assert [list(ends) for ends in tool.GROUPS.values()
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


def test_what_is_wrong_is_named(tool, checkout, convert, tmp_path):
    for name, message in (('m.npy', 'm.npy must end in .npz'),
                          ('m.npz', 'at least 24591')):
        with pytest.raises(ValueError, match=message):
            tool.convert(checkout, tmp_path / name)
    (checkout / 'FaceXModel/identity001.obj').write_text('v 0 0 0\n')
    with pytest.raises(ValueError, match='identity001.obj has 1 vert.* 6600'):
        convert()
    (checkout / 'FaceXModel/identity001.obj').unlink()
    with pytest.raises(FileNotFoundError, match='identity001.obj'):
        convert()
    assert not list(tmp_path.rglob('*.np*'))


def test_command_line_names_what_is_missing(tmp_path):
    run = call_tool(TOOL, tmp_path, tmp_path / 'model.npz')
    assert run.code != 0
    assert 'generic_neutral_mesh.obj does not exist' in run.err
