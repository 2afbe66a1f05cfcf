"""Which checkpoint a run goes on from."""

import os.path as osp
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from ipdfer_mm.registry import HOOKS
from ipdfer_mm.utils.checkpoint_files import (
    checkpoints,
    find_resumable,
    note_finished,
    remove_partial,
)
from ipdfer_mm.utils.main_process import on_main_process

from ..optimizer_layout import follow_parameters


@HOOKS.register_module()
class ResumeCheckpointHook(Hook):
    """Go on from a checkpoint that is whole and validated.

    MMEngine resumes from the file that ``last_checkpoint`` names, whatever
    its state, and that file is written anew after each epoch. With this hook
    ``--resume`` without a file goes on from the newest checkpoint in the work
    folder that is not damaged and whose epoch was also validated, or, where
    none of these is left, from one that was not; a warning says so and names
    the damaged ones. A checkpoint that the user names is taken as it
    is. Training by iterations is left to MMEngine.

    Args:
        start_from (str, optional): Weights to start with where there is no
            checkpoint yet; ``--resume`` passes ``load_from`` of the config.
            Defaults to None.
    """

    priority = 'VERY_HIGH'  # before hooks that ask what is resumed

    def __init__(self, start_from: str | None = None) -> None:
        self.start_from = start_from

    def before_run(self, runner: Runner) -> None:
        """Choose the checkpoint.

        Args:
            runner (Runner): The runner.

        Raises:
            RuntimeError: If all checkpoints are damaged; names them.
        """
        if not runner._resume or runner._load_from is not None:
            return
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            return
        path = on_main_process(
            lambda: self._choose(Path(runner.work_dir)),
            'The first process found no checkpoint to resume; see its error.')
        if path is None:
            runner.logger.info(
                f'{runner.work_dir} has no checkpoint of a finished epoch: '
                'training starts anew'
                f'{f" from {self.start_from}" if self.start_from else ""}.')
            runner._resume = False
            runner._load_from = self.start_from
        else:
            runner._load_from = str(path)

    def before_train(self, runner: Runner) -> None:
        """Bring what was resumed into the memory format of the model.

        Args:
            runner (Runner): The runner.
        """
        follow_parameters(runner.optim_wrapper)

    @staticmethod
    def _choose(work_dir: Path) -> Path | None:
        folder = work_dir
        last = work_dir / 'last_checkpoint'
        # `out_dir` of CheckpointHook may name another folder.
        if not checkpoints(folder) and last.is_file():
            named = osp.dirname(last.read_text(errors='replace').strip())
            folder = Path(named) if osp.isdir(named) else folder
        remove_partial(folder)
        return find_resumable(folder, work_dir)

    def before_train_epoch(self, runner: Runner) -> None:
        """Note that the epoch before is done.

        Args:
            runner (Runner): The runner.
        """
        if is_main_process():
            note_finished(Path(runner.work_dir), runner.epoch)

    def after_run(self, runner: Runner) -> None:
        """Note that the last epoch is done, and what hooks do after it.

        Args:
            runner (Runner): The runner.
        """
        if isinstance(runner._train_loop, EpochBasedTrainLoop):
            self.before_train_epoch(runner)
