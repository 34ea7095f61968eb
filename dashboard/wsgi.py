"""For WSGI servers: `waitress-serve dashboard.wsgi:server`."""

from dashboard.app import create_app
from dashboard.services import EXTENSION

app = create_app()
server = app.server
server.extensions[EXTENSION].warm()
