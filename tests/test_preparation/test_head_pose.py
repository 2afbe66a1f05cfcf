import numpy as np
import pytest
from helpers.rendered import sample_specs

from ipdfer_mm.preparation.head_pose import (
    ContourPose,
    FaceImage,
    FivePointPose,
    NetworkPose,
    TablePose,
    angles_of,
    contour_yaw,
)
from ipdfer_mm.preparation.head_pose.five_points import HEAD
from ipdfer_mm.rendering import FaceRenderer, head_rotation, parametric_head

IMAGE = np.zeros((10, 10, 3), np.uint8)


@pytest.mark.parametrize('angles', [(0, 0, 0), (30, 0, 0), (0, 20, 0),
                                    (0, 0, -15), (-70, 12, 25), (50, -30, 5)])
def test_angles_of_the_renderers_rotation(angles):
    np.testing.assert_allclose(
        angles_of(head_rotation(*angles)), angles, atol=1e-3)


@pytest.mark.parametrize('angles', [(0, 0, 0), (35, -10, 8), (-50, 15, -20)])
def test_five_points_of_the_average_head(angles):
    """Seen from 90 cm, the pose is found back."""
    turned = HEAD @ head_rotation(*angles).T
    near = 90 / (90 - turned[:, 2])
    points = 100 + 12 * turned[:, :2] * near[:, None] * (1, -1)
    found = FivePointPose()(FaceImage('a', IMAGE, points))
    # The focal length is a guess from the foreshortened face.
    np.testing.assert_allclose(found, angles, atol=4)


@pytest.fixture
def rendered():
    """A renderer, and how to draw subjects for it."""
    renderer = FaceRenderer(parametric_head())

    def render(count, seed, **kwargs):
        for spec in sample_specs(renderer.model, count,
                                 np.random.default_rng(seed), **kwargs):
            face = renderer.render(spec)
            yield (spec.yaw, spec.pitch, spec.roll), FaceImage(
                'a', face.image, face.five_points)

    return render


def test_no_points_no_pose():
    assert np.isnan(FivePointPose()(FaceImage('a', IMAGE, None))).all()


def test_five_points_of_rendered_subjects(rendered):
    errors = [true[0] - FivePointPose()(face).yaw
              for true, face in rendered(20, 2)]
    # A mirrored or swapped axis, or radians, would be far off.
    assert np.abs(errors).mean() < 6


def points98(foot):
    """Landmarks whose nose bridge is over a share of the line 1 to 31."""
    points = np.zeros((98, 2))
    points[1], points[31] = (10, 50), (110, 50)
    points[51] = (10 + 100 * foot, 30)
    return points


@pytest.mark.parametrize('foot, yaw', [
    (.5, 0),  # int(0.7037)
    (.25, 36),  # 71.58 / 2 + 0.7037 = 36.49
    (.75, -35),  # -35.79 + 0.7037 = -35.09, towards 0
    (0, 72),
])
def test_contour_formula(foot, yaw):
    assert contour_yaw(points98(foot)) == yaw


def test_contour_of_68_points():
    points = np.zeros((68, 2))
    points[0], points[1] = (9, 50), (11, 50)
    points[15], points[16] = (109, 50), (111, 50)
    points[27] = (35, 30)
    assert contour_yaw(points) == 36
    with pytest.raises(ValueError, match='68 or 98 landmarks.*5, 2'):
        contour_yaw(np.zeros((5, 2)))


AXES98 = ','.join(f'{axis}{i}' for i in range(98) for axis in 'xy')
CELLS98 = ','.join(map(str, points98(.25).ravel()))


def pose_of(estimator, name):
    return estimator(FaceImage(name, IMAGE, None))


def test_contour_from_a_file(tmp_path):
    path = tmp_path / 'landmarks.csv'
    # The second: of a face that the landmark detector did not find.
    path.write_text(f'path,{AXES98}\na.jpg,{CELLS98}\nb.jpg{"," * 196}\n')
    pose = ContourPose(str(path))
    assert list(pose.angles) == ['a.jpg']
    assert pose_of(pose, 'a.jpg').yaw == 36
    for name in ('b.jpg', 'c.jpg'):
        assert np.isnan(pose_of(pose, name)).all()


