"""Networks that turn a face into a feature."""

from .face_encoder import FaceEncoder
from .identity_encoder import IdentityEncoder
from .inception_resnet_v1 import InceptionResnetV1
from .iresnet import IResNet
from .mobilefacenet import MobileFaceNet
from .weights import FacePretrainedInit, load_face_weights

__all__ = [
    'FaceEncoder', 'FacePretrainedInit', 'IResNet', 'IdentityEncoder',
    'InceptionResnetV1', 'MobileFaceNet', 'load_face_weights'
]
