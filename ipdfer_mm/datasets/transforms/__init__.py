"""Steps of a pipeline that know about faces."""

from .align import AlignFace
from .formatting import PackFaceInputs
from .loading import LoadFaceImage
from .tint import RandomTint

__all__ = ['AlignFace', 'LoadFaceImage', 'PackFaceInputs', 'RandomTint']
