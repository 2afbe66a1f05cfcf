# ID-FER on SFEW 2.0 from its own weights after RAF-DB, the better result of
# Table 6. IDFER_RAFDB in the environment names another place.
_base_ = './idfer_sfew.py'

load_from = '{{$IDFER_RAFDB:work_dirs/idfer_rafdb/epoch_30.pth}}'
