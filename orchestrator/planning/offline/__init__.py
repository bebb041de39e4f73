"""Decomposition of a request without a language model: words, types and the registered tools' records."""

from orchestrator.planning.offline.absent import ABSENT, QUESTION
from orchestrator.planning.offline.decomposer import OfflineDecomposer
from orchestrator.planning.offline.peek import AttachedInput, Column, peek_inputs

__all__ = ["ABSENT", "QUESTION", "AttachedInput", "Column", "OfflineDecomposer", "peek_inputs"]
