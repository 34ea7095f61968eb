"""`python -m dashboard`: serve the dashboard until interrupted."""

import socket
import sys

import waitress

from dashboard.settings import Settings, SettingsError, load_settings, variable

# Far beyond what the application accepts: it answers too large a file itself, with a sentence.
MAX_BODY = 100_000_000


def main() -> int:
    """Start the server; 0 when it was stopped, 2 when a setting keeps it from starting."""
    settings = load_settings()
    try:
        listener = listen(settings)
    except OSError as error:
        print(f"Dermaboard cannot start.\n{address_problem(settings, error)}", file=sys.stderr)
        return 2
    # Imported when the address is known to be free: this is what takes the time.
    from dashboard.store import StoreError

    try:
        return serve(settings, listener)
    except (SettingsError, StoreError) as error:
        print(f"Dermaboard cannot start.\n{error}", file=sys.stderr)
        return 2


def listen(settings: Settings) -> socket.socket:
    """A bound socket, before anything slow is loaded: a port in use is said at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family)


def address_problem(settings: Settings, error: OSError) -> str:
    """Why the address cannot be used, and which variable changes it."""
    return (
        f"It cannot listen on {settings.host}, port {settings.port}: {error.strerror or error}. Perhaps another "
        f"program uses the port; choose another one with {variable('port')}=8051, for example."
    )


def serve(settings: Settings, listener: socket.socket) -> int:
    """Build the application and serve it on the socket until Ctrl-C."""
    from dashboard.app import create_app
    from dashboard.services import EXTENSION

    app = create_app(settings)
    services = app.server.extensions[EXTENSION]
    host, port = listener.getsockname()[:2]
    print(
        f"Dermaboard is at http://{f'[{host}]' if ':' in host else host}:{port}  (Ctrl-C stops it)",
        flush=True,
    )
    services.warm(delay=2)
    try:
        waitress.serve(
            app.server, sockets=[listener], threads=8, max_request_body_size=MAX_BODY, ident=None, _quiet=True
        )
    except KeyboardInterrupt:
        pass
    finally:
        services.store.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
