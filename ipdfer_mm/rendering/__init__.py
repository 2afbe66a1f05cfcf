"""Faces rendered from a linear model: ground truth for disentangling."""

from .camera import head_rotation
from .expressions import add_weights, sample_expression, sample_resting_face
from .face_model import FaceModel
from .parametric_head import parametric_head
from .person import Person, sample_person
from .population import PlannedPicture, Population
from .renderer import (
    RENDERING_VERSION,
    FaceRenderer,
    RenderedFace,
    RenderSpec,
)
from .scene import Light, sample_light

__all__ = [
    'RENDERING_VERSION',
    'FaceModel',
    'FaceRenderer',
    'Light',
    'Person',
    'PlannedPicture',
    'Population',
    'RenderSpec',
    'RenderedFace',
    'add_weights',
    'head_rotation',
    'parametric_head',
    'sample_expression',
    'sample_light',
    'sample_person',
    'sample_resting_face',
]
