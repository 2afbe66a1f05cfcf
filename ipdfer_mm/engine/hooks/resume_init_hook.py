"""Resume without the files that training started from."""

from mmengine.hooks import Hook
from mmengine.runner import Runner, find_latest_checkpoint

from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.modules import unwrap


@HOOKS.register_module()
class ResumeInitHook(Hook):
    """Skip the initialization of weights that a checkpoint brings anyway.

    MMEngine initializes a model before it resumes, and would ask for the
    pre-trained files of ``init_cfg``, which may no longer be there or sit on
    another machine.
    """

    def before_run(self, runner: Runner) -> None:
        """Mark the model as initialized if the run resumes a checkpoint.

        Args:
            runner (Runner): The runner.
        """
        if not runner._resume:
            return
        checkpoint = runner._load_from
        if checkpoint is None:
            checkpoint = find_latest_checkpoint(runner.work_dir)
        if checkpoint is not None:
            unwrap(runner.model).is_init = True
