"""The verbs over HTTP: a workspace on another machine as if it were here."""

from __future__ import annotations

from modelyard.client.remote import Client, connect

__all__ = ["Client", "connect"]
