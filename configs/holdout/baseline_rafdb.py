# The baseline on RAF-DB without a look at the test pictures before the end:
# the epoch is chosen on a tenth of the training pictures, which are not
# trained on. tools/test.py tests the best one on the official test pictures.
_base_ = '../baseline_rafdb.py'

tenth = dict(type='mmpretrain.KFoldDataset', fold=0, num_splits=10, seed=0)
pictures = _base_.train_dataloader.dataset
train_dataloader = dict(dataset=dict(_delete_=True, dataset=pictures, **tenth))
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        dataset=dict(pictures, pipeline=_base_.test_pipeline, test_mode=True),
        test_mode=True,
        **tenth))
