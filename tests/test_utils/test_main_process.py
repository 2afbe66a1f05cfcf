import json

import numpy as np
import pytest
import torch.multiprocessing as mp
from helpers.dist_faces import load_readers
from helpers.official_layouts import make_affectnet_new, make_ferplus
from helpers.tiny_run import free_port

from ipdfer_mm.utils.main_process import on_main_process


def test_alone():
    assert on_main_process(lambda: {'a': 1}, 'no') == {'a': 1}
    with pytest.raises(KeyError):
        on_main_process(lambda: {}['a'], 'no')


@pytest.mark.parametrize('broken', [False, True])
def test_first_process_works_for_all(tmp_path, broken):
    make_ferplus(tmp_path / 'ferplus')
    annotations = make_affectnet_new(
        tmp_path / 'affectnet') / 'train_set/annotations'
    if broken:
        (tmp_path / 'ferplus/fer2013.csv').write_text('pixels,Usage')
        np.save(annotations / '0_exp.npy', np.array('x'))
    mp.spawn(load_readers, (2, free_port(), str(tmp_path)), nprocs=2)
    first, second = (json.loads((tmp_path / f'{rank}.json').read_text())
                     for rank in range(2))
    if broken:
        assert [text[:11] for text in first] == ['ValueError:'] * 2
        for text, work in zip(second, ('write the images', 'read the labels')):
            assert text.startswith('RuntimeError:')
            assert f'first process failed to {work}; see its error' in text
    else:
        assert first == second and len(first) == 8 + 9
