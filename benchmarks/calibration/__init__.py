"""Seeded simulation of the coverage and mean width of every interval."""
