"""The head of a policy of a house's own, to which tests add rules."""

HEAD = """schema = "fairreach/policy/1"
name = "own"
version = "1"
title = "Own rules"
jurisdiction = "none"
sectors = []
as_of = 2026-11-23
disclaimer = "none"
"""
