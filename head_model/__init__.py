"""How ``ipdfer_mm/rendering/head.npz``, the built-in head, is made."""
