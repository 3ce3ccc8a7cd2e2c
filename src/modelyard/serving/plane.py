"""The data plane: asks the generation that is to answer, its shadows, and tells who listens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from modelyard import errors
from modelyard.serving.asking import Answer, Answered, Question
from modelyard.serving.generations.loaded import Loaded
from modelyard.serving.generations.loading import answer_test_query
from modelyard.serving.packages.types import PackagedEndpoint, PackagedModel, PredictionEndpoint
from modelyard.serving.querylog.events import CallerInfo, QueryEvent
from modelyard.serving.running.node import RunningNode
from modelyard.serving.running.routing import Routing
from modelyard.serving.types import Observer

LOG = logging.getLogger("modelyard.node")
