"""``python -m meta`` is the command ``meta``."""

from __future__ import annotations

import sys

from meta.cli import main

if __name__ == "__main__":
    sys.exit(main())
