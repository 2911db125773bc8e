"""Fitted linear classifiers as facts and arrays, for files."""

from collections.abc import Mapping
from dataclasses import asdict
from math import prod
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from nearplane._persistence import (
    Arrays,
    Facts,
    PersistentEstimator,
    check_stored,
    is_plain,
    plain_text,
)
from nearplane._validation import check_choice, check_integer, check_real
from nearplane.linear_model._course import EpochFigures, StepFigures
from nearplane.linear_model._parameters import OPTIMIZERS
from nearplane.linear_model._problem import Reason, check_n_steps
from nearplane.linear_model._schedules import SCHEDULES

_SCHEDULES: dict[str, Any] = {schedule.__name__: schedule for schedule in SCHEDULES}

# Before the names of the arrays of a history in a file, and its fields.
_HISTORIES = {"history_": EpochFigures._fields, "step_history_": StepFigures._fields}

# Parameters that no file holds: where files lie on a machine, and what may be written there, is no
# business of somebody else's model.
_NO_FACTS = frozenset(("checkpoint",))


class PersistentLinearModel(PersistentEstimator):
    """`save` and `load` of `LinearClassifier`."""

    def _parameters_to_store(self) -> dict[str, Any]:
        parameters = super()._parameters_to_store()
        return {name: value for name, value in parameters.items() if name not in _NO_FACTS}

    @classmethod
    def _read_parameters(cls, parameters: object) -> dict[str, Any]:
        read = super()._read_parameters(parameters)
        for name in _NO_FACTS & read.keys():
            raise ValueError(f"its parameter {name} is {read[name]!r:.80}")
        return read

    @classmethod
    def _encode_parameter(cls, value: Any) -> object:
        if type(value) in _SCHEDULES.values():
            fields = {name: _plain(field) for name, field in asdict(value).items()}
            if all(map(is_plain, fields.values())):
                return fields | {"schedule": type(value).__name__}
        if isinstance(value, Mapping):  # class_weight, whose keys JSON would turn into text
            pairs = [(_plain(label), _plain(weight)) for label, weight in value.items()]
            if all(is_plain(label) and is_plain(weight) for label, weight in pairs):
                return {"pairs": pairs}
        return value

    @classmethod
    def _decode_parameter(cls, name: str, stored: dict[str, Any]) -> object:
        if "pairs" in stored:
            return dict(stored["pairs"])
        schedule = _SCHEDULES[stored["schedule"]]
        return schedule(**{field: stored[field] for field in stored if field != "schedule"})

    def _fitted_state(self) -> tuple[Facts, Arrays]:
        model: Any = self
        rate = float(model.learning_rate_)
        facts = {
            "image_shape": model.image_shape_,
            "boxed": model.classes_.dtype == object,
            "learning_rate": None if np.isnan(rate) else rate,  # JSON has no NaN; "lbfgs" no rate
            "n_iter": int(model.n_iter_),
            "best_epoch": int(model.best_epoch_),
            "stop_reason": model.stop_reason_,
            "n_steps": int(model._n_steps),
            "optimizer": model._optimizer,
        }
        arrays = {
            "classes": plain_text(model.classes_, "classes_"),
            # The user may have put others in their place.
            "coef": np.asarray(model.coef_, dtype=np.float64),
            "intercept": np.asarray(model.intercept_, dtype=np.float64),
            "moments": model._moments,
        }
        for name in ("mean_", "scale_"):
            if getattr(model, name) is not None:
                arrays[name] = getattr(model, name)
        for history in _HISTORIES:
            for field, values in getattr(model, history, {}).items():
                arrays[f"{history} {field}"] = values
        return facts, arrays

    def _restore_fitted(self, facts: Facts, arrays: Arrays, *, verify: bool) -> None:
        coef = check_stored(arrays["coef"], "coef", "f", (None, None))
        n_classes, n_features = coef.shape
        wanted: dict[str, tuple[int, ...]] = {
            "intercept": (n_classes,),
            "moments": (2, n_classes, n_features + 1),
            "mean_": (n_features,),
            "scale_": (n_features,),
        }
        floats = {"coef": coef} | {
            name: check_stored(arrays[name], name, "f", shape)
            for name, shape in wanted.items()
            if name in arrays or not name.endswith("_")
        }
        if verify:  # and else not, for it reads all of a map
            _check_weights(floats)
        if "scale_" in floats and "mean_" not in floats:
            raise ValueError("it has a scale but no mean")
        classes = check_stored(arrays["classes"], "classes", "biufU", (n_classes,))
        self.n_features_in_ = n_features
        self.__dict__.update(
            classes_=classes.astype(object) if facts["boxed"] else classes,
            coef_=floats["coef"],
            intercept_=floats["intercept"],
            mean_=floats.get("mean_"),
            scale_=floats.get("scale_"),
            _moments=floats["moments"],
            **_read_course(facts, n_features),
            **_read_histories(arrays, facts["n_iter"]),
        )


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _check_weights(floats: Mapping[str, NDArray[Any]]) -> None:
    """Raise unless all numbers are finite, and nothing is divided by zero."""
    for name, values in floats.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name} holds numbers that are not finite")
    if "scale_" in floats and not (floats["scale_"] > 0).all():
        raise ValueError("scale_ holds numbers that are not above 0")


def _read_course(facts: Facts, n_features: int) -> dict[str, Any]:
    """Return what training ended with, besides arrays."""
    image_shape = tuple(facts["image_shape"])
    lengths_are_plain = all(type(length) is int and length > 0 for length in image_shape)
    if not lengths_are_plain or prod(image_shape) != n_features:
        raise ValueError(f"{n_features} features are no row of shape {image_shape!r:.80}")
    rate = facts["learning_rate"]
    n_iter = check_integer("n_iter", facts["n_iter"], at_least=0)
    best_epoch = check_integer("best_epoch", facts["best_epoch"], at_least=0)
    n_steps = check_n_steps(facts["n_steps"])
    if best_epoch > n_iter:
        raise ValueError(f"epoch {best_epoch} of {n_iter} is best")
    check_choice("stop_reason", facts["stop_reason"], get_args(Reason))
    check_choice("optimizer", facts["optimizer"], OPTIMIZERS)
    return {
        "image_shape_": image_shape,
        "learning_rate_": np.nan if rate is None else check_real("learning_rate", rate, above=0),
        "n_iter_": n_iter,
        "best_epoch_": best_epoch,
        "stop_reason_": facts["stop_reason"],
        "_n_steps": n_steps,
        "_optimizer": facts["optimizer"],
    }


def _read_histories(arrays: Arrays, n_iter: int) -> dict[str, dict[str, NDArray[Any]]]:
    """Return the histories that there are; that of the epochs has an entry for each."""
    read: dict[str, dict[str, NDArray[Any]]] = {}
    for history, fields in _HISTORIES.items():
        names = {field: f"{history} {field}" for field in fields}
        if history == "step_history_" and not any(name in arrays for name in names.values()):
            continue
        shape = (n_iter if history == "history_" else len(arrays[names["step"]]),)
        read[history] = {
            field: check_stored(arrays[name], name, "if", shape) for field, name in names.items()
        }
    return read
