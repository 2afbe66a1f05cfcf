# IPD-FER on SFEW 2.0, started from that of RAF-DB, which has the same
# classes: the better results of Table 6. IPDFER_RAFDB in the environment names
# another checkpoint.
_base_ = './ipdfer_sfew.py'

load_from = '{{$IPDFER_RAFDB:work_dirs/ipdfer_rafdb/epoch_30.pth}}'
