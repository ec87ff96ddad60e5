"""A toy casino, a toy studio and the tour that lets them play."""
