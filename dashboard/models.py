"""What administrators decide on models: candidate, in use or retired, with the reason; and the way back."""

from dashboard.cases import Actor
from dashboard.services import Services, damaged_model
from dashboard.store import InputError
from dashboard.store.registry import ModelState, RegistryLine
from dashboard.users.roles import Permission
from dashboard.users.trail import Trail
from model.bundle import Bundle

STATE_WORDS = {
    ModelState.CANDIDATE: "candidate",
    ModelState.IN_USE: "in use",
    ModelState.RETIRED: "retired",
}


def set_model_state(
    actor: Actor, services: Services, name: str, state: ModelState, chosen: bool, why: str
) -> RegistryLine:
    """Say what a model is for, in every process from now on.

    Args:
        chosen: it answers where no model is asked for.
        why: stands in the list of changes and in the audit trail.

    Raises:
        InputError: there is no such model, no reason, or nothing would change.
        ModelUnavailable: a damaged model, or one that cannot predict, is to be in use.
        NotAllowed: the actor is no administrator.
    """
    actor.require(Permission.ADMINISTER)
    found = next((one for one in services.bundles if one.name == name), None)
    if found is None:
        raise InputError("There is no model of that name.")
    if not isinstance(found, Bundle):
        raise damaged_model(name)
    if state is ModelState.IN_USE and not found.runnable:
        raise InputError("This model has no graph: it can be looked at, and cannot predict.")
    if state is ModelState.IN_USE:
        # It predicts something before photographs are given to it.
        services.predictors.get(found)
    model = (found.name, found.card.version, found.card.sha256)
    line = services.registry.change(model, state, chosen, actor.name, why)
    write_model_trail(actor, services, line)
    return line


def undo_model_change(actor: Actor, services: Services, seq: int) -> RegistryLine:
    """Undo the newest change; see `dashboard.store.registry.ModelRegistry.back`."""
    actor.require(Permission.ADMINISTER)
    line = services.registry.back(seq, actor.name)
    write_model_trail(actor, services, line)
    return line


def write_model_trail(actor: Actor, services: Services, line: RegistryLine) -> None:
    """A line of the audit trail, where there is a log-in."""
    if services.settings.auth != "none":
        words = f"{model_state_words(line, line.model)}. {line.why}"
        # The subject of a line is short; the whole name stands in the list of changes.
        Trail(services.store).write(actor.name, "model changed", line.model[:64], words)


def model_state_words(line: RegistryLine, name: str) -> str:
    """What a model is after a change, in words."""
    state = line.states.get(name)
    if line.chosen == name:
        return "In use, by default"
    return STATE_WORDS[state].capitalize() if state else "Not decided"
