import pytest
import torch
from helpers.face_images import PIPELINE, rendered_faces
from helpers.small_model import SIZE, build_model
from helpers.tiny_run import baseline_cfg

from ipdfer_mm.analysis import synthesis_report
from ipdfer_mm.analysis.disentanglement_report import (
    measure_disentanglement,
)
from ipdfer_mm.analysis.disentanglement_table import disentanglement_markdown
from ipdfer_mm.analysis.probes import TooFewImagesError
from ipdfer_mm.datasets import CMUFaces, SyntheticFaces
from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils import register_all_modules

MEAN = torch.zeros(3, SIZE, SIZE)
FEW = dict(splits=2, permutations=2, swaps=3)
TITLE = dict(checkpoint='model.pth', identity_network='its own')


@pytest.fixture(scope='module')
def faces(tmp_path_factory):
    return rendered_faces(tmp_path_factory.mktemp('faces'), 35)


def test_idfer(faces):
    """No pose encoder: two components, and only one kind of swap."""
    model = build_model(pose_encoder=None, pose_head=None).eval()
    report, grid = measure_disentanglement(model, faces, MEAN, **FEW)
    assert list(report['yaw']) == ['f_id', 'f_exp']
    assert list(report['dependence']) == ['f_id/f_exp']
    assert list(report['swap']) == ['pose_and_expression']
    assert set(report['left_out']) == {
        'pose_entropy', 'synthesis/classifier', 'swap/expression'}
    assert list(report['swap']['pose_and_expression']['attributes'][
        'truth']) == ['identity']
    table = disentanglement_markdown({**report, **TITLE})
    assert '| f_id/f_exp |' in table
    assert report['synthesis']['identity_face']['num_images'] == 5
    assert 'of 5 subjects (L1' in table
    assert '- pose_entropy: the model has no pose classifier' in table
    assert all(len(column) == 3 for column in grid.values())


def test_baseline(faces):
    model = MODELS.build(baseline_cfg()).eval()
    report, grid = measure_disentanglement(model, faces, **FEW)
    assert list(report['verification']) == ['f_exp']
    assert set(report['left_out']) == {
        'dependence', 'pose_entropy', 'synthesis', 'swap'}
    assert grid == {}
    table = disentanglement_markdown({**report, **TITLE})
    assert '| f_exp |' in table
    assert '- swap: the model has no decoder' in table
    assert (report['images'], report['subjects']) == (35, 5)


def test_real_faces(shared):
    register_all_modules()
    pipeline = [PIPELINE[0], dict(type='AlignFace', size=SIZE), PIPELINE[1]]
    dataset = CMUFaces(
        str(shared / 'data/cmu_faces'), fold=3, split='test',
        landmark_file='labels.csv', test_mode=True, pipeline=pipeline)
    report, _ = measure_disentanglement(
        build_model().eval(), dataset, MEAN, **FEW)
    assert set(report['left_out']) == {
        'swap', 'synthesis/identity_face', 'synthesis/classifier',
        'synthesis/paired_neutral'}
    # Random networks are enough to know images of the same five subjects.
    identity = report['probes']['linear']['cells']['f_id']['identity']
    assert identity['score'] > 0.3
    assert identity['chance'] == pytest.approx(1 / 5)
    assert '## Swaps' not in disentanglement_markdown({**report, **TITLE})


def test_too_few_images_to_tell_synthesized_subjects_apart(faces, monkeypatch):
    """All else is reported."""
    def too_few(*args):
        raise TooFewImagesError('only few')

    monkeypatch.setattr(synthesis_report, 'identity_cosine', too_few)
    report, _ = measure_disentanglement(
        build_model().eval(), faces, MEAN, **FEW)
    assert report['left_out']['synthesis/identity'] == 'only few'
    table = disentanglement_markdown({**report, **TITLE})
    assert '- synthesis/identity: only few' in table
    assert '| against the paired neutral face |' in table
    assert 'Fisherfaces' not in table


def test_images_must_be_labeled_with_expressions(faces):
    model = build_model().eval()
    with pytest.raises(ValueError, match='no dataset of ipdfer_mm'):
        measure_disentanglement(model, [], MEAN)
    with pytest.raises(ValueError, match='give mean_image'):
        measure_disentanglement(model, faces)
    subjects = SyntheticFaces(
        faces.data_root, 'test', num_subjects=5, num_images=35, img_size=SIZE,
        num_workers=0, label='subject', pipeline=PIPELINE)
    with pytest.raises(ValueError, match="label='expression'"):
        measure_disentanglement(model, subjects, MEAN)
