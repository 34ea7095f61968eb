"""What can be done with predictions, and by whom: predict, predict again, change, review, delete, put back.

Pages, API, jobs and command line call this, and write to the store in no other way: what an actor may do is checked
here.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from dashboard.services import LIMITS, Services, operating_point_of
from dashboard.store import Context, Finding, InputError, NotFound, Record, Store
from dashboard.store.bin import RETENTION, BinnedCase, CaseBin
from dashboard.store.files import STORED_LIMITS
from dashboard.store.holds import Hold, Holds
from dashboard.store.keys import IdempotencyKey, request_digest
from dashboard.store.subjects import ids_of_same_lesion
from dashboard.store.summary import same_image
from dashboard.users.roles import EVERYTHING, Permission
from dashboard.users.trail import Trail
from dashboard.users.visitors import asks_who, current_visitor
from model.images import Crop, cut, decode

# Seconds that a request waits until an unusual file can be decoded; its thread is wanted for others.
PATIENCE = 2.0
# Threads that encode photographs and wait for the disk; so many as the web server has.
WRITING = ThreadPoolExecutor(8, "writing")


@dataclass(frozen=True)
class Actor:
    """Who does something; the audit trail names them.

    Attributes:
        name: the user's. Without log-in it is as the person gave it, and empty where nobody did.
        permissions: what the actor may do; nothing unless it is said.
    """

    name: str = ""
    permissions: frozenset[Permission] = frozenset()

    def require(self, permission: Permission) -> None:
        """Raise NotAllowed where the actor may not do this."""
        if permission not in self.permissions:
            raise NotAllowed("There is no prediction under this address.")


class NotAllowed(NotFound):
    """The actor may not do this. What somebody may not touch is as missing to them as what is not there."""


# Whoever asks where there is no log-in.
NOBODY = Actor(permissions=EVERYTHING)
# Whoever runs Dermaboard.
COMMAND_LINE = Actor("command line", EVERYTHING)


def current_actor(typed: str | None = None) -> Actor:
    """Who asks for what the running request does.

    Args:
        typed: the name that somebody gave; it counts only where there is no log-in.
    """
    if not asks_who():
        return replace(NOBODY, name=typed or "")
    visitor = current_visitor()
    return Actor() if visitor is None else Actor(visitor.name, visitor.permissions)


def predict_photograph(
    actor: Actor,
    services: Services,
    data: bytes,
    filename: str,
    model: str | None = None,
    operating_point: str | None = None,
    context: Context = Context(),
    key: str | None = None,
    crop: Crop | None = None,
    replaces: str | None = None,
) -> Record:
    """Image bytes to a stored prediction: the one path of the page and the API.

    Args:
        actor: not stored with the prediction.
        data: the whole image file.
        filename: what the user calls it; kept as data, never used as a path.
        model: name of a bundle, None for the default.
        operating_point: by its name, None for the model's default.
        context: what the user says about the lesion. No model sees it.
        key: an idempotency key: the same one with the same file and words gives the first record again.
        crop: the part to predict from, None for all of it; the whole photograph is kept.
        replaces: id of the prediction of an earlier attempt, which is kept. Without a context the new one takes that of
            the earlier.

    Raises:
        ImageError: the file, or the part, cannot be used.
        InputError: there is no such earlier attempt.
        ModelUnavailable: there is no such model or operating point.
        Conflict: the key was used for another request.
        StoreError: the prediction cannot be stored.
    """
    actor.require(Permission.PREDICT)
    bundle, store = services.bundle(model), services.store
    point = operating_point_of(bundle, operating_point)
    photograph = decode(data, LIMITS, PATIENCE)
    asked = (*(map(str, filter(None, (crop, replaces)))), bundle.name, point.name)
    once = None if key is None else IdempotencyKey(key, request_digest(filename, context, *asked))
    if once is not None and (record := store.with_key(once, photograph.sha256)) is not None:
        return record
    part = cut(photograph, crop)
    if replaces is not None:
        context = context if context != Context() else earlier_attempt(store, replaces).context
    predictor = services.predictors.get(bundle)
    # Encoding and the disk take about as long as the graph: both at once.
    kept = WRITING.submit(store.keep_image, photograph)
    with store.dropping_image(photograph):
        try:
            prediction = predictor.predict(part, operating_point=point.name)
        except BaseException:
            wait([kept])
            raise
    return store.add(photograph, prediction, filename, context, once, kept.result, crop, replaces)


def earlier_attempt(store: Store, record_id: str) -> Record:
    """The prediction that a new photograph replaces. Raises InputError."""
    try:
        return store.get(record_id)
    except NotFound as error:
        raise InputError("The photograph that this one replaces is no longer there.") from error


def predict_again(
    actor: Actor,
    services: Services,
    record_id: str,
    model: str,
    operating_point: str | None = None,
    key: str | None = None,
) -> Record:
    """A prediction for the stored image of another one, or the one that this model has already made of it.

    Args:
        key: an idempotency key: of several that ask with the same one at once, one stores a prediction.

    Raises:
        NotFound: the prediction or its image does not exist any more.
        ModelUnavailable: no such model can run.
        StoreError: it cannot be stored.
    """
    actor.require(Permission.PREDICT)
    before = services.store.get(record_id)
    return predict_stored(services, before, model, operating_point, before.crop, key=key)


def predict_part(actor: Actor, services: Services, record_id: str, crop: Crop | None) -> Record:
    """A prediction from another part of a stored photograph, which replaces the one that is there; both are kept.

    It is made by the same model, or the default one where that is gone.

    Raises:
        ImageError: the part is too small.
        NotFound, ModelUnavailable, StoreError: as for `predict_again`.
    """
    actor.require(Permission.PREDICT)
    before = services.store.get(record_id)
    bundle = services.bundle(
        before.model if before.model in {one.name for one in services.runnable} else None
    )
    points = {point.name for point in bundle.card.operating_points}
    point = before.operating_point if before.operating_point in points else None
    return predict_stored(services, before, bundle.name, point, crop, before.id)


def predict_stored(
    services: Services,
    before: Record,
    model: str,
    operating_point: str | None,
    crop: Crop | None,
    replaces: str | None = None,
    key: str | None = None,
) -> Record:
    """A prediction from a stored photograph, or the one that is there already; see `predict_again`."""
    bundle, store = services.bundle(model), services.store
    point = operating_point_of(bundle, operating_point)
    for record in same_image(store, before.sha256):
        made = (record.model_sha256, record.operating_point, record.crop)
        if made == (bundle.card.sha256, point.name, crop):
            return record
    # What is stored has the same pixels and another digest; under that of the file that came in, both stay together.
    photograph = replace(decode(store.picture(before), STORED_LIMITS), sha256=before.sha256)
    prediction = services.predictors.get(bundle).predict(cut(photograph, crop), operating_point=point.name)
    return store.add(
        photograph,
        prediction,
        before.filename,
        before.context,
        key=None if key is None else IdempotencyKey(key),
        crop=crop,
        replaces=replaces,
        source=before.id,
    )


def change_cases(
    actor: Actor,
    services: Services,
    seen: Mapping[str, int | None],
    fields: Mapping[str, Any],
    finding: Finding | None = None,
) -> tuple[Record, ...]:
    """Change fields of the context, append a review of the actor's, or both: for all that are still there, or for none.

    Args:
        seen: id -> the revision that the actor has seen, None for any.
        fields: of `Context`, by their names; the others stay as they are at that moment.

    Raises:
        Conflict: somebody changed one of them meanwhile.
        InputError: a value, or the review, does not fit.
        NotFound: none of them is there.
    """
    actor.require(Permission.REVIEW)
    return services.store.change(seen, fields, finding, actor.name)


def delete_cases(
    actor: Actor, services: Services, ids: Sequence[str], revision: int | None = None
) -> tuple[str, ...]:
    """Put cases into the bin. Returns the ids of those that were there.

    Args:
        revision: the one that the actor has seen, of each of them.

    Raises:
        Conflict: somebody changed one of them meanwhile, or it is on legal hold; none is deleted then.
    """
    actor.require(Permission.DELETE)
    gone = CaseBin(services.store).put(ids, actor.name, revision)
    write_trail(services, actor.name, "deleted", gone)
    return gone


def binned_cases(actor: Actor, services: Services) -> tuple[tuple[BinnedCase, ...], int]:
    """The cases in the bin, those that were deleted last first and at most MOST_SHOWN, and how many there are."""
    actor.require(Permission.DELETE)
    return CaseBin(services.store).cases()


def put_back_cases(actor: Actor, services: Services, ids: Sequence[str]) -> tuple[str, ...]:
    """Take cases out of the bin again. Returns the ids of those that were in it.

    Raises:
        StoreError: one of them is damaged; none is put back then.
    """
    actor.require(Permission.DELETE)
    back = CaseBin(services.store).put_back(ids, actor.name)
    write_trail(services, actor.name, "put back", back)
    return back


def delete_binned_cases(actor: Actor, services: Services, ids: Sequence[str]) -> tuple[str, ...]:
    """Delete cases for good that are in the bin. Returns the ids of those that were in it.

    Raises:
        Held: one of them is on legal hold; none is deleted then.
    """
    actor.require(Permission.ADMINISTER)
    gone = CaseBin(services.store).delete(ids, actor.name)
    write_trail(services, actor.name, "deleted for good", gone)
    return gone


def hold_cases(
    actor: Actor, services: Services, record_id: str, reason: str, whole_lesion: bool = False
) -> tuple[str, ...]:
    """Put a legal hold on a case, in the list or in the bin: nobody may delete it. Returns what was not held before.

    Args:
        reason: stands in the audit trail.
        whole_lesion: on every case of the same lesion.

    Raises:
        InputError: there is no reason, or it is too long.
        NotFound: there is no such case.
    """
    actor.require(Permission.ADMINISTER)
    ids = same_lesion(services, record_id) if whole_lesion else (record_id,)
    held = Holds(services.store).put(ids, reason, actor.name)
    write_trail(services, actor.name, "held", held, reason)
    return held


def release_cases(
    actor: Actor, services: Services, record_id: str, whole_lesion: bool = False
) -> tuple[str, ...]:
    """Take the legal hold off a case, or off all of its lesion. Returns what was held."""
    actor.require(Permission.ADMINISTER)
    ids = same_lesion(services, record_id) if whole_lesion else (record_id,)
    released = Holds(services.store).release(ids, actor.name)
    write_trail(services, actor.name, "released", released)
    return released


def hold_on(services: Services, record_id: str) -> Hold | None:
    """The legal hold on a case; None where there is none."""
    return Holds(services.store).of(record_id)


def same_lesion(services: Services, record_id: str) -> tuple[str, ...]:
    """The cases of the lesion of this one, which may have none. Raises NotFound."""
    record = services.store.get(record_id)
    if record.lesion_id is None or record.context.lesion is None:
        return (record_id,)
    return ids_of_same_lesion(services.store, record.lesion_id)


def sweep_cases(services: Services, files: bool = False) -> tuple[int, int]:
    """Put what is older than the setting allows into the bin, and delete for good what was in it for long enough.

    Args:
        files: remove those, too, that a process has left that was stopped between row and files. Every start does.

    Returns:
        How many cases went into the bin, and how many were deleted for good.
    """
    bin_, days = CaseBin(services.store), services.settings.keep_days
    retired = bin_.retire(timedelta(days=days)) if days else ()
    write_trail(services, RETENTION, "deleted", retired)
    gone = bin_.expire()
    write_trail(services, RETENTION, "deleted for good", gone)
    if files:
        services.store.sweep()
    return len(retired), len(gone)


def write_trail(services: Services, who: str, action: str, ids: Sequence[str], text: str = "") -> None:
    """A line of the audit trail for each of these cases, where there is a log-in."""
    if ids and services.settings.auth != "none":
        Trail(services.store).write_each(who, action, ids, text)
