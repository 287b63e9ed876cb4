"""Who one is here, who else may use the studio, and what they did. Tokens are made on the command line alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from app.api.bodies import Body
from backend import services
from backend.services import AccountView, AuditPage, Role
from backend.settings import settings

router = APIRouter(tags=["accounts"])


class Me(BaseModel):
    """Who asks: their name and role, and whether they logged in here, so that they can log out."""

    name: str
    role: Role
    can_log_out: bool


class NewRole(Body):
    role: Role


@router.get("/me")
def me() -> Me:
    """Who one is in this studio, and in which role."""
    person = services.acting()
    return Me(name=person.name, role=person.role, can_log_out=settings().auth == "token")


@router.get("/accounts")
def list_accounts() -> list[AccountView]:
    """All accounts; a new one is made with `vitrine accounts add`."""
    return services.list_accounts()


@router.patch("/accounts/{name}")
def set_role(name: str, body: NewRole) -> AccountView:
    """Give an account another role, from its next request on."""
    return services.set_role(name, body.role)


@router.delete("/accounts/{name}", status_code=204)
def remove_account(name: str) -> None:
    """Remove an account; its token and its logins end at once."""
    services.remove_account(name)


@router.get("/audit")
def audit(
    actor: Annotated[str, Query(max_length=100)] = "",
    action: Annotated[str, Query(max_length=80)] = "",
    target: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> AuditPage:
    """Who did what, newest first; `action` is one, or the first part of several, such as run."""
    return services.list_audit(
        actor=actor, action=action, target=target, cursor=cursor, limit=limit
    )
