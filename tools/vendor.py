"""Renew what pages use of other projects: `src/modelyard/web/assets/vendor`.

Run: `.venv/bin/python tools/vendor.py`; it takes `npm`, only to fetch packages. To use another
icon, add its name to `vendor/icons.txt` first; Tabler Icons' own pages show all there are.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

VENDOR = Path(__file__).parents[1] / "src/modelyard/web/assets/vendor"
PACKAGES = {
    "@tabler/core": ("1.6.1", {"dist/css/tabler.min.css": "tabler.min.css"}),
    "@tabler/icons": ("3.51.0", {"LICENSE": "TABLER_LICENSE.txt"}),
    "htmx.org": ("2.0.11", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "HTMX_LICENSE.txt"}),
    "vega": ("6.4.0", {"build/vega.min.js": "vega.min.js", "LICENSE": "VEGA_LICENSE.txt"}),
    "vega-lite": (
        "6.5.0",
        {"build/vega-lite.min.js": "vega-lite.min.js", "LICENSE": "VEGA_LITE_LICENSE.txt"},
    ),
    "vega-interpreter": (
        "2.3.2",
        {
            "build/vega-interpreter.js": "vega-interpreter.js",
            "LICENSE": "VEGA_INTERPRETER_LICENSE.txt",
        },
    ),
    "@fontsource-variable/inter": (
        "5.3.0",
        {
            "files/inter-latin-wght-normal.woff2": "inter.woff2",
            "files/inter-latin-ext-wght-normal.woff2": "inter-ext.woff2",
            "LICENSE": "INTER_LICENSE.txt",
        },
    ),
    "@fontsource-variable/jetbrains-mono": (
        "5.3.0",
        {
            "files/jetbrains-mono-latin-wght-normal.woff2": "jetbrains-mono.woff2",
            "LICENSE": "JETBRAINS_MONO_LICENSE.txt",
        },
    ),
}
ICONS = "@tabler/icons"
CHANGES = (
    (re.compile(rb"import (\{[^}]*\}) from 'vega-util';"), rb"const \1 = globalThis.vega;"),
    (re.compile(rb"\n//# sourceMappingURL=\S+\s*$"), b"\n"),
)
"""What is changed in scripts: no bare names of modules, no map that is not there."""
SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
NOTHING = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'


def main() -> None:
    """Fetch every package and keep the files that are used."""
    with TemporaryDirectory() as scratch:
        for package, (version, files) in PACKAGES.items():
            folder = _fetch(package, version, Path(scratch))
            for inside, kept in files.items():
                (VENDOR / kept).write_bytes(_fit((folder / inside).read_bytes(), kept))
            if package == ICONS:
                (VENDOR / "icons.svg").write_text(_sprite(folder / "icons/outline"), "utf-8")
    listed = "".join(f"{name} {version}\n" for name, (version, _) in PACKAGES.items())
    (VENDOR / "VERSIONS.txt").write_text(listed, "utf-8")


def _fit(content: bytes, name: str) -> bytes:
    """A file as browsers load it from here."""
    for found, instead in CHANGES if name.endswith(".js") else ():
        content = found.sub(instead, content)
    return content


def _fetch(package: str, version: str, scratch: Path) -> Path:
    """The unpacked content of a package."""
    into = scratch / re.sub(r"\W", "-", package)
    into.mkdir()
    subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(into), f"{package}@{version}"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with tarfile.open(next(into.glob("*.tgz"))) as archive:
        archive.extractall(into, filter="data")
    return into / "package"


def _sprite(folder: Path) -> str:
    """One file with a symbol for each icon that is used."""
    names = sorted(set((VENDOR / "icons.txt").read_text("utf-8").split()))
    symbols = "\n".join(
        _symbol(name, (folder / f"{name}.svg").read_text("utf-8")) for name in names
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def _symbol(name: str, drawn: str) -> str:
    found = SHAPES.search(drawn)
    assert found is not None, name
    shapes = " ".join(found[1].replace(NOTHING, "").split())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


if __name__ == "__main__":
    main()
