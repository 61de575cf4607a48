"""How many threads compute at once.

Retrieval, weighing and composing hold the interpreter's lock in short turns; sixteen threads that contend for it answer
a fifth fewer questions than one. Waiting for a language model is no computing and passes no gate.
"""

import os
from threading import BoundedSemaphore

COMPUTING = BoundedSemaphore(os.cpu_count() or 1)
"""Enter it around computation only, and never twice in one thread."""
