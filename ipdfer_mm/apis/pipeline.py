"""What a config does with an image before the model sees it."""

from collections.abc import Callable

from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import TRANSFORMS, DefaultScope

from ipdfer_mm.utils.dataset_configs import find_test_dataset

LOADING = ('LoadFaceImage', 'LoadImageFromFile')


def build_pipeline(config: Config) -> Callable[[dict], dict]:
    """Build the test pipeline without the loading of files.

    Args:
        config (Config): A config.

    Returns:
        Callable: From a dict with ``img`` (BGR, uint8) to one of ``inputs``
        and ``data_samples``.
    """
    steps = [step for step in find_test_dataset(config).pipeline
             if _name(step) not in LOADING]
    with DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'ipdfer_mm')):
        return Compose([TRANSFORMS.build(step) for step in steps])


def _name(step: dict) -> str:
    return str(step['type']).rpartition('.')[-1]
