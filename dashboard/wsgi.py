"""For other WSGI servers: `dashboard.wsgi:server`. `python -m dashboard` brings its own."""

from dashboard.app import create_app
from dashboard.jobs import worker
from dashboard.jobs.retention import sweep_daily
from dashboard.logs import configure_log
from dashboard.server.process import keep_to
from dashboard.services import EXTENSION
from dashboard.settings import load_settings
from dashboard.users.trail import Trail

settings = load_settings()
configure_log(settings.log)
keep_to(settings.data_dir)
app = create_app(settings)
server = app.server
services = server.extensions[EXTENSION]
services.warm()
sweep_daily(services)
server.extensions[worker.EXTENSION].work_in_background()
if settings.auth != "none":
    Trail(services.store).tell_log()
