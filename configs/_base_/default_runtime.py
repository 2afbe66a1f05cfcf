# Components without a prefix are ipdfer_mm's or MMEngine's.
default_scope = 'ipdfer_mm'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    # Every loss, with the time that is left, each 10 iterations.
    logger=dict(type='LoggerHook', interval=10),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # One checkpoint an epoch, the last two and the best are kept. They are
    # written beside their place and renamed.
    checkpoint=dict(
        type='CheckpointHook',
        interval=1,
        max_keep_ckpts=2,
        save_best='accuracy/top1',
        rule='greater',
        backend_args=dict(backend='AtomicLocalBackend')),
    # Another order of the samples in each epoch.
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # Images with predictions: tools/test.py --show-dir.
    visualization=dict(type='mmpretrain.VisualizationHook', enable=False),
    # Model, dataset and checkpoint must speak of the same classes.
    dataset_meta=dict(type='DatasetMetaHook'),
    # train_notes.csv: which images the dataset has left out, and why.
    dataset_notes=dict(type='DatasetNotesHook'),
    # A resumed run draws the random numbers of an undisturbed one.
    epoch_seed=dict(type='EpochSeedHook'),
    # Stop at the first loss that is NaN or infinite.
    nonfinite_loss=dict(type='NonFiniteLossHook'),
    # Checkpoints load with torch.load(weights_only=True).
    plain_checkpoint=dict(type='PlainCheckpointHook'),
    # --resume takes the newest checkpoint that is whole and validated.
    resume_checkpoint=dict(type='ResumeCheckpointHook'),
    # Resuming does not ask for the files that training started from.
    resume_init=dict(type='ResumeInitHook'),
    # Average the batch-norm statistics of all processes after each epoch.
    sync_buffers=dict(type='SyncTrainedBuffersHook'))

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))

# Scalars and images go to files and to TensorBoard.
vis_backends = [
    dict(type='LocalVisBackend'),
    dict(type='TensorboardVisBackend'),
]
visualizer = dict(
    type='mmpretrain.UniversalVisualizer', vis_backends=vis_backends)

log_level = 'INFO'
# load_from: start from the weights of a checkpoint; resume: go on from one.
load_from = None
resume = False

# Give another seed with --cfg-options randomness.seed=1.
randomness = dict(seed=0, deterministic=False)
