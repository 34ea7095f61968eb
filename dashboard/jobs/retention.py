"""Once a day: cases that are old enough go to the bin, and what was in it for long enough is deleted for good."""

import logging
import threading
from itertools import count

from dashboard.cases import sweep_cases
from dashboard.services import Services
from dashboard.store import StoreError

# Seconds; by a clock that does not jump.
DAY = 86_400.0

log = logging.getLogger(__name__)


def sweep_daily(services: Services, pause: float = DAY) -> threading.Event:
    """Sweep from now on and once a day, until the event is set. Several processes may do so at once."""
    done = threading.Event()

    def sweep() -> None:
        for turn in count():
            try:
                retired, gone = sweep_cases(services, files=turn > 0)
                if retired or gone:
                    log.warning("%d old cases went to the bin, %d were deleted for good", retired, gone)
            except StoreError:
                log.exception("The bin could not be swept; that is tried again in a day")
            if done.wait(pause):
                return

    threading.Thread(target=sweep, name="retention", daemon=True).start()
    return done
