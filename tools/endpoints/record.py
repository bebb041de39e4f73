"""What a model endpoint is: servers that answer alike, what they serve, and what stands in for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tools.spec import Price


class Protocol(StrEnum):
    """The words that the servers of an endpoint speak."""

    #: `base_url` ends as clients of OpenAI want it, for instance in /v1.
    OPENAI = "openai"
    #: The Open Inference Protocol; `base_url` is what stands before /v2.
    KSERVE = "kserve-v2"


class Hedge(StrEnum):
    """Whether a call that takes unusually long is sent to a second replica too."""

    #: Where a call costs no money.
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Replica:
    """One server. `gpus` is how many it holds, for the GPU-seconds of a call; 0 for not known."""

    base_url: str
    #: Calls at once of this process and all that share its loads.
    max_concurrency: int | None = None
    gpus: float = 0.0
    #: Where its Prometheus text is, when that is not /metrics of the same host.
    metrics_url: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model that an endpoint serves, and what it costs there."""

    name: str
    price: Price = field(default_factory=Price)


@dataclass(frozen=True, slots=True)
class Fallback:
    """The endpoint that takes a call when all replicas of another fail; `model` where it differs."""

    endpoint: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Servers that answer alike, under one name. `auth` names secrets, as that of a tool does."""

    name: str
    protocol: Protocol
    replicas: tuple[Replica, ...]
    #: Empty for all that the servers say they have.
    models: tuple[Model, ...] = ()
    #: Calls at once over all replicas and processes.
    max_concurrency: int | None = None
    #: Most calls that may wait: here for a place, and in a replica's own queue.
    max_queue: int = 100
    fallbacks: tuple[Fallback, ...] = ()
    #: Whether calls that begin alike go to the replica that has their beginning at hand.
    affinity: bool = True
    hedge: Hedge = Hedge.AUTO
    auth: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    #: A person holds it back: no new call goes there.
    paused: bool = False

    def price_of(self, model: str) -> Price:
        """What a model costs here; nothing when no price is known."""
        return next((one.price for one in self.models if one.name == model), Price())
