"""The process that loads the program once and forks a worker for each file from outside: started, asked and ended from here."""

import atexit
import os
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress

from hatang.data._drivers import clean_environment
from hatang.data.contracts import StoreError


class Host:
    """The process that forks a worker for each file; one for this process and those it forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        os.register_at_fork(after_in_child=self._forked)
        atexit.register(self.stop)

    def start(self) -> socket.socket:
        """Return the socket on which the process is asked; start it where it does not run."""
        with self._lock:
            if self._control is None:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    folder = tempfile.gettempdir()
                    command = [sys.executable, "-I", "-m", "hatang.data._sandboxed", str(theirs.fileno())]
                    try:
                        self._process = subprocess.Popen(  # noqa: S603 - the program's own module, no word of a user
                            command,
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL,
                            cwd=folder,
                            env=clean_environment(folder),
                            pass_fds=[theirs.fileno()],
                            start_new_session=True,
                        )
                    except OSError as error:
                        ours.close()
                        raise StoreError("error.reading.sandbox", reason=error.strerror or str(error)) from error
                self._control = ours
            return self._control

    def connect(self, needed: bytes) -> socket.socket:
        """Return a connection to a watcher that waits for one request, for which `needed` is loaded (`hatang.data._readinglibraries`)."""
        ours, theirs = socket.socketpair()
        with theirs:
            for attempt in (1, 2):
                try:
                    socket.send_fds(self.start(), [needed], [theirs.fileno()])
                except StoreError:
                    ours.close()
                    raise
                except OSError as error:  # it was ended from outside: once more
                    self.stop()
                    if attempt == 2:
                        ours.close()
                        raise StoreError("error.reading.sandbox", reason=error.strerror or str(error)) from error
                else:
                    break
        return ours

    def stop(self) -> None:
        """Let the process end: it does when nobody holds the socket any more."""
        with self._lock:
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(1)
                if self._process.poll() is None:
                    self._process.kill()
                    self._process.wait()
            self._control = self._process = None

    def _forked(self) -> None:
        """In a fork: ask the same process, but leave its end to the one that started it."""
        self._lock = threading.Lock()
        if self._process is not None:
            self._process.returncode = 0
        self._process = None
