"""Every component is found and built from any OpenMMLab config.

That is, by ``type='ipdfer_mm.X'`` from MMEngine's root registries, with
nothing of ipdfer_mm imported before, whatever the default scope.
"""

import json
import re

import pytest
from helpers.official_layouts import (
    make_affectnet_new,
    make_ckplus,
    make_ferplus,
    make_sfew,
    write_image,
)
from helpers.small_model import WIDTH, head, resnet
from helpers.tiny_run import ipdfer_cfg, make_rafdb, run
from mmengine.registry import Registry

from ipdfer_mm import registry
from ipdfer_mm.utils import register_all_modules

ABSTRACT = 'not to be built'


def components(folder) -> dict:
    """Arguments to build each component with, by registry and name.

    Every registered component must stand here.
    """
    ipdfer = ipdfer_cfg(folder / 'absent.pth')
    del ipdfer['type']
    image = folder / 'cmu/faces/an2i/an2i_straight_neutral_open.pgm'
    image.parent.mkdir(parents=True)
    image.write_bytes(b'P5 2 2 255\n\x00\x40\x80\xff')
    write_image(folder / 'own/test/happy/0.png')
    (folder / 'own/labels.csv').write_text('path,expression\n'
                                           'test/happy/0.png,happy')
    for subject, number in (('Ann', 1), ('Ann', 2), ('Bob', 1)):
        write_image(folder / f'lfw/{subject}/{subject}_000{number}.jpg')
    (folder / 'lfw/pairs.txt').write_text('1\t1\nAnn\t1\t2\n'
                                          'Ann\t1\tBob\t1\n')
    own = dict(data_root=str(folder / 'own'))
    datasets = dict(
        AffectNet=dict(data_root=make_affectnet_new(folder / 'affectnet'),
                       split='val'),
        CKPlus=dict(data_root=make_ckplus(folder / 'ckplus', 1), split='test',
                    fold=0),
        CMUFaces=dict(data_root=folder / 'cmu'),
        CSVFER=dict(own, ann_file='labels.csv'), FaceImages=own,
        FERPlus=dict(data_root=make_ferplus(folder / 'ferplus'), split='test'),
        FolderFER=dict(own, split='test'),
        LFWPairs=dict(data_root=folder / 'lfw'),
        RAFDB=dict(data_root=make_rafdb(folder / 'rafdb'), split='test',
                   manifest='prepared/manifest.csv'),
        SFEW=dict(data_root=make_sfew(folder / 'sfew'), split='val'),
        SyntheticFaces=dict(data_root=folder / 'rendered', split='test',
                            num_subjects=1, num_images=1, num_workers=0))
    for args in datasets.values():
        args.update(data_root=str(args['data_root']), pipeline=[])
    recognizer = dict(backbone=resnet(), head=head(7))
    identity = dict(type='ipdfer_mm.IdentityEncoder', backbone=resnet())
    return dict(
        HOOKS=dict(
            ChannelsLastHook={}, CompileHook=dict(cuda_graphs=True),
            DatasetMetaHook={}, DatasetNotesHook={}, EpochSeedHook={},
            NonFiniteLossHook={}, PlainCheckpointHook={}, PoseErasureHook={},
            ResumeCheckpointHook={}, ResumeInitHook={},
            SyncTrainedBuffersHook={}, SynthesisGridHook=dict(interval=2)),
        # It takes an optimizer.
        OPTIM_WRAPPERS=dict(Bfloat16OptimWrapper=ABSTRACT),
        OPTIM_WRAPPER_CONSTRUCTORS=dict(
            AlternatingOptimWrapperConstructor=dict(optim_wrapper_cfg=dict(
                generator=dict(optimizer=dict(type='Adam'))))),
        # It takes a dataset.
        DATA_SAMPLERS=dict(WeightedClassSampler=ABSTRACT),
        DATASETS=dict(datasets, FERDataset=ABSTRACT),
        TRANSFORMS=dict(AlignFace={}, LoadFaceImage={}, PackFaceInputs={},
                        RandomTint={}),
        MODELS=dict(
            AverageScoreTTA=dict(
                module=dict(recognizer, type='ipdfer_mm.FaceRecognizer')),
            DiscriminatorBatchNormIPDFER=ipdfer,
            ExpressionDiscriminator=recognizer,
            FaceDecoder=dict(in_channels=WIDTH),
            FaceDistiller=dict(backbone=resnet(), teacher=identity,
                               feat_channels=WIDTH),
            FaceEncoder=dict(backbone=resnet()),
            FaceRecognizer=recognizer,
            IPDFERModel=ipdfer,
            IPDFERPlus=ipdfer,
            IResNet=dict(depth=18),
            IdentityConsistencyLoss={},
            IdentityEncoder=dict(backbone=resnet()),
            InceptionResnetV1={},
            LazyIPDFER=dict(ipdfer, generator_interval=2),
            MobileFaceNet={},
            OrthogonalityLoss={},
            PoseAdversaryIPDFER=dict(ipdfer, pose_adversary=head(5)),
            PoseSupervisedHead=dict(
                num_classes=7, in_channels=WIDTH, pose_head=head(5),
                loss=dict(type='mmpretrain.CrossEntropyLoss')),
            ReconstructionLoss={},
            SharedAdamIPDFER=ipdfer,
            SharedForwardIPDFER=ipdfer,
            UniformConfusionLoss={}),
        WEIGHT_INITIALIZERS=dict(Pretrained=dict(checkpoint='face.pth')),
        METRICS=dict(
            BalancedAccuracy={}, CleanAccuracy={}, Reliability={},
            ClassSubsetAccuracy=dict(classes=['happiness', 'neutral']),
            ExpectedCalibrationError={}, PoseAccuracy={},
            VerificationMetric={}))


