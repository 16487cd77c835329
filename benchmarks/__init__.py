"""Measurements: accuracy and speed. Run them from the checkout; they are not tests."""
