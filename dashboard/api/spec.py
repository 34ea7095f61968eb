"""The OpenAPI 3.1 document, made from the routes and their typed schemas by spectree, which also checks every request.

Spectree knows one media type for answers; ours has three more (problem documents, images, reports), so `Answers` says
what a route answers with.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from spectree import Response as SpecResponse
from spectree import SpecTree, Tag
from spectree.plugins.flask_plugin import FlaskPlugin

from dashboard import __version__
from dashboard.addresses import local_address
from dashboard.api import problems
from dashboard.api.address import ROOT
from dashboard.api.schemas import ProblemDocument
from dashboard.shell.text import NOT_A_DEVICE

View = TypeVar("View", bound=Callable[..., Any])

DESCRIPTION = (
    "Photographs of skin lesions in, calibrated probabilities of malignancy out. Every error is a problem document "
    "(RFC 9457). Results are answered at once, also where readers judge first on the pages. "
    f"{NOT_A_DEVICE}"
)
PREDICTIONS = Tag(name="Predictions", description="Photographs and the predictions that models made of them.")
PATIENTS = Tag(name="Patients", description="Who has lesions, and the lesions; no model sees anything of it.")
MODELS = Tag(name="Models", description="The installed models and how well they do.")
EXAMPLES = Tag(name="Examples", description="Drawings to try the API with.")
# What can happen to any request; 403 is for other web sites, 500 for our mistakes.
ALWAYS = {
    "403": "Sent by another web site.",
    "500": "An error in the server.",
    "503": "The store or the model cannot be used at the moment.",
}


class Answers(SpecResponse):
    """What a route answers with: a schema by status, files by media type, the sentences of its errors, its headers."""

    def __init__(
        self,
        *,
        status: int = 200,
        schema: type[BaseModel] | None = None,
        what: str = "",
        files: tuple[str, ...] = (),
        errors: Mapping[int, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        codes = (f"HTTP_{status}",) if schema is None else ()
        models = {} if schema is None else {f"HTTP_{status}": (schema, what or None)}
        super().__init__(*codes, **models)
        self.status = str(status)
        self.what = what
        self.files = files
        self.errors = {str(code): text for code, text in (errors or {}).items()}
        self.headers = headers or {}

    def generate_spec(self, naming_strategy: Any = None) -> dict[str, Any]:
        """The `responses` object of the operation."""
        found = super().generate_spec(naming_strategy)
        # Spectree adds it to every route; where it can happen, the errors say so.
        found.pop("422", None)
        answer = found[self.status]
        if self.what:
            answer["description"] = self.what
        if self.files:
            answer["content"] = {kind: {"schema": {}} for kind in self.files}
        if self.headers:
            answer["headers"] = {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in self.headers.items()
            }
        for code, text in (ALWAYS | self.errors).items():
            schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
            found[code] = {
                "description": text,
                "content": {problems.MEDIA_TYPE: {"schema": schema}},
            }
        return found


def refuse(_request: Any, _response: Any, error: Exception | None, *_: Any) -> None:
    """Called by spectree after it has looked at a request: our problem document instead of its list."""
    if isinstance(error, ValidationError):
        raise problems.invalid(error)


class Checks(FlaskPlugin):
    """Flask's plug-in of spectree; it looks at requests only, for our answers are made from their schemas anyway."""

    def validate_response(self, resp: Any, *_: Any) -> tuple[Any, None]:
        """Leave the answer as it is."""
        return resp, None


def component_name(schema: str) -> str:
    """What clients call the schema of a class: `PredictionSchema` is `Prediction`."""
    return schema.removesuffix("Schema")


spec = SpecTree(
    backend=Checks,
    before=refuse,
    validation_error_model=ProblemDocument,
    title="Dermaboard",
    description=DESCRIPTION,
    version=__version__,
    # Only what `documented` marks; the document and its page have routes of our own.
    mode="strict",
    path="openapi",
    page_templates={},
    naming_strategy=lambda model: component_name(model.__name__),
    nested_naming_strategy=lambda _parent, child: component_name(child),
    license={"name": "MIT"},
)


def documented(answers: Answers, tag: Tag, operation: str, **parameters: str) -> Callable[[View], View]:
    """Put a route into the document, and check its requests against the annotations of its arguments.

    Arguments that are looked at are `query`, `form`, `json` and `headers`.

    Args:
        operation: the operation's id.
        parameters: what the parameters in the path mean.
    """
    return spec.validate(
        resp=answers,
        tags=(tag,),
        operation_id=operation,
        path_parameter_descriptions=parameters,
    )


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document; needs an application context."""
    found = tidy(spec.spec) | {"servers": [{"url": local_address("") or "/"}]}
    for path in found["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                parameter["schema"] = given(parameter["schema"])
    fields = found["components"]["schemas"]["NewPrediction"]["properties"]
    fields.update({name: given(schema) for name, schema in fields.items()})
    patch = found["paths"][f"{ROOT}/predictions/{{record_id}}"]["patch"]["requestBody"]["content"]
    patch["application/merge-patch+json"] = patch["application/json"]
    return found


def given(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value that is there. Only JSON has a null; forms, queries and headers leave a field out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return kinds[0] | {name: value for name, value in schema.items() if name != "anyOf"}


def tidy(value: Any) -> Any:
    """A copy without what pydantic says of every field: a title that repeats its name, a default of nothing."""
    if isinstance(value, dict):
        return {
            key: tidy(one)
            for key, one in value.items()
            if not (key == "default" and one is None) and not (key == "title" and "type" in value)
        }
    return [tidy(one) for one in value] if isinstance(value, list) else value
