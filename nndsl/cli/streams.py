"""Standard input, output and error, in whatever state the caller left them."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
from types import FrameType


class Closed(io.TextIOBase):
    """Stands where a stream was closed (`>&-`): what is written to it is lost, and that is said."""

    def __init__(self, name: str) -> None:
        self.title = name

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, "it is closed", self.title)


class Interrupts:
    """Ctrl-C is a KeyboardInterrupt as ever. But an import that it meets may make any exception of it: it is noted, so
    that nobody takes that for a bug."""

    def __init__(self) -> None:
        self.any = False
        self.mine = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self.mine:
            signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.any = True
        raise KeyboardInterrupt

    def forget(self) -> None:
        if self.mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def prepare() -> str:
    """Output is UTF-8 whatever the locale; a name that is not Unicode is shown with escapes. Returns the encoding that
    standard output had, which is what its reader may understand."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if sys.stdout is None:
        sys.stdout = Closed("standard output")
    if sys.stderr is None:
        sys.stderr = io.StringIO()  # nobody listens
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return encoding


def silenced(code: int) -> int:
    """Output that cannot be written stays unwritten: no second attempt when the interpreter ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # no real file stands behind it
        sys.stdout = io.StringIO()
    return code


def standard_input(most: int) -> bytes:
    """All of it, or the first bytes beyond `most` of what might have no end."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed", "standard input")
    return sys.stdin.buffer.read(most + 1)
