"""`python -m nndsl`: the same program as `nndsl`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    try:
        from nndsl.cli import run

        code = run()
    except KeyboardInterrupt:
        code = 130
    gc.freeze()  # the process ends: to look for cycles once more, and to undo them, is a twelfth of its time
    sys.exit(code)


if __name__ == "__main__":
    main()
