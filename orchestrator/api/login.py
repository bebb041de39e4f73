"""The login of a browser: a one-time code becomes a session cookie."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from orchestrator.api.deps import OwnerOnly
from orchestrator.api.front import page
from orchestrator.api.problems import problem
from orchestrator.api.schemas.fields import Moment, Told
from orchestrator.api.sessions import COOKIE, SESSION_SECONDS, LoginCodes, Sessions

router = APIRouter(tags=["login"])


class CodeOut(Told):
    """A one-time login code, and the path that exchanges it."""

    code: str
    path: str
    expires_at: Moment


@router.post(
    "/v1/login-codes", status_code=201, summary="Make a one-time login link", dependencies=[OwnerOnly]
)
async def make(request: Request) -> CodeOut:
    """Who holds the service's own key may let a browser in, which then may do all that it may."""
    codes: LoginCodes = request.app.state.codes
    code, expires = codes.make()
    return CodeOut(code=code, path=f"/login?code={code}", expires_at=expires)


@router.get("/login", summary="Exchange a one-time code for a session")
async def exchange(request: Request, code: str = "") -> Response:
    """Sets the cookie and leads to the start page; a code works once."""
    codes: LoginCodes = request.app.state.codes
    sessions: Sessions = request.app.state.sessions
    if not code or not codes.redeem(code):
        detail = "This login link is used up, expired or wrong; 'toolpath login' makes a new one."
        if "text/html" in request.headers.get("accept", ""):
            return page(
                "Toolpath", f'<h1>Toolpath</h1><p>{detail}</p><p><a href="/">Start</a></p>', status=403
            )
        return problem(403, detail, code="bad_login_code")
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        COOKIE,
        sessions.make(),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/v1/logout", status_code=204, summary="End the session of this browser")
async def logout(response: Response) -> None:
    """Takes the cookie back."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
