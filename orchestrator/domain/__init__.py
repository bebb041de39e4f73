"""Frozen values and rules of a run; no input or output happens here."""
