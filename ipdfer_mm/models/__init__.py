"""Networks, losses and the algorithm."""

from .decoders import FaceDecoder
from .discriminators import ExpressionDiscriminator
from .encoders import (
    FaceEncoder,
    FacePretrainedInit,
    IdentityEncoder,
    InceptionResnetV1,
    IResNet,
    MobileFaceNet,
)
from .face_distiller import FaceDistiller
from .face_recognizer import FaceRecognizer
from .heads import PoseSupervisedHead
from .ipdfer import IPDFERModel
from .losses import (
    IdentityConsistencyLoss,
    OrthogonalityLoss,
    ReconstructionLoss,
    UniformConfusionLoss,
)
from .score_tta import AverageScoreTTA
from .variants import (
    DiscriminatorBatchNormIPDFER,
    IPDFERPlus,
    LazyIPDFER,
    PoseAdversaryIPDFER,
    SharedAdamIPDFER,
    SharedForwardIPDFER,
)

__all__ = [
    'AverageScoreTTA', 'DiscriminatorBatchNormIPDFER',
    'ExpressionDiscriminator', 'FaceDecoder', 'FaceDistiller', 'FaceEncoder',
    'FacePretrainedInit', 'FaceRecognizer', 'IPDFERModel', 'IPDFERPlus',
    'IResNet', 'IdentityConsistencyLoss', 'IdentityEncoder',
    'InceptionResnetV1', 'LazyIPDFER', 'MobileFaceNet', 'OrthogonalityLoss',
    'PoseAdversaryIPDFER', 'PoseSupervisedHead', 'ReconstructionLoss',
    'SharedAdamIPDFER', 'SharedForwardIPDFER', 'UniformConfusionLoss'
]
