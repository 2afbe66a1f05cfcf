"""Registry nodes of ipdfer_mm: children of MMEngine's root registries.

The scope equals the package name, and every node that holds a component of
ours names the module to import in ``locations``, so ``type='ipdfer_mm.X'``
works from any OpenMMLab config without an import by hand. Nodes without
``locations`` hold nothing of ours; they are declared because mmpretrain
declares them, and MMEngine warns once for each node that a scope lacks. See
https://mmengine.readthedocs.io/en/latest/advanced_tutorials/registry.html.
"""

from mmengine import registry as root
from mmengine.registry import Registry


def _child(parent: Registry, *locations: str) -> Registry:
    """Node of our scope below a root registry."""
    return Registry(parent.name, parent=parent, scope='ipdfer_mm',
                    locations=list(locations))


RUNNERS = _child(root.RUNNERS)
RUNNER_CONSTRUCTORS = _child(root.RUNNER_CONSTRUCTORS)
LOOPS = _child(root.LOOPS)
HOOKS = _child(root.HOOKS, 'ipdfer_mm.engine')
LOG_PROCESSORS = _child(root.LOG_PROCESSORS)
OPTIMIZERS = _child(root.OPTIMIZERS)
OPTIM_WRAPPERS = _child(root.OPTIM_WRAPPERS, 'ipdfer_mm.engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    root.OPTIM_WRAPPER_CONSTRUCTORS, 'ipdfer_mm.engine')
PARAM_SCHEDULERS = _child(root.PARAM_SCHEDULERS)
DATASETS = _child(root.DATASETS, 'ipdfer_mm.datasets')
DATA_SAMPLERS = _child(root.DATA_SAMPLERS, 'ipdfer_mm.datasets')
TRANSFORMS = _child(root.TRANSFORMS, 'ipdfer_mm.datasets')
MODELS = _child(root.MODELS, 'ipdfer_mm.models')
MODEL_WRAPPERS = _child(root.MODEL_WRAPPERS)
WEIGHT_INITIALIZERS = _child(root.WEIGHT_INITIALIZERS, 'ipdfer_mm.models')
TASK_UTILS = _child(root.TASK_UTILS)
METRICS = _child(root.METRICS, 'ipdfer_mm.metrics')
EVALUATORS = _child(root.EVALUATOR)
VISUALIZERS = _child(root.VISUALIZERS)
VISBACKENDS = _child(root.VISBACKENDS)
# mmpretrain's own root nodes, which MMEngine does not have.
BATCH_AUGMENTS = Registry('batch augment', scope='ipdfer_mm')
TOKENIZER = Registry('tokenizer', scope='ipdfer_mm')
