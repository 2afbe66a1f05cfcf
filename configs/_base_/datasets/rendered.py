# The rendered benchmark: the ICT face model where its file is there, the head
# built into the package elsewhere (other numbers). SYNTHETIC_FACE_MODEL names
# the file, which tools/dataset_converters/ict_facekit.py writes.
_base_ = './synthetic_faces.py'

import os.path as osp  # noqa: E402

face_model = '{{$SYNTHETIC_FACE_MODEL:data/ict_facekit.npz}}'
# The face-recognition network that all encoders start from, trained on other
# people of the same face model: pretrain_demo.py.
identity_checkpoint = 'ipdfer_mm://identity_ict'
if not osp.isfile(face_model):
    face_model = None
    identity_checkpoint = 'ipdfer_mm://identity_head'

train_dataloader = dict(
    dataset=dict(face_model=face_model, num_people=1000, num_pictures=6000))
val_dataloader = dict(dataset=dict(face_model=face_model))
test_dataloader = dict(dataset=dict(face_model=face_model))
