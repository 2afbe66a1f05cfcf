"""Expressions of the faces in images."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from mmengine.config import Config
from tqdm import tqdm

from ipdfer_mm.preparation.reading import read_image
from ipdfer_mm.preparation.recipe import Recipe
from ipdfer_mm.utils.images import swap_channels

from .face_classifier import FaceClassifier
from .face_finder import MIN_FACE, FaceFinder, FoundFace, whole_image
from .inputs import ImageInput, list_inputs, to_rgb
from .known_models import DEFAULT_MODEL
from .loading import aligned_size, class_names, get_model
from .results import Face, ImageResult
from .video_faces import VideoFaceFinder


class ExpressionInferencer:
    """Find the faces of images and recognize their expressions.

    Faces are found by MTCNN and aligned as those of the training data were,
    by the same code. Used like mmpretrain's ``ImageClassificationInferencer``;
    the default scope of MMEngine is neither needed nor changed.

    Args:
        model (str, Path or Config): A name of
            :func:`ipdfer_mm.apis.list_models`, the path of a config, or a
            config: an :class:`IPDFERModel` or an ``ImageClassifier`` of
            mmpretrain. Defaults to ``'ipdfer_ferplus'``, which comes with
            the package and was trained on photographs.
        pretrained (bool, str or Path): The checkpoint. Defaults to that of
            the name.
        device (str, optional): Where the networks run. Defaults to the GPU
            if there is one.
        classes (Sequence[str], optional): Names of the expressions. Defaults
            to those that the checkpoint remembers.
        recipe (Mapping, optional): Settings of :class:`Recipe` to change,
            such as ``min_score``; ``min_face`` defaults to a thirtieth of
            the shorter side, smaller faces are not searched.
            ``size`` defaults to what the model was trained with, see
            :func:`ipdfer_mm.apis.loading.aligned_size`.
        trust_checkpoint (bool): Whether to load pickled objects, which can
            run any code.
        onnx (str or Path, optional): File of ``export_onnx.py`` or
            ``quantize_onnx.py``, made of the model. It recognizes in place
            of the model, by onnxruntime on the CPU, which is faster.

    Raises:
        FileNotFoundError: If the ONNX file is missing.
        ImportError: If there is one, and no onnxruntime.
        ValueError: If the model and its checkpoint do not fit, see
            :func:`ipdfer_mm.apis.get_model`; nothing names the classes; a
            setting of the recipe is unknown; or the ONNX file has other
            classes or another image size than the model.

    Examples:
        >>> from ipdfer_mm.apis import ExpressionInferencer
        >>> inferencer = ExpressionInferencer()
        >>> for face in inferencer('family.jpg')[0].faces:
        ...     print(face.label, face.box, face.angles.yaw)
    """

    def __init__(self,
                 model: str | Path | Config = DEFAULT_MODEL,
                 pretrained: bool | str | Path = True,
                 device: str | None = None,
                 classes: Sequence[str] | None = None,
                 recipe: Mapping | None = None,
                 trust_checkpoint: bool = False,
                 onnx: str | Path | None = None) -> None:
        self.model = get_model(model, pretrained, device, trust_checkpoint)
        self.classes = tuple(classes or class_names(self.model))
        recipe = dict(recipe or {})
        recipe.setdefault('min_face', MIN_FACE)
        if 'size' not in recipe:
            recipe['size'] = aligned_size(self.model._config,
                                          self.model._dataset_meta)
        try:
            self.recipe = Recipe(**recipe)
        except TypeError as error:
            raise ValueError(f'recipe: {error}; see ipdfer_mm.preparation.'
                             'recipe.Recipe for the settings.') from error
        self.finder = FaceFinder(self.recipe,
                                 next(self.model.parameters()).device)
        self.classifier = FaceClassifier(self.model, self.classes, onnx)

    def __call__(self,
                 inputs: ImageInput | Sequence[ImageInput],
                 batch_size: int = 16,
                 aligned: bool = False,
                 synthesis: bool = False) -> list[ImageResult]:
        """Recognize the expressions in images.

        Args:
            inputs (str, Path, np.ndarray or a list of them): Files; folders,
                with the folders in them; or arrays, BGR as OpenCV reads
                files, see :func:`ipdfer_mm.apis.inputs.to_rgb`.
            batch_size (int): Images that are in memory, and faces that the
                model gets, at once.
            aligned (bool): Whether the images are aligned faces already: no
                face is searched, and the middle square of each is resized.
            synthesis (bool): Whether to synthesize the neutral and the
                reconstructed face, too.

        Returns:
            list[ImageResult]: One for each image, in order. A file of a
            list or folder that cannot be read has an ``error``.

        Raises:
            OSError: If the only image cannot be read; names it.
            TypeError: As :func:`ipdfer_mm.apis.inputs.list_inputs`.
            ValueError: Likewise, as :func:`ipdfer_mm.apis.inputs.to_rgb`, or
                if the model cannot synthesize, or tells more or fewer
                expressions apart than are named.
        """
        images = list_inputs(inputs)
        results = [
            result for result, _ in tqdm(
                self.iterate(images, batch_size, aligned, synthesis),
                total=len(images), unit='image', disable=None)
        ]
        if isinstance(inputs, (str, Path)) and len(images) == 1 and (
                results[0].error is not None):
            raise OSError(results[0].error)
        return results

    def iterate(
        self,
        inputs: Iterable[ImageInput],
        batch_size: int = 16,
        aligned: bool = False,
        synthesis: bool = False,
        finder: FaceFinder | VideoFaceFinder | None = None
    ) -> Iterator[tuple[ImageResult, np.ndarray | None]]:
        """Recognize expressions one batch of images after the other.

        For more images than fit into memory, such as the frames of a video.

        Args:
            inputs (Iterable[str, Path or np.ndarray]): Files and arrays.
            batch_size (int): As for :meth:`__call__`, and so on.
            aligned (bool): Likewise.
            synthesis (bool): Likewise.
            finder (VideoFaceFinder, optional): Finds the faces, of the frames
                of a video. Defaults to one for images that have nothing to
                do with each other.

        Yields:
            tuple[ImageResult, np.ndarray]: What was found, and the image,
            BGR, uint8 (H, W, 3), or None where the file cannot be read.

        Raises:
            ValueError: As :meth:`__call__`.
        """
        if batch_size < 1:
            raise ValueError(f'batch_size must be 1 or more, not '
                             f'{batch_size}.')
        if synthesis and not hasattr(self.model, 'synthesize'):
            raise ValueError(f'{type(self.model).__name__} only classifies; '
                             'faces are synthesized by an IPDFERModel.')
        inputs = iter(inputs)
        while batch := list(islice(inputs, batch_size)):
            read = [_read(item) for item in batch]
            images = [image for image in read
                      if isinstance(image, np.ndarray)]
            found = iter(self._recognize(
                images, batch_size,
                [[whole_image(image)] for image in images] if aligned else
                (finder or self.finder).find(images), synthesis))
            for item, image in zip(batch, read):
                path = None if isinstance(item, np.ndarray) else str(item)
                if isinstance(image, str):
                    yield ImageResult(path, error=image), None
                else:
                    yield (ImageResult(path, next(found)),
                           swap_channels(image))

    def _recognize(self, images: list[np.ndarray], batch_size: int,
                   found: list[list[FoundFace]],
                   synthesis: bool) -> list[tuple[Face, ...]]:
        """Faces of RGB images."""
        crops = [self.finder.crop(image, candidate)
                 for image, candidates in zip(images, found)
                 for candidate in candidates]
        outputs: list[dict] = []
        for start in range(0, len(crops), batch_size):
            outputs += self.classifier(crops[start:start + batch_size],
                                       synthesis)
        output = iter(outputs)
        return [
            tuple(
                Face(candidate.box, candidate.face.points,
                     candidate.face.score, flags=candidate.face.flags,
                     angles=self.finder.angles(image, candidate),
                     **next(output)) for candidate in candidates)
            for image, candidates in zip(images, found)
        ]


def _read(item: ImageInput) -> np.ndarray | str:
    """RGB image, or why the file cannot be read."""
    if isinstance(item, np.ndarray):
        return to_rgb(item)
    try:
        return read_image(Path(item))
    except OSError as error:
        return str(error)
