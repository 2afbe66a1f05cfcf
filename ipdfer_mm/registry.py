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

RUNNERS = Registry(
    'runner', parent=root.RUNNERS, scope='ipdfer_mm')
RUNNER_CONSTRUCTORS = Registry(
    'runner constructor', parent=root.RUNNER_CONSTRUCTORS, scope='ipdfer_mm')
LOOPS = Registry(
    'loop', parent=root.LOOPS, scope='ipdfer_mm')
HOOKS = Registry(
    'hook',
    parent=root.HOOKS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.engine'],
)
LOG_PROCESSORS = Registry(
    'log processor', parent=root.LOG_PROCESSORS, scope='ipdfer_mm')
OPTIMIZERS = Registry(
    'optimizer', parent=root.OPTIMIZERS, scope='ipdfer_mm')
OPTIM_WRAPPERS = Registry(
    'optimizer_wrapper',
    parent=root.OPTIM_WRAPPERS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.engine'],
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=root.OPTIM_WRAPPER_CONSTRUCTORS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.engine'],
)
PARAM_SCHEDULERS = Registry(
    'parameter scheduler', parent=root.PARAM_SCHEDULERS, scope='ipdfer_mm')
DATASETS = Registry(
    'dataset',
    parent=root.DATASETS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.datasets'],
)
DATA_SAMPLERS = Registry(
    'data sampler',
    parent=root.DATA_SAMPLERS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.datasets'],
)
TRANSFORMS = Registry(
    'transform',
    parent=root.TRANSFORMS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.datasets'],
)
MODELS = Registry(
    'model',
    parent=root.MODELS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.models'],
)
MODEL_WRAPPERS = Registry(
    'model_wrapper', parent=root.MODEL_WRAPPERS, scope='ipdfer_mm')
WEIGHT_INITIALIZERS = Registry(
    'weight initializer',
    parent=root.WEIGHT_INITIALIZERS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.models'],
)
TASK_UTILS = Registry(
    'task util', parent=root.TASK_UTILS, scope='ipdfer_mm')
METRICS = Registry(
    'metric',
    parent=root.METRICS,
    scope='ipdfer_mm',
    locations=['ipdfer_mm.metrics'],
)
EVALUATORS = Registry(
    'evaluator', parent=root.EVALUATOR, scope='ipdfer_mm')
VISUALIZERS = Registry(
    'visualizer', parent=root.VISUALIZERS, scope='ipdfer_mm')
VISBACKENDS = Registry(
    'vis_backend', parent=root.VISBACKENDS, scope='ipdfer_mm')
# mmpretrain's own root nodes, which MMEngine does not have.
BATCH_AUGMENTS = Registry('batch augment', scope='ipdfer_mm')
TOKENIZER = Registry('tokenizer', scope='ipdfer_mm')
