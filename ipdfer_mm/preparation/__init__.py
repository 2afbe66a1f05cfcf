"""From raw images to aligned faces, for training and for use."""
