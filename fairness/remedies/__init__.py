"""Bridges to other tools, imported on use."""
