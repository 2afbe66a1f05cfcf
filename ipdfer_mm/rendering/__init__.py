"""Faces rendered from a linear model: ground truth for disentangling."""

from .camera import head_rotation
from .expressions import add_weights, sample_expression, sample_resting_face
from .face_model import FaceModel, parametric_head
from .population import PlannedImage, Population
from .renderer import (
    RENDERING_VERSION,
    FaceRenderer,
    RenderedFace,
    RenderSpec,
)
from .scene import Light, sample_light
from .subject import Subject, sample_subject

__all__ = [
    'RENDERING_VERSION',
    'FaceModel',
    'FaceRenderer',
    'Light',
    'Subject',
    'PlannedImage',
    'Population',
    'RenderSpec',
    'RenderedFace',
    'add_weights',
    'head_rotation',
    'parametric_head',
    'sample_expression',
    'sample_light',
    'sample_subject',
    'sample_resting_face',
]
