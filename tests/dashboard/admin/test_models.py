"""Models under administration: changed, and changed back."""

from dashboard.app import create_app
from dashboard.services import Services
from tests.dashboard.admin.conftest import Administrator
from tests.dashboard.calls import page


def test_models_are_changed_and_changed_back(admin: Administrator, services: Services) -> None:
    shown = page(admin.client, "/administration")
    assert "tiny 1" in shown and "In use, by default" in shown and "when this list began" in shown
    assert "Say why" in admin.model("tiny", "retired", " ")
    assert "Choose a model" in admin.model("", "retired", "x")
    assert "tiny: retired." in admin.model("tiny", "retired", "Misses too much.")
    shown = admin.models()
    assert '"Retired"' in shown and "Misses too much." in shown and '"administrator"' in shown
    assert 'model="tiny"' not in admin.client.get("/metrics").text
    assert "as they were before" in admin.undo_model("2") and services.default_model == "tiny"
    assert "Somebody changed the models meanwhile" in admin.undo_model("2")
    assert "Back to how it was before" in admin.models()


def test_without_a_log_in_models_are_looked_after_all_the_same(services: Services) -> None:
    settings = services.settings.model_copy(update={"auth": "none"})
    app = create_app(services=Services(settings, services.store, services.folder, services.predictors))
    client = app.server.test_client()
    shown = page(client, "/administration")
    assert "tiny 1" in shown and "Nobody has asked for anything" in shown
    assert "tiny: candidate." in Administrator(app, client).model("tiny", "candidate", "To be tried first.")
    assert services.default_model is None
    shown = page(client, "/")
    assert "No model is in use." in shown
