"""Routes of a prediction's files: photograph, thumbnail, outline and report."""

from flask import Blueprint, Response, request

from dashboard import examples
from dashboard.api.address import ROOT
from dashboard.api.answers import private_response
from dashboard.api.inputs import ReportQuery
from dashboard.api.problems import Problem
from dashboard.api.spec import PREDICTIONS, Answers, documented
from dashboard.services import Services
from dashboard.shell.attempts import attempts_of
from dashboard.shell.browse import time_zone
from dashboard.shell.known_cases import printed_cases
from dashboard.shell.outline import outline_of
from dashboard.store.files import IMAGE_TYPES, image_ending
from dashboard.store.thumbnails import THUMBNAIL_SIDE

# What belongs to one person stays in that person's browser, and is asked for each time: it may have been deleted.
PRIVATE = "private, no-cache"
MISSING = {404: "There is no such prediction."}
ID = "Of the prediction."

PHOTOGRAPH = Answers(
    what="A JPEG or WebP file without metadata.", files=tuple(IMAGE_TYPES.values()), errors=MISSING
)

blueprint = Blueprint("pictures", __name__, url_prefix=f"{ROOT}/predictions")


@blueprint.get("/<string:record_id>/image")
@documented(
    PHOTOGRAPH,
    PREDICTIONS,
    "readImage",
    record_id=ID,
)
def read_image(record_id: str) -> Response:
    """What was predicted from: the photograph, or as a JPEG the part that was cut out of it.

    It has no metadata. The whole photograph is the JPEG's own data, or else in WebP without loss. Decoded, with its
    EXIF orientation where it has one, it shows exactly the pixels that were predicted from.
    """
    services = Services.current()
    data = services.picture(services.store.get(record_id))
    return image_response(data, IMAGE_TYPES[image_ending(data)])


@blueprint.get("/<string:record_id>/original")
@documented(
    PHOTOGRAPH,
    PREDICTIONS,
    "readOriginal",
    record_id=ID,
)
def read_original(record_id: str) -> Response:
    """All of the photograph, upright by its EXIF orientation, also where only a part of it was predicted from."""
    data = Services.current().store.image(record_id)
    return image_response(data, IMAGE_TYPES[image_ending(data)])


@blueprint.get("/<string:record_id>/thumbnail")
@documented(
    Answers(what="A JPEG file without metadata.", files=("image/jpeg",), errors=MISSING),
    PREDICTIONS,
    "readThumbnail",
    record_id=ID,
)
def read_thumbnail(record_id: str) -> Response:
    """The photograph with at most 240 pixels on its longer side."""
    services = Services.current()
    record = services.store.get(record_id)
    cut_out = record.crop is not None
    small = services.picture(record, THUMBNAIL_SIDE) if cut_out else services.store.thumbnail(record_id)
    return image_response(small, "image/jpeg")


@blueprint.get("/<string:record_id>/outline")
@documented(
    Answers(
        what="A PNG file with transparency.",
        files=("image/png",),
        errors={
            404: "There is no such prediction, or no region stands out, or the model's maps mean nothing."
        },
    ),
    PREDICTIONS,
    "readOutline",
    record_id=ID,
)
def read_outline(record_id: str) -> Response:
    """A line around what the model looked at, to lay over the photograph's centred square."""
    services = Services.current()
    outline, missing = outline_of(services, services.store.get(record_id))
    if missing:
        raise Problem(404, "no_outline", missing)
    return image_response(outline, "image/png")


@blueprint.get("/<string:record_id>/report")
@documented(
    Answers(
        what="A PDF file of one page.",
        files=("application/pdf",),
        errors=MISSING | {422: "A field does not fit."},
    ),
    PREDICTIONS,
    "readReport",
    record_id=ID,
)
def read_report(record_id: str, query: ReportQuery) -> Response:
    """The report of a prediction on one page of A4, as a PDF; the page /report/ID shows the same to print."""
    # Imported here: nothing else needs the library that draws it, and it is slow to load.
    from dashboard.case_report.pdf import report_pdf

    services = Services.current()
    store, record = services.store, services.store.get(record_id)
    pdf = report_pdf(
        record,
        store.known.of(record.model_sha256),
        services.picture(record),
        *outline_of(services, record),
        services.prevalence(record),
        examples.is_drawn(record.sha256),
        time_zone(query.zone) if query.zone is not None else None,
        attempts_of(store, record),
        printed_cases(record),
        store.reviews(record.id),
    )
    response = private_response(Response(pdf, mimetype="application/pdf"), "private, no-cache")
    response.headers["Content-Disposition"] = f'inline; filename="dermaboard-{record.id}.pdf"'
    return response


def image_response(data: bytes, kind: str) -> Response:
    """A file of a prediction; a browser that has it already is told so."""
    response = private_response(Response(data, mimetype=kind), PRIVATE)
    response.add_etag()
    response.make_conditional(request)
    return response
