"""Routes of model endpoints. Changing them takes the service's own key: their calls carry its secrets."""

from __future__ import annotations

from fastapi import APIRouter, Response

from orchestrator.api.deps import OwnerOnly, Parts
from orchestrator.api.schemas.endpoint import EndpointIn, EndpointOut
from orchestrator.api.schemas.fields import PageOut
from orchestrator.bootstrap import Services
from orchestrator.errors import FieldProblem, Invalid
from orchestrator.registry.endpoints import register
from tools.endpoints.record import Endpoint

router = APIRouter(prefix="/v1/endpoints", tags=["endpoints"])


@router.post("", status_code=201, summary="Register a model endpoint", dependencies=[OwnerOnly])
async def create(body: EndpointIn, parts: Parts, response: Response) -> EndpointOut:
    """Its replicas are looked at before the answer, which says which are up and what they serve."""
    endpoint = body.value()
    await register(endpoint, store=parts.endpoints, net=parts.net)
    response.headers["Location"] = f"/v1/endpoints/{endpoint.name}"
    return await _looked_at(endpoint.name, parts)


@router.get("", summary="Model endpoints, by name")
async def listing(parts: Parts) -> PageOut[EndpointOut]:
    """Each with the health, latency and load of its replicas at this moment."""
    return PageOut[EndpointOut](items=[_told(endpoint, parts) for endpoint in await parts.endpoints.all()])


@router.get("/{name}", summary="A model endpoint")
async def read(name: str, parts: Parts) -> EndpointOut:
    """With the health, latency and load of its replicas at this moment."""
    return _told(await parts.endpoints.get(name), parts)


@router.put("/{name}", summary="Change a model endpoint", dependencies=[OwnerOnly])
async def replace(name: str, body: EndpointIn, parts: Parts) -> EndpointOut:
    """What is known of replicas that stay is kept; other processes follow within a second."""
    if body.name != name:
        detail = f"the address says {name!r}; an endpoint cannot be renamed"
        raise Invalid("The names differ.", problems=[FieldProblem("/name", detail)])
    await register(body.value(), store=parts.endpoints, net=parts.net, change=True)
    return await _looked_at(name, parts)


@router.post("/{name}/pause", summary="Send no new call there", dependencies=[OwnerOnly])
async def pause(name: str, parts: Parts) -> EndpointOut:
    """Calls in flight go on; its fallbacks take new ones, and where it has none these wait."""
    await parts.endpoints.pause(name)
    return _told(await parts.endpoints.get(name), parts)


@router.post("/{name}/resume", summary="Send calls there again", dependencies=[OwnerOnly])
async def resume(name: str, parts: Parts) -> EndpointOut:
    """What waits goes on at once."""
    await parts.endpoints.pause(name, paused=False)
    parts.doorbell.ring()
    return _told(await parts.endpoints.get(name), parts)


@router.delete("/{name}", status_code=204, summary="Remove a model endpoint", dependencies=[OwnerOnly])
async def remove(name: str, parts: Parts) -> None:
    """Calls in flight go on; tools that name it fail from now on, and others take their place."""
    await parts.endpoints.remove(name)


async def _looked_at(name: str, parts: Services) -> EndpointOut:
    endpoint = await parts.endpoints.get(name)
    return EndpointOut.of(await parts.watch.look_at(endpoint), parts.watch.elsewhere)


def _told(endpoint: Endpoint, parts: Services) -> EndpointOut:
    return EndpointOut.of(parts.watch.router.group_of(endpoint), parts.watch.elsewhere)
