# IPD-FER on SFEW 2.0 from its own weights after RAF-DB, the better result of
# Table 6. IPDFER_RAFDB in the environment names another place.
_base_ = './ipdfer_sfew.py'

load_from = '{{$IPDFER_RAFDB:work_dirs/ipdfer_rafdb/epoch_30.pth}}'
