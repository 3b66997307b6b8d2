"""`python -m nndsl`: the same program as `nndsl`."""

from __future__ import annotations

import sys


def main() -> None:
    from nndsl.cli import run

    sys.exit(run())


if __name__ == "__main__":
    main()
