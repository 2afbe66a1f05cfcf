import cv2
import numpy as np
import pytest
import torch
from helpers.rendered import sample_specs


def test_mtcnn_finds_the_faces(renderer):
    facenet_pytorch = pytest.importorskip('facenet_pytorch')
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    detector = facenet_pytorch.MTCNN(keep_all=True)
    found = 0
    for spec in sample_specs(renderer.model, 20, np.random.default_rng(5),
                             size=224, crop='full'):
        face = renderer.render(spec)
        _, scores, points = detector.detect(face.image, landmarks=True)
        if scores[0] is None or max(scores) < .95:
            continue
        points = np.asarray(points[np.argmax(scores)], dtype=float)
        eyes = np.linalg.norm(face.five_points[1] - face.five_points[0])
        errors = np.linalg.norm(points - face.five_points, axis=1)
        found += errors.mean() < .25 * eyes
    torch.set_num_threads(threads)
    assert found >= 19


def test_head_pose_network_agrees(renderer, shared):
    runtime = pytest.importorskip('onnxruntime')
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = [
        runtime.InferenceSession(
            str(shared / f'weights/fsanet/fsanet-{kind}-iter-688590.onnx'),
            options) for kind in ('1x1', 'var')
    ]
    name = sessions[0].get_inputs()[0].name
    true, found = [], []
    for spec in sample_specs(renderer.model, 24, np.random.default_rng(6),
                             max_yaw=60, size=224, crop='full'):
        face = renderer.render(spec)
        low, high = face.landmarks68.min(axis=0), face.landmarks68.max(axis=0)
        side = 1.5 * (high - low).max()
        scale, middle = 64 / side, (low + high) / 2 - (0, .05 * side)
        matrix = np.column_stack([scale * np.eye(2), 32 - scale * middle])
        crop = cv2.warpAffine(face.image, matrix, (64, 64),
                              borderMode=cv2.BORDER_REPLICATE)
        tensor = (crop[..., ::-1].astype(np.float32) - 127.5) / 128
        tensor = tensor.transpose(2, 0, 1)[None]
        true.append(spec.yaw)
        found.append(np.mean([
            session.run(None, {name: tensor})[0][0, 0] for session in sessions
        ]))
    assert np.corrcoef(true, found)[0, 1] > .9
    slope, offset = np.polyfit(true, found, 1)
    assert .7 < slope < 1.5 and abs(offset) < 5
