"""From raw pictures to aligned faces, for training and for use."""