BUILD = '''
import json
import sys

import mmengine.registry as root
from mmengine.registry import DefaultScope

scope, components = json.loads(sys.argv[1])
if scope is not None:
    DefaultScope.get_instance('test', scope_name=scope)
for node, args_by_name in components.items():
    registry = getattr(root, node)
    for name, args in args_by_name.items():
        kind = f'ipdfer_mm.{name}'
        component = registry.get(kind)
        assert component.__module__.startswith('ipdfer_mm.'), component
        if args != 'not to be built':
            built = registry.build({**args, 'type': kind})
            assert type(built) is component, built
        print('built', name)
'''


@pytest.mark.parametrize('scope', [None, 'mmpretrain'])
def test_all_are_built_from_the_root(scope, tmp_path):
    parts = components(tmp_path)
    output = run('python', '-c', BUILD, json.dumps([scope, parts]),
                 cwd=tmp_path)
    assert re.findall('^built (.*)', output, re.M) == [
        name for args in parts.values() for name in args]
    # MMEngine logs so for each registry node that a scope lacks.
    assert 'Failed to search registry' not in output


def ours(module) -> set[str]:
    """Names in a registry without what other tests have registered."""
    return {name for name, component in module.module_dict.items()
            if component.__module__.startswith('ipdfer_mm.')}


def test_every_component_stands_here(tmp_path):
    register_all_modules(init_default_scope=False)
    assert {node: ours(module) for node, module in vars(registry).items()
            if isinstance(module, Registry) and module.module_dict} == {
        node: set(args) for node, args in components(tmp_path).items()}


def test_registries_are_children_of_the_roots():
    from mmpretrain import registry as mmpretrain_registry
    for node, module in vars(mmpretrain_registry).items():
        if isinstance(module, Registry) and module.scope == 'mmpretrain':
            ours = getattr(registry, node)
            assert ours.scope == 'ipdfer_mm', node
            assert ours.parent is module.parent, node


def test_locations_are_modules():
    """A registry that holds a component of ours says where it is."""
    register_all_modules(init_default_scope=False)
    for node, module in vars(registry).items():
        if isinstance(module, Registry) and module.module_dict:
            (location, ) = module._locations
            assert any(component.__module__.startswith(location)
                       for component in module.module_dict.values()), node
