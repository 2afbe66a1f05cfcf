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


def test_no_points_no_pose():
    assert np.isnan(FivePointPose()(FaceImage('a', IMAGE, None))).all()


def test_five_points_of_rendered_subjects():
    renderer = FaceRenderer(parametric_head())
    true, found = [], []
    for spec in sample_specs(renderer.model, 20, np.random.default_rng(2)):
        face = renderer.render(spec)
        true.append(spec.yaw)
        found.append(FivePointPose()(FaceImage(
            'a', face.image, face.five_points)).yaw)
    # A mirrored or swapped axis, or radians, would be far off.
    assert np.abs(np.subtract(true, found)).mean() < 6


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


def test_contour_from_a_file(tmp_path):
    path = tmp_path / 'landmarks.csv'
    header = ','.join(f'{axis}{i}' for i in range(98) for axis in 'xy')
    cells = ','.join(map(str, points98(.25).ravel()))
    path.write_text(f'path,{header}\na.jpg,{cells}\n')
    pose = ContourPose(str(path))
    assert pose(FaceImage('a.jpg', IMAGE, None)).yaw == 36
    assert np.isnan(pose(FaceImage('b.jpg', IMAGE, None))).all()
    # Of a face that the landmark detector did not find.
    path.write_text(f'path,{header}\na.jpg,{cells}\nb.jpg{"," * 196}\n')
    pose = ContourPose(str(path))
    assert list(pose.angles) == ['a.jpg']
    assert np.isnan(pose(FaceImage('b.jpg', IMAGE, None))).all()
    path.write_text(f'path,{header}\na.jpg,{cells[:-1]}'.rpartition(',')[0]
                    + ',\n')
    with pytest.raises(ValueError, match='line 2: some landmarks are there'):
        ContourPose(str(path))
    path.write_text('path,x0,y0,x1,y1\na.jpg,1,2,3,4\n')
    with pytest.raises(ValueError, match='columns for 2 landmarks'):
        ContourPose(str(path))


def test_angles_from_a_file(tmp_path):
    path = tmp_path / 'pose.csv'
    path.write_text('path,yaw,pitch\na.jpg,-12.5,3\nb.jpg,,\n')
    pose = TablePose(str(path))
    np.testing.assert_array_equal(
        pose(FaceImage('a.jpg', IMAGE, None)), (-12.5, 3, np.nan))
    for name in ('b.jpg', 'c.jpg'):
        assert np.isnan(pose(FaceImage(name, IMAGE, None))).all()
    path.write_text('path,yaw\na.jpg,1\na.jpg,2\n')
    with pytest.raises(ValueError, match='line 3: a.jpg is already'):
        TablePose(str(path))
    path.write_text('path,yaw\na.jpg,left\n')
    with pytest.raises(ValueError, match="line 2: column yaw holds 'left'"):
        TablePose(str(path))


def test_network(shared):
    pytest.importorskip('onnxruntime')
    pose = NetworkPose(*(
        str(shared / f'weights/fsanet/fsanet-{kind}-iter-688590.onnx')
        for kind in ('1x1', 'var')
    ))
    renderer = FaceRenderer(parametric_head())
    true, found = [], []
    specs = sample_specs(renderer.model, 16, np.random.default_rng(4),
                         size=224, crop='full')
    for spec in specs:
        face = renderer.render(spec)
        true.append((spec.yaw, spec.pitch, spec.roll))
        found.append(pose(FaceImage('a', face.image, face.five_points)))
    true, found = np.array(true), np.array(found)
    assert np.corrcoef(true[:, 0], found[:, 0])[0, 1] > .97
    assert np.abs(true - found).mean(axis=0).max() < 8
    assert np.corrcoef(true[:, 2], found[:, 2])[0, 1] > .7


def test_network_is_checked(tmp_path):
    pytest.importorskip('onnxruntime')
    with pytest.raises(FileNotFoundError, match='no.onnx does not exist'):
        NetworkPose(str(tmp_path / 'no.onnx'))
