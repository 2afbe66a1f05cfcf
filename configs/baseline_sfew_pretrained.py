# The baseline on SFEW 2.0, started from that of RAF-DB, which has the same
# classes: the better results of Table 6. BASELINE_RAFDB in the environment
# names another checkpoint.
_base_ = './baseline_sfew.py'

load_from = '{{$BASELINE_RAFDB:work_dirs/baseline_rafdb/epoch_30.pth}}'
