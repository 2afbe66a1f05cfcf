# The model ipdfer_ferplus of the package: ipdfer_ferplus_light.py goes on for
# four epochs on images of 96x96 pixels, with two thirds of the learning rate.
# An epoch takes 21 minutes of one CPU core. IPDFER_LIGHT in the
# environment names another place of the weights to start from; the first layer
# of their decoder, which depends on the size of the image, is left out.
_base_ = './ipdfer_ferplus_light.py'

img_size = 96
scale = (img_size, img_size)
load_from = '{{$IPDFER_LIGHT:work_dirs/ipdfer_ferplus_light/epoch_6.pth}}'

model = dict(decoder=dict(img_size=img_size))

train_pipeline = _base_.train_pipeline
train_pipeline[1].update(scale=scale)
test_pipeline = _base_.test_pipeline
test_pipeline[2].update(scale=scale)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

wrapper = dict(optimizer=dict(lr=2e-4))
optim_wrapper = dict(
    encoders=wrapper, discriminator=wrapper, generator=wrapper)
max_epochs = 4
train_cfg = dict(max_epochs=max_epochs)
