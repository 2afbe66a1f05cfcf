# The rendered benchmark: the ICT face model, whose file
# tools/dataset_converters/ict_facekit.py writes. SYNTHETIC_FACE_MODEL in the
# environment names another place. Where there is none, the head built into the
# package is rendered, with which the numbers are others.
_base_ = './synthetic_faces.py'

import os.path as osp  # noqa: E402

face_model = '{{$SYNTHETIC_FACE_MODEL:data/ict_facekit.npz}}'
if face_model == 'data/ict_facekit.npz' and not osp.isfile(face_model):
    face_model = None

train_dataloader = dict(
    batch_size=16,
    dataset=dict(face_model=face_model, num_subjects=1500, num_images=6000))
val_dataloader = dict(dataset=dict(face_model=face_model))
test_dataloader = dict(
    dataset=dict(face_model=face_model, num_subjects=200, num_images=1400))