def test_angles_from_a_file(tmp_path):
    path = tmp_path / 'pose.csv'
    path.write_text('path,yaw,pitch\na.jpg,-12.5,3\nb.jpg,,\n')
    pose = TablePose(str(path))
    np.testing.assert_array_equal(pose_of(pose, 'a.jpg'), (-12.5, 3, np.nan))
    for name in ('b.jpg', 'c.jpg'):
        assert np.isnan(pose_of(pose, name)).all()


@pytest.mark.parametrize('kind, text, message', [
    (ContourPose, f'path,{AXES98}\na.jpg,{CELLS98.rpartition(",")[0]},\n',
     'line 2: some landmarks are there'),
    (ContourPose, 'path,x0,y0,x1,y1\na.jpg,1,2,3,4\n',
     'columns for 2 landmarks'),
    (TablePose, 'path,yaw\na.jpg,1\na.jpg,2\n', 'line 3: a.jpg is already'),
    (TablePose, 'path,yaw\na.jpg,left\n', "line 2: column yaw holds 'left'"),
])
def test_wrong_files(tmp_path, kind, text, message):
    (tmp_path / 'table.csv').write_text(text)
    with pytest.raises(ValueError, match=message):
        kind(str(tmp_path / 'table.csv'))


def test_network(shared, rendered):
    pytest.importorskip('onnxruntime')
    pose = NetworkPose(*(
        str(shared / f'weights/fsanet/fsanet-{kind}-iter-688590.onnx')
        for kind in ('1x1', 'var')))
    true, found = np.array([
        (angles, pose(face))
        for angles, face in rendered(16, 4, size=224, crop='full')
    ]).swapaxes(0, 1)
    assert np.corrcoef(true[:, 0], found[:, 0])[0, 1] > .97
    assert np.abs(true - found).mean(axis=0).max() < 8
    assert np.corrcoef(true[:, 2], found[:, 2])[0, 1] > .7


def test_network_is_checked(tmp_path):
    pytest.importorskip('onnxruntime')
    with pytest.raises(FileNotFoundError, match='no.onnx does not exist'):
        NetworkPose(str(tmp_path / 'no.onnx'))
    (tmp_path / 'text.onnx').write_text('no network')
    with pytest.raises(ValueError, match='text.onnx is no ONNX file'):
        NetworkPose(str(tmp_path / 'text.onnx'))


def save_network(path, shape, answers):
    """A network that answers with so many numbers."""
    onnx = pytest.importorskip('onnx')
    tensor = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node('ReduceSum', ['x'], ['sum'], keepdims=0),
         onnx.helper.make_node('Reshape', ['sum', 'one'], ['flat']),
         onnx.helper.make_node('Tile', ['flat', 'times'], ['y'])],
        'pose', [tensor('x', onnx.TensorProto.FLOAT, shape)],
        [tensor('y', onnx.TensorProto.FLOAT, [answers])],
        [onnx.numpy_helper.from_array(np.array([value]), name)
         for name, value in (('one', 1), ('times', answers))])
    opset = onnx.helper.make_opsetid('', 18)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return NetworkPose(str(path))


def test_networks_of_another_form(tmp_path, rendered):
    pytest.importorskip('onnxruntime')
    with pytest.raises(ValueError, match='input of shape .*a head-pose netw'):
        save_network(tmp_path / 'gray.onnx', (1, 1, 8, 8), 3)
    _, face = next(rendered(1, 4, size=64, crop='full'))
    assert len(save_network(tmp_path / 'a.onnx', (1, 3, 8, 8), 3)(face)) == 3
    with pytest.raises(ValueError, match='b.onnx gives 2 numbers for a face'):
        save_network(tmp_path / 'b.onnx', (1, 3, 8, 8), 2)(face)
