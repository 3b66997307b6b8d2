"""`python -m nndsl`: the same program as `nndsl`."""

from __future__ import annotations

import sys


def main() -> None:
    try:
        from nndsl.cli import run

        code = run()
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
