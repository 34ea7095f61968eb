"""What pages and API share: bundles, predictors and the store. Made once by `build_services`, handed over by Flask."""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from flask import current_app

from dashboard.bundle_folder import BundleFolder, Found
from dashboard.diagnoses import KnownDiagnoses, known_diagnoses
from dashboard.settings import Settings, SettingsError, variable
from dashboard.store import NotFound, Record, Store, open_store
from dashboard.store.files import STORED_LIMITS
from dashboard.store.judgements import Judgements
from dashboard.store.registry import ModelRegistry, ModelState, RegistryLine
from model.bundle import Bundle, BundleError, Damaged, OperatingPoint
from model.cores import usable_cores
from model.images import Limits, Photograph, cut, decode, encode

if TYPE_CHECKING:
    from model.predictor import Predictor

EXTENSION = "dermaboard"
LIMITS = Limits()
NOT_INSTALLED = "No trained model is installed, so nothing can be predicted yet."
NOT_IN_USE = "No model is in use. An administrator puts one in use under Administration, Models."
# Seconds for which it is believed that a model predicts.
PROVEN = 60.0

log = logging.getLogger(__name__)


class ModelUnavailable(LookupError):
    """No bundle can answer. `code` is for programs, `str()` is a sentence for the user."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def damaged_model(name: str) -> ModelUnavailable:
    """The error for a bundle that is there and cannot be used; why is in the log, for whoever runs the server."""
    return ModelUnavailable("damaged_model", f"The model “{name}” is damaged and is not used.")


def is_there(find: Callable[[str], object], record_id: str) -> bool:
    """Whether a search for an id finds something, which otherwise raises NotFound."""
    try:
        find(record_id)
    except NotFound:
        return False
    return True


def operating_point_of(bundle: Bundle, name: str | None) -> OperatingPoint:
    """The bundle's operating point of that name, its default one for None. Raises ModelUnavailable."""
    try:
        return bundle.card.point(name)
    except BundleError as error:
        raise ModelUnavailable("unknown_operating_point", str(error)) from error


@dataclass
class Predictors:
    """One predictor a bundle, loaded when it is first wanted and by one thread only."""

    threads: int | None = None
    _loaded: "dict[str, Predictor]" = field(default_factory=dict["str", "Predictor"])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _proven: dict[str, float] = field(default_factory=dict[str, float])

    def get(self, bundle: Bundle) -> "Predictor":
        """The predictor of a bundle; the first call for it takes as long as loading the graph."""
        with self._lock:
            if bundle.name in self._loaded and self._loaded[bundle.name].bundle != bundle:
                # Another version lies in its folder now.
                del self._loaded[bundle.name]
            if bundle.name not in self._loaded:
                # The engine is the slowest import of the serving process: the first page doesn't wait for it.
                from model.predictor import Predictor

                try:
                    # It predicts something before it says that it is ready.
                    self._loaded[bundle.name] = Predictor(bundle, self.threads)
                    self._proven[bundle.name] = time.monotonic()
                except BundleError as error:
                    log.warning("The model %s cannot be loaded: %s", bundle.name, error)
                    raise damaged_model(bundle.name) from error
            return self._loaded[bundle.name]

    def prove(self, bundle: Bundle) -> None:
        """Have a bundle predict, unless it has done so within a minute. Raises ModelUnavailable where it cannot."""
        predictor, now = self.get(bundle), time.monotonic()
        if now - self._proven.get(bundle.name, -math.inf) < PROVEN:
            return
        try:
            predictor.predict(Photograph(np.full((256, 256, 3), 128, np.uint8), "0" * 64, "PNG"))
        except Exception as error:
            log.exception("The model %s does not predict", bundle.name)
            raise damaged_model(bundle.name) from error
        self._proven[bundle.name] = now


