# Subjects in the wild, for measuring: photographs in LFW's layout and
# faces.csv, of the columns path, expression and subject, as they can be made
# of https://github.com/muxspace/facial_expressions, without rows that have no
# expression. Aligned faces come from
# tools/prepare_dataset.py images. LFW_PEOPLE_ROOT in the environment names
# another place.
data_root = '{{$LFW_PEOPLE_ROOT:data/lfw_people}}'

test_dataloader = dict(
    batch_size=64,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='CSVFER',
        data_root=data_root,
        ann_file='faces.csv',
        manifest='prepared/manifest.csv',
        metainfo=dict(
            classes=('anger', 'disgust', 'fear', 'happiness', 'neutral',
                     'sadness', 'surprise', 'contempt')),
        test_mode=True,
        pipeline=[
            dict(type='LoadFaceImage'),
            dict(type='AlignFace', size=112),
            dict(type='PackFaceInputs'),
        ]))
