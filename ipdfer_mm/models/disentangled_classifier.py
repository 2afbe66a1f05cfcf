"""A face as the sum of identity, pose and expression."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from mmengine.runner.checkpoint import get_state_dict
from mmpretrain.structures import DataSample
from torch import Tensor

from ipdfer_mm.registry import MODELS
from ipdfer_mm.utils.modules import unwrap

from .utils import build_optional

DATA_PREPROCESSOR = dict(
    type='mmpretrain.ClsDataPreprocessor',
    mean=(127.5, ) * 3,
    std=(127.5, ) * 3,
    to_rgb=True)


class DisentangledClassifier(BaseModel):
    """The networks of IPD-FER and what they do after training.

    Recognition uses the expression encoder and its classifier alone, an
    ordinary classifier; the other networks show what was disentangled.

    Args:
        identity_encoder (dict): E_id, an :class:`IdentityEncoder`.
        expression_encoder (dict): E_exp, a :class:`FaceEncoder`.
        expression_head (dict): C_exp, a head of mmpretrain.
        decoder (dict): G_dec, a :class:`FaceDecoder`, or a network with its
            attributes ``in_channels`` and ``img_size``.
        pose_encoder (dict, optional): E_pose, a :class:`FaceEncoder`.
        classes (Sequence[str], optional): Names of the expressions in the
            order of the labels.
        neutral_class (str): Name of the neutral class.
        data_preprocessor (dict, optional): Makes images of (N, 3, H, W),
            RGB in [-1, 1]. Defaults to mmpretrain's
            ``ClsDataPreprocessor`` with mean and std 127.5.
        init_cfg (dict, optional): See :class:`mmengine.model.BaseModule`.
    """

    def __init__(self,
                 identity_encoder: dict,
                 expression_encoder: dict,
                 expression_head: dict,
                 decoder: dict,
                 pose_encoder: dict | None = None,
                 classes: Sequence[str] | None = None,
                 neutral_class: str = 'neutral',
                 data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None) -> None:
        super().__init__(
            data_preprocessor=dict(DATA_PREPROCESSOR,
                                   **(data_preprocessor or {})),
            init_cfg=init_cfg)
        self.identity_encoder = MODELS.build(identity_encoder)
        self.expression_encoder = MODELS.build(expression_encoder)
        self.expression_head = MODELS.build(expression_head)
        self.decoder = MODELS.build(decoder)
        self.pose_encoder = build_optional(pose_encoder)
        self.neutral_class = neutral_class
        self.classes: tuple[str, ...] | None = None
        self.neutral_label: int | None = None
        if classes is not None:
            self.set_classes(classes)

    def set_classes(self, classes: Sequence[str]) -> None:
        """Tell the model the names of the expressions it is trained on.

        Args:
            classes (Sequence[str]): Names in the order of the labels.

        Raises:
            ValueError: If the neutral class is not among them, or if they
                differ from the names given before.
        """
        classes = tuple(classes)
        if self.neutral_class not in classes:
            raise ValueError(
                f'IPD-FER needs the class "{self.neutral_class}" (c of Eq. 1 '
                f'and 9 of the paper), but the dataset has {classes}. Train '
                'on a set with neutral faces, or name its neutral class in '
                '`model.neutral_class`.')
        if self.classes not in (None, classes):
            raise ValueError(f'The model has the classes {self.classes}, the '
                             f'dataset {classes}.')
        self.classes = classes
        self.neutral_label = classes.index(self.neutral_class)

    def forward(self,
                inputs: Tensor,
                data_samples: list[DataSample] | None = None,
                mode: str = 'tensor') -> Tensor | list[DataSample]:
        """Recognize expressions.

        Args:
            inputs (Tensor): Images, (N, 3, H, W), RGB in [-1, 1].
            data_samples (list[DataSample], optional): Where predictions go.
            mode (str): 'tensor' for logits (N, K), 'predict' for data samples
                with ``pred_score`` (K, ) and ``pred_label`` (1, ).

        Returns:
            Tensor or list[DataSample]: See ``mode``.

        Raises:
            ValueError: If the mode is another; training is
                :meth:`train_step`.
        """
        if mode not in ('tensor', 'predict'):
            raise ValueError(
                f'IPDFERModel has the modes "tensor" and "predict", not '
                f'"{mode}"; it is trained by `train_step` with an '
                'OptimWrapperDict.')
        logits = self.expression_head((self.expression_encoder(inputs), ))
        if mode == 'tensor':
            return logits
        scores = logits.softmax(dim=1)
        if data_samples is None:
            data_samples = [DataSample() for _ in scores]
        for sample, score in zip(data_samples, scores):
            sample.set_pred_score(score).set_pred_label(score.argmax())
        return data_samples

    def extract_feat(self,
                     inputs: Tensor,
                     stage: str = 'neck') -> Tensor | tuple[Tensor]:
        """Extract features of the expression branch.

        Args:
            inputs (Tensor): Images, (N, 3, H, W), RGB in [-1, 1].
            stage (str): 'backbone', 'neck' or 'pre_logits', as mmpretrain's
                ``ImageClassifier.extract_feat`` has it.

        Returns:
            Tensor or tuple[Tensor]: Feature maps of the backbone, the feature
            in a tuple, or the feature (N, D).
        """
        if stage == 'backbone':
            # Inference needs no gradient hooks.
            return unwrap(self.expression_encoder).backbone(inputs)
        feats = self.expression_encoder(inputs)
        if stage == 'neck':
            return (feats, )
        if stage == 'pre_logits':
            return feats
        raise ValueError('stage must be "backbone", "neck" or "pre_logits", '
                         f'but got "{stage}".')

    def extract_feats(self, inputs: Tensor) -> dict[str, Tensor]:
        """Extract the components of a face.

        Args:
            inputs (Tensor): Images, (N, 3, H, W), RGB in [-1, 1].

        Returns:
            dict[str, Tensor]: 'identity', 'expression' and, with a pose
            encoder, 'pose'; each (N, D).
        """
        feats = dict(
            identity=self.identity_encoder(inputs),
            expression=self.expression_encoder(inputs))
        if self.pose_encoder is not None:
            feats['pose'] = self.pose_encoder(inputs)
        return feats

    def decode(self, f_id: Tensor, f_pose: Tensor | None,
               f_exp: Tensor) -> Tensor:
        """Decode features (N, D) without and with f_exp, (2N, 3, H, W)."""
        f_ip = f_id if f_pose is None else f_id + f_pose
        return self.decoder(torch.cat([f_ip, f_ip + f_exp]))

    def synthesize(self, inputs: Tensor) -> dict[str, Tensor]:
        """Decode the sums of components, as the paper's Fig. 8 and 9 do.

        Args:
            inputs (Tensor): Images, (N, 3, H, W), RGB in [-1, 1].

        Returns:
            dict[str, Tensor]: 'identity' (from f_id), 'neutral' (pose added;
            the same as 'identity' without a pose encoder), 'reconstruction'
            (expression added); each (N, 3, S, S) in [-1, 1].
        """
        feats = self.extract_feats(inputs)
        f_id = feats['identity']
        f_ip = f_id + feats['pose'] if 'pose' in feats else f_id
        f_ipe = f_ip + feats['expression']
        images = self.decoder(torch.cat([f_id, f_ip, f_ipe])).chunk(3)
        return dict(zip(('identity', 'neutral', 'reconstruction'), images))

    def scale_expression(self, inputs: Tensor, amount: float) -> Tensor:
        """Decode faces with more or less of their expression.

        Args:
            inputs (Tensor): Images, (N, 3, H, W), RGB in [-1, 1].
            amount (float): What f_exp is multiplied with: 0 gives the
                'neutral' and 1 the 'reconstruction' of :meth:`synthesize`,
                more exaggerates.

        Returns:
            Tensor: (N, 3, S, S) in [-1, 1].
        """
        feats = self.extract_feats(inputs)
        expression = amount * feats.pop('expression')
        return self.decoder(sum(feats.values()) + expression)

    def state_dict(self,
                   *args,
                   destination: dict | None = None,
                   prefix: str = '',
                   keep_vars: bool = False) -> dict:
        """Return the state without the ``module.`` of wrapped children.

        MMEngine 0.10.7 saves the keys that distributed wrappers make, and
        does not find them again when it loads.
        """
        return get_state_dict(self, destination, prefix, keep_vars)
