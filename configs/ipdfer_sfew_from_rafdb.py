# IPD-FER on SFEW 2.0 from its own weights after RAF-DB, the better result of
# Table 6. RAFDB_CHECKPOINT in the environment names another place.
_base_ = './ipdfer_sfew.py'

load_from = '{{$RAFDB_CHECKPOINT:work_dirs/ipdfer_rafdb/epoch_30.pth}}'
