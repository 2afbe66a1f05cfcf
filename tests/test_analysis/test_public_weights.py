import hashlib

from ipdfer_mm.analysis.public_weights import PublicWeights


def test_original(tmp_path):
    """As torch.hub names files."""
    path = tmp_path / 'copy.pth'
    path.write_bytes(b'weights')
    digest = hashlib.sha256(b'weights').hexdigest()
    url = f'https://example.org/net-2015-12-05-{digest[:8]}.pth'
    assert PublicWeights('a net', url).is_original(path)
    path.write_bytes(b'weight')
    assert not PublicWeights('a net', url).is_original(path)