@dataclass(frozen=True)
class Services:
    """Everything a page or a route needs beyond its own arguments."""

    settings: Settings
    store: Store
    folder: BundleFolder
    predictors: Predictors

    @staticmethod
    def current() -> "Services":
        """The services of the running application; needs a Flask application context."""
        return current_app.extensions[EXTENSION]

    @property
    def known(self) -> KnownDiagnoses:
        """What the codes in predictions and reviews mean."""
        return self.store.known

    @property
    def bundles(self) -> Found:
        """The bundles as they are in their folder now."""
        return self.folder.bundles

    @cached_property
    def registry(self) -> ModelRegistry:
        """What each model is for, as people have decided."""
        return ModelRegistry(self.store)

    def state_of(self, name: str, line: RegistryLine | None = None) -> ModelState:
        """What a model is for. One that nobody has decided on is a candidate, but for the one that the settings name.

        Args:
            line: of the registry, where it is known already.
        """
        line = line or self.registry.newest()
        unknown = ModelState.IN_USE if name == self.settings.model else ModelState.CANDIDATE
        return line.states.get(name, unknown) if line else unknown

    def standing(
        self, line: RegistryLine | None = None
    ) -> tuple[tuple[Bundle, ...], tuple[Bundle, ...], str | None]:
        """The bundles that can predict, those of them in use, and the name of the one that answers by default.

        It is the one that the registry says, or that the settings say, or the first in use that runs.

        Args:
            line: of the registry, where it is known already.
        """
        line = line or self.registry.newest()
        states = {bundle.name: self.state_of(bundle.name, line) for bundle in self.bundles}
        runnable = tuple(
            bundle
            for bundle in self.bundles
            if isinstance(bundle, Bundle)
            and bundle.runnable
            and states.get(bundle.name, ModelState.RETIRED) is not ModelState.RETIRED
        )
        in_use = tuple(bundle for bundle in runnable if states[bundle.name] is ModelState.IN_USE)
        names = [bundle.name for bundle in in_use]
        wanted = (line.chosen if line else None, self.settings.model, *names)
        return runnable, in_use, next((name for name in wanted if name in names), None)

    @property
    def runnable(self) -> tuple[Bundle, ...]:
        """The bundles that can answer: intact, with a graph, and not retired."""
        return self.standing()[0]

    @property
    def in_use(self) -> tuple[Bundle, ...]:
        """Those that are offered for new photographs; a candidate predicts only where somebody names it."""
        return self.standing()[1]

    @property
    def default_model(self) -> str | None:
        """The model that answers where none is asked for; None where none is in use."""
        return self.standing()[2]

    def bundle(self, name: str | None = None) -> Bundle:
        """The runnable bundle of that name, the default one for None.

        Raises:
            ModelUnavailable: `no_model`, `unknown_model`, `retired_model` or `damaged_model`.
        """
        runnable, _, default = self.standing(self.registry.believed())
        wanted = name or default
        if wanted is None:
            raise ModelUnavailable("no_model", NOT_IN_USE if runnable else NOT_INSTALLED)
        for bundle in runnable:
            if bundle.name == wanted:
                return bundle
        for found in self.bundles:
            if found.name == wanted and isinstance(found, Damaged):
                raise damaged_model(wanted)
            if found.name == wanted and self.state_of(wanted) is ModelState.RETIRED:
                raise ModelUnavailable(
                    "retired_model", f"The model “{wanted}” is retired and no longer predicts."
                )
        names = ", ".join(bundle.name for bundle in runnable) or "none"
        raise ModelUnavailable(
            "unknown_model", f"There is no model of that name that can run. Available: {names}."
        )

    def holds(self, record_id: str) -> bool:
        """Whether there is such a prediction; the pages of unknown ones are answered with the status 404."""
        return is_there(self.store.get, record_id)

    def picture(self, record: Record, longest: int | None = None) -> bytes:
        """What was predicted from: the stored photograph, or as a JPEG file the part of it that was cut out.

        Args:
            longest: of the sides of a part, in pixels.
        """
        data = self.store.picture(record)
        if record.crop is None:
            return data
        return encode(cut(decode(data, STORED_LIMITS), record.crop).pixels, max_side=longest)

    def shows_heatmap(self, record: Record) -> bool:
        """Whether the stored heatmap of a prediction is for people; true where its model is no longer installed."""
        cards = (bundle.card for bundle in self.bundles if isinstance(bundle, Bundle))
        return all(
            card.shows_heatmap(record.modality) for card in cards if card.sha256 == record.model_sha256
        )

    def prevalence(self, record: Record) -> float | None:
        """The share of malignant lesions for which a prediction's probability holds; None where nobody knows it."""
        cards = (bundle.card for bundle in self.bundles if isinstance(bundle, Bundle))
        found = (card for card in cards if card.sha256 == record.model_sha256)
        return next((card.calibration(record.modality).prevalence for card in found), None)

    def heatmap(self, photograph: Photograph, model: str) -> bytes:
        """Where a model sees evidence for malignancy, as a PNG to lay over the centred square; nothing is stored.

        Raises:
            ModelUnavailable: there is no such model, it cannot run, or its heatmaps are not shown.
        """
        from model.predictor import heatmap_png

        bundle = self.bundle(model)
        prediction = self.predictors.get(bundle).predict(photograph)
        if not bundle.card.shows_heatmap(prediction.modality):
            raise ModelUnavailable("no_heatmap", f"Heatmaps of {model} mean nothing on such photographs.")
        return heatmap_png(prediction.heatmap)

    def warm(self, delay: float = 0) -> threading.Thread:
        """Load the default predictor in the background, so that the first photograph doesn't wait for it.

        Args:
            delay: seconds to wait first, so that the first page doesn't share the processor with it.
        """

        def load() -> None:
            time.sleep(delay)
            try:
                self.predictors.get(self.bundle())
            except Exception as error:
                log.warning("The default model is not ready: %s", error)

        thread = threading.Thread(target=load, name="warm-predictor", daemon=True)
        thread.start()
        return thread


def build_services(settings: Settings) -> Services:
    """Open the store and find the bundles.

    Raises:
        SettingsError: a model was asked for by name and cannot run.
    """
    folder = BundleFolder(settings.bundles)
    known = known_diagnoses(folder.bundles)
    store = open_store(settings.data_dir, settings.database_url, settings.image_store, known)
    threads = settings.threads or max(1, usable_cores() // settings.workers)
    services = Services(settings, store, folder, Predictors(threads))
    take_in(services, folder.bundles)
    folder.listeners.append(partial(take_in, services))
    Judgements(services.store).set_usual(settings.judge_first)
    if "model" in settings.model_fields_set:
        try:
            services.bundle(settings.model)
        except ModelUnavailable as error:
            if error.code == "retired_model":
                log.warning("%s=%r: %s", variable("model"), settings.model, error)
                return services
            services.store.close()
            raise SettingsError(f"{variable('model')}={settings.model!r}: {error}") from error
    return services


def take_in(services: Services, bundles: Found) -> None:
    """Let the store know what the models tell apart. The first ones ever are in use."""
    services.store.known = known_diagnoses(bundles)
    services.registry.begin([bundle.name for bundle in bundles])
