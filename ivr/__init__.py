"""The voice hotline: dialogue, routing, service, storage, carriers, shop, switch and command line."""

import os

__version__ = "0.1.0"

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Before numpy is loaded: many callers share the cores, and threads that wait for each other burn them."""
