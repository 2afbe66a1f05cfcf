"""Sets of training runs, and tables made of them."""
