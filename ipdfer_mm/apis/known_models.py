"""Models that go by a name."""

from pathlib import Path
from typing import NamedTuple

from modelindex.load_model_index import load

from ipdfer_mm.utils.installation import find_root
from ipdfer_mm.utils.weight_files import FOLDER, SCHEME

# Recognizes the expressions of photographs.
DEFAULT_MODEL = 'ipdfer_ferplus'


class KnownModel(NamedTuple):
    """A model that goes by a name.

    Attributes:
        config (Path): Its config.
        weights (str): Its checkpoint.
    """

    config: Path
    weights: str


def list_models() -> dict[str, KnownModel]:
    """List the models that go by a name.

    Those whose weights come with the package, and those of
    ``model-index.yml`` that have weights.

    Returns:
        dict[str, KnownModel]: Config and weights by name, sorted; empty where
        the package has no configs.
    """
    root = find_root('configs')
    if root is None:
        return {}
    known = {path.stem: KnownModel(root / f'configs/{path.stem}.py',
                                   f'{SCHEME}{path.stem}')
             for path in FOLDER.glob('*.safetensors')}
    index = root / 'model-index.yml'
    if index.is_file():
        content = load(str(index))
        content.build_models_with_collections()
        known.update((model.name, KnownModel(root / model.config,
                                             model.weights))
                     for model in content.models if model.weights)
    return {name: model for name, model in sorted(known.items())
            if model.config.is_file()}
