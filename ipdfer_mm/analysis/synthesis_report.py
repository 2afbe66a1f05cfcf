"""Everything that is measured on the faces that a model synthesizes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.model import BaseModel
from mmengine.registry import DATASETS
from mmengine.utils import track_iter_progress
from mmpretrain.models import ImageClassifier
from torch import Tensor, nn

from ipdfer_mm.apis.loading import image_size
from ipdfer_mm.datasets import FERDataset
from ipdfer_mm.models import IPDFERModel
from ipdfer_mm.models.utils import resize_square
from ipdfer_mm.utils.dataset_configs import without_augmentation
from ipdfer_mm.utils.images import swap_channels

from .batches import BATCH_SIZE, in_batches
from .neutral import image_similarity, neutral_gain
from .probes import TooFewImagesError
from .synthesis import (
    fisherface_accuracy,
    identity_cosine,
    reconstruction_error,
)

COMPARED = ('input', 'reconstruction', 'neutral')
SYNTHESIZED = ('identity', 'neutral', 'reconstruction')


@dataclass
class FaceImages:
    """Images of a dataset as a model gets them.

    Attributes:
        images (Tensor): (N, 3, H, W), RGB in [-1, 1].
        paired_neutrals (Tensor, optional): The paired neutral faces, likewise;
            None where the dataset does not know all of them.
        subjects (np.ndarray): Names of the subjects, (N, ); empty strings
            where unknown.
        expressions (np.ndarray): Names of the classes, (N, ).
        classes (tuple[str, ...]): All names, in the order of the labels.
        neutral_class (str): The one of them that is neutral.
        yaws (np.ndarray): Signed degrees, (N, ); nan where unknown.
        paths (list[str]): The files, N.
    """

    images: Tensor
    paired_neutrals: Tensor | None
    subjects: np.ndarray
    expressions: np.ndarray
    classes: tuple[str, ...]
    neutral_class: str
    yaws: np.ndarray
    paths: list[str]

    @property
    def expressive(self) -> np.ndarray:
        """Positions of images that are not neutral.

        A neutral image is its own paired neutral.
        """
        return np.flatnonzero(self.expressions != self.neutral_class)


def load_test_images(cfg: Config,
                     model: IPDFERModel,
                     max_yaw: float = 180) -> tuple[FaceImages, Tensor]:
    """Load the test images of a config, and the mean training image.

    Args:
        cfg (Config): With ``train_dataloader`` and ``test_dataloader``.
        model (IPDFERModel): Its data preprocessor is used.
        max_yaw (float): Largest absolute yaw in degrees of a test image;
            images of unknown yaw count as frontal.

    Returns:
        tuple[FaceImages, Tensor]: The test images, in the order of the
        dataset, and the mean (3, H, W), without augmentation.

    Raises:
        ValueError: If no test image is left.
    """
    mean = load_mean_image(cfg, model)
    test = DATASETS.build(cfg.test_dataloader.dataset)
    return load_images(test, model, max_yaw), mean


def load_mean_image(cfg: Config, model: IPDFERModel) -> Tensor:
    """Average the training images of a config, without augmentation.

    Args:
        cfg (Config): With ``train_dataloader`` and ``test_dataloader``, whose
            pipeline is used.
        model (IPDFERModel): Its data preprocessor is used.

    Returns:
        Tensor: (3, H, W) in [-1, 1].
    """
    train = DATASETS.build(without_augmentation(cfg, 'train'))
    total = sum(batch.double().sum(dim=0) for batch in _batches(
        model, len(train), train.__getitem__))
    return (total / len(train)).float()


def load_images(dataset: FERDataset,
                model: BaseModel,
                max_yaw: float = 180) -> FaceImages:
    """Load the images of a dataset as the model gets them.

    Args:
        dataset (FERDataset): The dataset, with a test pipeline.
        model (BaseModel): An IPD-FER model or a classifier of mmpretrain. Its
            data preprocessor is used.
        max_yaw (float): Largest absolute yaw in degrees; images of unknown
            yaw count as frontal.

    Returns:
        FaceImages: The images, in the order of the dataset.

    Raises:
        ValueError: If no image is left.
    """
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    infos = [info for info in infos if not abs(info['yaw']) > max_yaw]
    if not infos:
        raise ValueError(f'No image has a yaw up to {max_yaw:g} degrees.')
    paired_neutrals = None
    if all('neutral_img_path' in info for info in infos):
        paired_neutrals = _load(
            model, len(infos), lambda i: dataset.pipeline(
                {**infos[i], 'img_path': infos[i]['neutral_img_path']}))
    classes = dataset.metainfo['classes']
    return FaceImages(
        images=_load(model, len(infos),
                     lambda i: dataset.pipeline(dict(infos[i]))),
        paired_neutrals=paired_neutrals,
        subjects=np.array([info.get('subject', '') for info in infos]),
        expressions=np.array([classes[info['gt_label']] for info in infos]),
        classes=classes,
        neutral_class=getattr(model, 'neutral_class', 'neutral'),
        yaws=np.array([info['yaw'] for info in infos], dtype=float),
        paths=[info['img_path'] for info in infos])


def _load(model: BaseModel, count: int,
          get: Callable[[int], dict]) -> Tensor:
    return torch.cat(list(_batches(model, count, get)))


def _batches(model: BaseModel, count: int,
             get: Callable[[int], dict]) -> Iterator[Tensor]:
    for start in track_iter_progress(list(range(0, count, BATCH_SIZE))):
        batch = default_collate(
            [get(i) for i in range(start, min(start + BATCH_SIZE, count))])
        yield model.data_preprocessor(batch)['inputs'].cpu()


@torch.no_grad()
def synthesize(
        model: IPDFERModel,
        images: Tensor,
        identity_network: nn.Module | None = None) -> dict[str, Tensor]:
    """Synthesize all faces and embed them.

    Args:
        model (IPDFERModel): The model, in eval mode.
        images (Tensor): (N, 3, H, W) in [-1, 1].
        identity_network (nn.Module, optional): Embeds faces as
            :class:`IdentityEncoder` does. Defaults to None, the model's own
            identity encoder, which its decoder was trained to please (Eq. 2).

    Returns:
        dict[str, Tensor]: ``input``, ``identity``, ``neutral`` and
        ``reconstruction``, each (N, 3, H, W) on the CPU, and the identity
        features of each as ``<name>_feat``, (N, D).
    """
    device = next(model.parameters()).device
    network = identity_network or model.identity_encoder
    outputs: dict[str, list] = {}
    for batch in track_iter_progress(list(images.split(BATCH_SIZE))):
        batch = batch.to(device)
        for name, face in dict(input=batch, **model.synthesize(batch)).items():
            outputs.setdefault(name, []).append(face.cpu())
            outputs.setdefault(f'{name}_feat', []).append(
                network(face).cpu())
    return {name: torch.cat(parts) for name, parts in outputs.items()}


def measure_synthesis(faces: dict[str, Tensor], mean_image: Tensor,
                      test: FaceImages) -> dict:
    """All numbers of the report.

    Args:
        faces (dict[str, Tensor]): What :func:`synthesize` gives.
        mean_image (Tensor): Mean of the training images, (3, H, W).
        test (FaceImages): What the faces were made from.

    Returns:
        dict: See :func:`reconstruction_error`; :func:`identity_cosine` and
        :func:`fisherface_accuracy` of the images whose subject is known;
        ``left_out``, if some are not or there are too few for these, with
        the reason; with paired neutral faces and an image of another class,
        for such images, :func:`image_similarity` to them and
        :func:`neutral_gain`.
    """
    report: dict[str, Any] = reconstruction_error(
        faces['input'].numpy(), faces['reconstruction'].numpy(),
        mean_image.numpy())
    if test.paired_neutrals is not None and len(test.expressive):
        chosen = [faces[name][test.expressive] for name in COMPARED]
        paired_neutrals = test.paired_neutrals[test.expressive]
        for name, images in zip(COMPARED, chosen):
            report[f'paired_neutral/{name}'] = image_similarity(
                images, paired_neutrals)
        report['neutral_gain'] = neutral_gain(
            chosen[0], chosen[1], chosen[2], paired_neutrals)
    known = np.flatnonzero(test.subjects != '')
    left_out = []
    if len(known) < len(test.subjects):
        left_out.append('the dataset does not name the subject of '
                        f'{len(test.subjects) - len(known)} of '
                        f'{len(test.subjects)} test image(s)')
    if len(known):
        try:
            report |= _measure_identities(
                {name: part[known] for name, part in faces.items()},
                test.subjects[known])
        except TooFewImagesError as error:
            left_out.append(str(error))
    if left_out:
        report['left_out'] = dict(identity='; '.join(left_out))
    return report


def _measure_identities(faces: dict[str, Tensor],
                        subjects: np.ndarray) -> dict:
    report: dict[str, Any] = {}
    real = faces['input'].mean(dim=1).numpy()
    real_feat = faces['input_feat'].numpy()
    for name in ('input', *SYNTHESIZED):
        report[f'identity_cosine/{name}'] = identity_cosine(
            faces[f'{name}_feat'].numpy(), real_feat, subjects)
        report[f'fisherface_accuracy/{name}'] = fisherface_accuracy(
            faces[name].mean(dim=1).numpy(), real, subjects)
    return report


def measure_identity_faces(identities: Tensor, truth: Tensor,
                           mean_image: Tensor) -> dict[str, float]:
    """Compare faces of the identity alone with true frontal neutral ones.

    Args:
        identities (Tensor): What the decoder makes of f_id, (N, 3, H, W).
        truth (Tensor): The subjects, neutral and turned to the camera,
            likewise.
        mean_image (Tensor): Mean of the training images, (3, H, W).

    Returns:
        dict[str, float]: Mean absolute differences from the truth, ``l1`` and
        ``mean_image_l1``, and ``closer``, the share of ``num_images`` faces
        that are nearer to it than the mean image is.
    """
    def error(images: Tensor) -> Tensor:
        return (images - truth).abs().mean(dim=(1, 2, 3))

    own, mean = error(identities), error(mean_image[None])
    return dict(
        l1=float(own.mean()),
        mean_image_l1=float(mean.mean()),
        closer=float((own < mean).float().mean()),
        num_images=len(truth))


def classify_synthesis(classifier: ImageClassifier, faces: dict[str, Tensor],
                       test: FaceImages) -> dict[str, dict[str, float]]:
    """Ask an expression classifier what synthesized faces show.

    Args:
        classifier (ImageClassifier): As :func:`classify_expressions`.
        faces (dict[str, Tensor]): What :func:`synthesize` gives.
        test (FaceImages): What the faces were made from.

    Returns:
        dict[str, dict[str, float]]: :func:`classify_expressions` for the
        input, its reconstruction, the neutral face and, where known, the true
        one.
    """
    asked = {name: faces[name] for name in COMPARED}
    if test.paired_neutrals is not None:
        asked['paired_neutral'] = test.paired_neutrals
    return classify_expressions(classifier, asked, test)


def classify_expressions(classifier: ImageClassifier, faces: dict[str, Tensor],
                         test: FaceImages) -> dict[str, dict[str, float]]:
    """Ask an expression classifier what faces show.

    Args:
        classifier (ImageClassifier): The classifier, as :func:`~ipdfer_mm.
            apis.loading.build_trained` builds it, with the classes of the
            dataset in their order; it gets faces of the size of its config,
            if that says one.
        faces (dict[str, Tensor]): (N, 3, H, W) in [-1, 1], by name.
        test (FaceImages): What the faces were made from.

    Returns:
        dict[str, dict[str, float]]: For each name ``neutral``, the share that
        the expression classifier calls neutral, and ``as_labeled``, the share
        it calls what the input shows.

    Raises:
        ValueError: If the expression classifier has another number of classes.
    """
    try:
        size = image_size(classifier._config)
    except ValueError:  # a config of the model alone
        size = next(iter(faces.values())).shape[-1]

    def classify(images: Tensor) -> Tensor:
        # Pixels in OpenCV's order, as pipelines give them.
        pixels = swap_channels(
            (resize_square(images, size) + 1) * 127.5, 1)
        data = classifier.data_preprocessor(dict(inputs=pixels))
        return classifier(data['inputs'])

    report = {}
    for name, images in faces.items():
        logits = in_batches(classifier, classify, images)  # NxK
        if logits.shape[1] != len(test.classes):
            raise ValueError(
                f'The expression classifier knows {logits.shape[1]} classes, '
                f'the dataset has {len(test.classes)}: {test.classes}.')
        called = np.array(test.classes)[logits.argmax(dim=1).numpy()]
        report[name] = dict(
            neutral=float((called == test.neutral_class).mean()),
            as_labeled=float((called == test.expressions).mean()))
    return report
