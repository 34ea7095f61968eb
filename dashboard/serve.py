"""Starting the server: one process, or several that share a socket, until Ctrl-C or SIGTERM."""

import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from dashboard.server.process import keep_to
from dashboard.settings import Settings, SettingsError, load_settings, variable

if TYPE_CHECKING:
    from dashboard.server.bridge import Bridge
    from dashboard.services import Services


def start_server(settings: Settings) -> int:
    """Start the server; 0 when it was stopped, 2 when a setting keeps it from starting."""
    # The first process of a container has no handler of its own, and ignores what it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        listener = bind_address(settings)
    except OSError as error:
        print(f"Dermaboard cannot start.\n{address_problem(settings, error)}", file=sys.stderr)
        return 2
    # Imported when the address is known to be free: this is what takes the time.
    from dashboard.logs import configure_log
    from dashboard.store import StoreError

    configure_log(settings.log)
    try:
        return serve_until_stopped(settings, listener)
    except (SettingsError, StoreError) as error:
        print(f"Dermaboard cannot start.\n{error}", file=sys.stderr)
        return 2


def bind_address(settings: Settings) -> socket.socket:
    """A bound socket, before anything slow is loaded: a port in use is said at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family)


def address_problem(settings: Settings, error: OSError) -> str:
    """Why the address cannot be used, and which variable changes it."""
    return (
        f"It cannot listen on {settings.host}, port {settings.port}: {error.strerror or error}. Perhaps another "
        f"program uses the port; choose another one with {variable('port')}=8051, for example."
    )


def serve_until_stopped(settings: Settings, listener: socket.socket) -> int:
    """Serve on the socket until Ctrl-C or SIGTERM, with one process or several."""
    from dashboard.jobs.retention import sweep_daily
    from dashboard.services import build_services
    from dashboard.store.outcomes import NO_LONGER_BENIGN
    from dashboard.users.trail import Trail

    services = build_services(settings)
    try:
        serve = prepared_server(services, listener)
        host, port = listener.getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        print(f"Dermaboard is at http://{name}:{port}{settings.prefix}  (Ctrl-C stops it)", flush=True)
        if changed := services.store.page(NO_LONGER_BENIGN).total:
            print(
                f"{changed:,} benign results have another outcome since an update. The history shows which.",
                flush=True,
            )
        # Of several processes, this one does what is done once.
        sweep_daily(services)
        if settings.auth != "none":
            Trail(services.store).tell_log()
        serve()
    except KeyboardInterrupt:
        pass
    finally:
        services.store.close()
    return 0


def prepared_server(services: "Services", listener: socket.socket) -> Callable[[], None]:
    """A function that serves: in this process, or in those that it starts."""
    from dashboard.server.serving import run, run_processes

    if services.settings.workers > 1:
        return partial(
            run_processes, f"{__name__}:{served_application.__name__}", services.settings.workers, listener
        )
    from dashboard.app import create_app
    from dashboard.jobs.worker import EXTENSION as JOBS

    server = create_app(services=services).server
    services.warm(delay=2)
    # What was asked of a process that is no more.
    server.extensions[JOBS].work_in_background()
    return partial(run, server, listener)


def served_application() -> "Bridge":
    """What each of several processes serves."""
    from dashboard.app import create_app
    from dashboard.jobs.worker import EXTENSION as JOBS
    from dashboard.logs import configure_log
    from dashboard.server.serving import bridged
    from dashboard.services import EXTENSION

    settings = load_settings()
    configure_log(settings.log)
    keep_to(settings.data_dir)
    server = create_app(settings).server
    server.extensions[EXTENSION].warm()
    server.extensions[JOBS].work_in_background()
    return bridged(server)
