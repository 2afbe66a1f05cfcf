"""Networks trained on photographs see rendered faces as they see those."""

import numpy as np
import pytest
from helpers.rendered import sample_specs

from ipdfer_mm.preparation.detection import FaceDetector
from ipdfer_mm.preparation.head_pose import FaceImage, NetworkPose


def render(renderer, count, seed, **kwargs):
    for spec in sample_specs(renderer.model, count,
                             np.random.default_rng(seed), size=224,
                             crop='full', **kwargs):
        yield spec, renderer.render(spec)


def test_mtcnn_finds_the_faces(renderer):
    detector = FaceDetector()
    found = 0
    for _, face in render(renderer, 20, 5):
        faces, = detector.detect([face.image])
        if max(faces.scores, default=0) < .95:
            continue
        points = faces.points[faces.scores.argmax()]
        eyes = np.linalg.norm(face.five_points[1] - face.five_points[0])
        errors = np.linalg.norm(points - face.five_points, axis=1)
        found += errors.mean() < .25 * eyes
    assert found >= 19


def test_head_pose_network_agrees(renderer, shared):
    pytest.importorskip('onnxruntime')
    pose = NetworkPose(*(
        str(shared / f'weights/fsanet/fsanet-{kind}-iter-688590.onnx')
        for kind in ('1x1', 'var')))
    true, found = zip(*(
        (spec.yaw, pose(FaceImage('a', face.image, face.five_points)).yaw)
        for spec, face in render(renderer, 24, 6, max_yaw=60)))
    assert np.corrcoef(true, found)[0, 1] > .9
    slope, offset = np.polyfit(true, found, 1)
    assert .7 < slope < 1.5 and abs(offset) < 5
