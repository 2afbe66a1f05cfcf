import pytest

from ipdfer_mm.rendering import FaceModel, FaceRenderer, parametric_head


@pytest.fixture(scope='session')
def ict_path(shared):
    return shared / 'data/ict_facekit/ict_facekit_light.npz'


@pytest.fixture(scope='session')
def ict(ict_path):
    return FaceModel.load(ict_path)


@pytest.fixture(scope='session')
def head_renderer():
    return FaceRenderer(parametric_head())


@pytest.fixture(scope='session')
def ict_renderer(ict):
    return FaceRenderer(ict)


@pytest.fixture(params=['head', 'ict'])
def renderer(request):
    return request.getfixturevalue(f'{request.param}_renderer')
