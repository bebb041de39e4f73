"""Ordinary Python functions as tools: marked by a decorator, described from their signatures."""
