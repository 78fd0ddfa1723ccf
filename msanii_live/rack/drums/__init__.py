"""Drums made by code: single hits of three families, and the kits they form."""
