"""Measurements: verdict simulations and speed."""
