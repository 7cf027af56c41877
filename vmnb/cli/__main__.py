"""``python -m vmnb.cli`` is the command ``vmnb``."""

import sys

from vmnb.cli import main

sys.exit(main())
