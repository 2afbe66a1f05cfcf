"""How fast training, inference and preparation are; not in the wheel."""
