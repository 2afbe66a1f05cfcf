# The baseline on SFEW 2.0 from its own weights after RAF-DB, the better result
# of Table 6. BASELINE_RAFDB in the environment names another place.
_base_ = './baseline_sfew.py'

load_from = '{{$BASELINE_RAFDB:work_dirs/baseline_rafdb/epoch_30.pth}}'
