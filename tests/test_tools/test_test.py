"""tools/test.py, run as a user runs it, on a tiny RAF-DB."""

import json
from pathlib import Path

import cv2
import mmengine
import pytest
import torch
from helpers.damage import Payload
from helpers.tiny_run import NUM_TEST, load, run_test, run_train
from mmengine.config import Config
from mmengine.dataset import default_collate

from ipdfer_mm.registry import DATASETS, MODELS


@pytest.fixture(scope='module')
def checkpoint(ipdfer_run) -> Path:
    return ipdfer_run.work_dir / 'epoch_2.pth'


@pytest.fixture(scope='module')
def scores(ipdfer_run, checkpoint) -> dict:
    """Scores of the test images and their mirror images, without tools."""
    cfg = Config.fromfile(ipdfer_run.config)
    model = MODELS.build(cfg.model)
    model.load_state_dict(load(checkpoint)['state_dict'])
    model.eval()
    cfg.test_dataloader.dataset['_scope_'] = 'ipdfer_mm'
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    batch = default_collate([dataset[i] for i in range(len(dataset))])
    inputs = model.data_preprocessor(batch)['inputs']
    labels = torch.cat([s.gt_label for s in batch['data_samples']])
    with torch.no_grad():
        return dict(labels=labels, plain=model(inputs).softmax(1),
                    mirrored=model(inputs.flip(3)).softmax(1))


@pytest.fixture
def run(ipdfer_run, checkpoint, tmp_path):
    """Run the tool; return what it writes and what it prints."""

    def call(out, *flags, config=ipdfer_run.config):
        output = run_test(config, checkpoint, tmp_path / 'work', '--out',
                          tmp_path / out, *flags)
        return mmengine.load(tmp_path / out), output

    return call


def assert_scores(predictions, scores):
    assert len(predictions) == NUM_TEST
    for prediction, score in zip(predictions, scores):
        assert torch.allclose(prediction['pred_score'], score, atol=1e-6)
        assert prediction['pred_label'] == score.argmax()


def test_predictions_and_images(run, scores, tmp_path):
    predictions, output = run('pred.pkl', '--show-dir', tmp_path / 'shown')
    assert_scores(predictions, scores['plain'])
    right = scores['plain'].argmax(1) == scores['labels']
    accuracy = 100 * right.float().mean().item()
    assert f'accuracy/top1: {accuracy:.4f}' in output
    shown = list(tmp_path.glob('shown/test_*.png'))
    assert len(shown) == NUM_TEST
    assert cv2.imread(str(shown[0])).shape == (224, 224, 3)  # text fits


def test_metrics_are_those_of_training(run, ipdfer_run):
    metrics, _ = run('metrics.json', '--out-item', 'metrics')
    (scalars, ) = ipdfer_run.work_dir.glob('*/vis_data/scalars.json')
    last = json.loads(scalars.read_text().splitlines()[-1])
    assert {'accuracy/top1', 'single-label/f1-score'} <= set(metrics)
    # But for the thresholds, which are fitted to the validation.
    assert metrics == {
        key: value for key, value in last.items()
        if '/' in key and not key.startswith('reliability/')}


def test_metrics_that_are_tensors(run, ipdfer_run, scores, tmp_path):
    config = tmp_path / 'confusion.py'
    config.write_text(
        f'_base_ = {str(ipdfer_run.config)!r}\n'
        "test_evaluator = [dict(type='mmpretrain.ConfusionMatrix')]\n")
    metrics, _ = run('metrics.json', '--out-item', 'metrics', config=config)
    matrix = metrics['confusion_matrix/result']
    for truth, guess in zip(scores['labels'], scores['plain'].argmax(1)):
        matrix[truth][guess] -= 1
    assert not any(map(any, matrix))


def test_tta_averages_mirror_images(run, scores):
    mean = (scores['plain'] + scores['mirrored']) / 2
    assert not torch.allclose(mean, scores['plain'], atol=1e-5)
    assert_scores(run('pred.pkl', '--tta')[0], mean)


def fail(config: Path, checkpoint: Path, *flags) -> str:
    """Run a test that must fail; the last lines of what it prints."""
    output = run_test(config, checkpoint, checkpoint.parent / 'failed',
                      *flags, fails=True)
    return output[output.rindex('Traceback'):]


def test_missing_checkpoint(ipdfer_run, tmp_path):
    message = fail(ipdfer_run.config, tmp_path / 'absent.pth')
    assert f'The checkpoint {tmp_path}/absent.pth does not exist' in message


def test_other_classes(ipdfer_run, checkpoint, tmp_path):
    other = load(checkpoint)
    classes = other['meta']['dataset_meta']['classes']
    other['meta']['dataset_meta']['classes'] = classes[::-1]
    torch.save(other, tmp_path / 'other.pth')
    message = fail(ipdfer_run.config, tmp_path / 'other.pth')
    assert 'trained on the classes surprise, sadness, neutral' in message
    assert 'the dataset has anger, disgust, fear' in message


def test_checkpoint_of_another_model(checkpoint, write, tmp_path):
    config = write(tmp_path / 'baseline.py', baseline=True)
    message = fail(config, checkpoint)
    assert 'not one of the model in the config, ImageClassifier' in message
    assert 'not in the file: backbone.' in message


def test_checkpoint_that_would_run_code(ipdfer_run, checkpoint, tmp_path):
    proof = tmp_path / 'code_was_run'
    evil = load(checkpoint)
    evil['meta']['extra'] = Payload(proof)
    torch.save(evil, tmp_path / 'evil.pth')
    message = fail(ipdfer_run.config, tmp_path / 'evil.pth')
    assert f'The checkpoint {tmp_path}/evil.pth holds pickled' in message
    assert '--trust-checkpoint' in message
    assert not proof.exists()
    # With the flag it is loaded, and does what it was made for.
    run_test(ipdfer_run.config, tmp_path / 'evil.pth', tmp_path / 'work',
             '--trust-checkpoint')
    assert proof.exists()


def test_training_refuses_code_as_well(ipdfer_run, tmp_path):
    proof = tmp_path / 'code_was_run'
    torch.save(dict(state_dict=Payload(proof)), tmp_path / 'evil.pth')
    output = run_train(
        ipdfer_run.config, tmp_path / 'work', '--cfg-options',
        f'model.identity_encoder.init_cfg.checkpoint={tmp_path}/evil.pth',
        fails=True)
    message = output[output.rindex('Traceback'):]
    assert f'The checkpoint {tmp_path}/evil.pth holds pickled' in message
    assert '--trust-checkpoint' in message
    assert not proof.exists()
