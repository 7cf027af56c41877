"""``python -m vmnb.testing.propolis run BOOTROM IP:PORT``, as the real server is started."""

import signal
import sys
import threading

from vmnb.testing.propolis.stand_in import PropolisStandIn


def main(arguments: list[str]) -> int:
    """Serve until a signal ends it."""
    if len(arguments) != 3 or arguments[0] != "run" or ":" not in arguments[2]:
        sys.stderr.write("usage: propolis-server run <bootrom> <ip:port>\n")
        return 2
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    host, _, port = arguments[2].rpartition(":")
    with PropolisStandIn(int(port), host):
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
