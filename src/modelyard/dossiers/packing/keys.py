"""Public keys that whoever verifies a package gives."""

from __future__ import annotations

from pathlib import Path

from modelyard.archives.signing import PublicHalf, told_key, trusted_keys


def pinned(given: tuple[str, ...], *, files: bool) -> tuple[PublicHalf, ...]:
    """Keys, each a file in PEM, or 32 bytes in base64.

    Args:
        given: what was given.
        files: whether texts may name files of this machine.

    Raises:
        NotFound: there is no such file.
        Invalid: one of them is no key.
    """
    return tuple(key for text in given for key in _keys(text, files=files))


def _keys(text: str, *, files: bool) -> tuple[PublicHalf, ...]:
    place = Path(text).expanduser()
    if files and (place.suffix or place.exists()):
        return tuple(trusted_keys([place]).keys.values())
    return (told_key(text),)
