"""Pools: queries wait in lines, and free workers take as many at once as they may."""

from modelyard.serving.pool.pool import Pool
from modelyard.serving.pool.query import Done

__all__ = ["Done", "Pool"]
