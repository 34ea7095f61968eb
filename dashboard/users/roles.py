"""What each role may do, and what each route, page and callback takes: the one place that says so.

Whatever is not named here is refused to everybody who logs in.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any


class Permission(StrEnum):
    """Something that a role may do."""

    ENTER = "enter"
    SEE = "see"
    PREDICT = "predict"
    REVIEW = "review"
    DELETE = "delete"
    PERFORMANCE = "performance"
    MONITOR = "monitor"
    EXPORT = "export"
    EXPORT_PATIENTS = "export-patients"
    ADMINISTER = "administer"


class Role(StrEnum):
    """What a user is."""

    VIEWER = "viewer"
    CLINICIAN = "clinician"
    SCIENTIST = "scientist"
    ADMINISTRATOR = "administrator"


EVERYTHING = frozenset(Permission)
SEEING = frozenset({Permission.ENTER, Permission.SEE, Permission.PERFORMANCE, Permission.MONITOR})
ROLES: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: SEEING,
    Role.CLINICIAN: SEEING | {Permission.PREDICT, Permission.REVIEW},
    Role.SCIENTIST: frozenset(
        {Permission.ENTER, Permission.PERFORMANCE, Permission.MONITOR, Permission.EXPORT}
    ),
    Role.ADMINISTRATOR: EVERYTHING,
}

# The way to a provider of OpenID Connect and back: there where the settings name one.
AT_PROVIDER = frozenset({"oidc.start", "oidc.finish"})
# Answered to everybody, by endpoint: logging in, the files that its page needs, and whether the process lives.
PUBLIC = AT_PROVIDER | {"users.sign_in", "vendor.static", "_dash_assets.static", "health.live"}

# Flask endpoint -> what it takes.
ROUTES: dict[str, Permission] = {
    **dict.fromkeys(
        (
            *("/", "/<path:path>", "/health", "/_dash-layout", "/_dash-dependencies", "/_reload-hash"),
            *("/_favicon.ico", "/_dash-update-component"),
            "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
            *("reference.static", "reference.openapi", "reference.reference_page", "rest.unknown_address"),
            *("models.list_models", "examples.example", "users.sign_out", "users.signed_in"),
        ),
        Permission.ENTER,
    ),
    **dict.fromkeys(
        (
            *("predictions.list_predictions", "predictions.read_prediction", "cards.read_result_card"),
            *("pictures.read_image", "pictures.read_original", "pictures.read_thumbnail"),
            "pictures.read_outline",
            "pictures.read_report",
            *("patients.list_patients", "patients.read_patient", "patients.read_lesion_record"),
        ),
        Permission.SEE,
    ),
    "predictions.create_prediction": Permission.PREDICT,
    "predictions.crop_prediction": Permission.PREDICT,
    **dict.fromkeys(
        (
            *("predictions.change_prediction", "judgements.add_judgement", "judgements.switch_judge_first"),
            "pasted.read_pasted",
            *("patients.change_one_patient", "patients.change_one_lesion"),
            *("patients.merge_one_patient", "patients.undo_merge_of_patient"),
            *("patients.merge_one_lesion", "patients.undo_merge_of_lesion"),
        ),
        Permission.REVIEW,
    ),
    **dict.fromkeys(
        ("predictions.delete_prediction", "bin.list_bin", "bin.put_back_prediction"), Permission.DELETE
    ),
    **dict.fromkeys(
        (
            *("bin.delete_prediction_for_good", "retention.hold_prediction", "retention.release_prediction"),
            *("retention.read_lesion", "retention.erase_all_of_lesion"),
            *("patients.erase_patient", "patients.read_patient_data"),
            *("models.change_model_state", "model_changes.list_model_changes"),
            "model_changes.undo_newest_change",
        ),
        Permission.ADMINISTER,
    ),
    **dict.fromkeys(
        (
            *("models.read_model_card", "models.read_model_metrics"),
            *("photographs.picture", "photographs.explained"),
            *("downloads.send_table", "downloads.send_figure", "downloads.send_report"),
            *("downloads.send_sketch", "downloads.send_card"),
        ),
        Permission.PERFORMANCE,
    ),
    "monitoring.read_counters": Permission.MONITOR,
    "health.ready": Permission.MONITOR,
    "exports.download_export": Permission.EXPORT,
}

# Folder of a page -> what the page and its callbacks take.
FOLDERS: dict[str, Permission] = {
    "predict": Permission.PREDICT,
    "performance": Permission.PERFORMANCE,
    **dict.fromkeys(("history", "case", "case_report", "compare", "patient"), Permission.SEE),
    "monitoring": Permission.MONITOR,
    "admin": Permission.ADMINISTER,
    "bin": Permission.DELETE,
    # What several pages share works on cases; the page for unknown addresses is there, too.
    "shell": Permission.SEE,
}
MODULES: dict[str, Permission] = {
    "dash.dash": Permission.ENTER,
    "dashboard.shell.not_found_404": Permission.ENTER,
    # It looks after whoever asks, and nobody else.
    "dashboard.admin.account": Permission.ENTER,
}
# Callbacks that do more than look.
CALLBACKS: dict[str, Permission] = {
    "dashboard.shell.review_form.save_review": Permission.REVIEW,
    "dashboard.case.page.save_context": Permission.REVIEW,
    "dashboard.case.page.delete_case": Permission.DELETE,
    "dashboard.patient.page.save_patient": Permission.REVIEW,
    "dashboard.patient.lesion_page.save_lesion": Permission.REVIEW,
    "dashboard.patient.page.merge_or_part_patient": Permission.REVIEW,
    "dashboard.patient.lesion_page.merge_or_split_lesion": Permission.REVIEW,
    "dashboard.patient.lesion_page.move_lesion_and_back": Permission.REVIEW,
    "dashboard.case.hold.change_hold": Permission.ADMINISTER,
    "dashboard.history.chosen.delete_selected": Permission.DELETE,
    "dashboard.history.chosen.undo_deletion": Permission.DELETE,
    "dashboard.bin.page.delete_chosen_for_good": Permission.ADMINISTER,
    "dashboard.shell.predict_again.start_predicting_again": Permission.PREDICT,
    "dashboard.shell.predict_again.stop_job": Permission.PREDICT,
}


def module_permission(module: str) -> Permission | None:
    """What a page's module takes; None for one that nobody has named."""
    package, _, rest = module.partition(".")
    folder = rest.partition(".")[0] if package == "dashboard" else ""
    return MODULES.get(module) or FOLDERS.get(folder)


def callback_permission(function: Callable[..., Any]) -> Permission | None:
    """What a callback takes; None for one that nobody has named."""
    name = f"{function.__module__}.{function.__qualname__}"
    return CALLBACKS.get(name) or module_permission(function.__module__)
