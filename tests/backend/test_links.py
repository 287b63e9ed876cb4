"""Links: made, opened, listed, changed, revoked, and by whom."""

from __future__ import annotations

import itertools
from types import ModuleType
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer
from sqlmodel import select

from backend.services import links
from backend.services.acting import Person, as_person
from backend.settings import settings
from storage import db
from storage.accounts import Audit
from storage.kept import Share
from storage.models import now

STEPS = {"steps": 3, "seconds_per_step": 0.0}


def writing() -> Any:
    return db.writing(settings().database_url)


def listed(studio: ModuleType, target: str = "", **wanted: Any) -> list[Any]:
    found: list[Any] = studio.list_shares(target, **wanted).items
    return found


def token_of(share: Any) -> str:
    return str(share.url.removeprefix("/s/"))


def test_a_link_shows_its_target_and_counts_its_visits(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    made = studio.create_share("run", run.id, days=1)
    found = studio.resolve_share(token_of(made))
    assert (found.kind, found.target_id, found.url) == ("run", run.id, made.url)
    assert run.id not in made.url
    assert listed(studio, run.id)[0].first_visit_at is None
    studio.count_visit(made.id)
    (first,) = listed(studio, run.id)
    studio.count_visit(made.id)
    (second,) = listed(studio, run.id)
    assert (first.hits, second.hits) == (1, 2)
    assert first.first_visit_at == second.first_visit_at == first.last_visit_at
    assert second.last_visit_at > second.first_visit_at


def test_a_link_that_was_not_signed_here_is_refused(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    share = studio.create_share("run", run.id, days=1)
    token = token_of(share)
    payload, _, signature = token.rpartition(".")
    forged = [
        URLSafeSerializer("another secret", salt="share-v1").dumps(share.id),
        URLSafeSerializer(settings().signing_secret(), salt="session").dumps(share.id),
        f"{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        f"x{payload}.{signature}",
        payload,
        share.id,
        "",
        "\x00",
    ]
    for each in forged:
        with pytest.raises(studio.Forbidden):
            studio.resolve_share(each)
    assert studio.resolve_share(token).id == share.id


def test_a_link_ends_when_it_is_revoked_or_expires(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    revoked, expired, kept = (studio.create_share("run", run.id, days=1) for _ in range(3))
    first = studio.revoke_share(revoked.id)
    assert studio.revoke_share(revoked.id).revoked_at == first.revoked_at
    with writing() as session:
        session.get_one(Share, expired.id).expires_at = now() - 1
    with pytest.raises(studio.Gone, match="revoked"):
        studio.resolve_share(token_of(revoked))
    with pytest.raises(studio.Gone, match="expired"):
        studio.resolve_share(token_of(expired))
    assert studio.resolve_share(token_of(kept)).id == kept.id
    with writing() as session:
        session.delete(session.get_one(Share, kept.id))
    with pytest.raises(studio.Gone):
        studio.resolve_share(token_of(kept))


def test_a_link_is_made_only_to_what_is_there_and_for_a_bounded_time(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    for days in (0, -1, 91, float("nan"), float("inf")):
        with pytest.raises(studio.ServiceError, match="days"):
            studio.create_share("run", run.id, days=days)
    for shows, match in (
        (["metrics", "secrets"], "secrets"),
        ([], "at least one"),
        (["log"], "needs"),
    ):
        with pytest.raises(studio.ServiceError, match=match):
            studio.create_share("run", run.id, days=1, shows=shows)
    for kind, selection in (
        ("run", {"position": 1}),
        ("node", {"position": "1"}),
        ("node", {}),
        ("pairs", {"filters": [1]}),
    ):
        with pytest.raises(studio.ServiceError, match="selection"):
            studio.create_share(kind, run.id, days=1, selection=selection)
    with pytest.raises(studio.ServiceError, match="kind"):
        studio.create_share("worker", run.id, days=1)
    with pytest.raises(studio.NotFound):
        studio.create_share("comparison", run.id, days=1)
    assert listed(studio) == []


def test_a_link_that_was_made_before_parts_could_be_chosen_shows_what_it_showed(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    row = Share(kind="run", target_id=run.id, expires_at=now() + 60)
    with writing() as session:
        session.add(row)
    (view,) = listed(studio, run.id)
    assert view.shows == [name for name in studio.WITH_DATA if name in studio.RUN_PARTS]
    assert (view.selection, view.title, view.created_by) == ({}, "", "")
    assert not {"reviews", "log", "environment", "export"} & set(view.shows)


def test_links_are_listed_in_pages_that_hold_still_while_others_are_made(
    studio: ModuleType, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = (studio.submit("toy.steps", STEPS) for _ in range(2))
    made = [studio.create_share("run", run.id, days=1, note=str(n)).id for n in range(5)]
    with writing() as session:  # all at the same moment
        for share_id in made:
            session.get_one(Share, share_id).created_at = 1000.0
    first = studio.list_shares(run.id, limit=2)
    studio.create_share("run", run.id, days=1)
    second = studio.list_shares(run.id, limit=2, cursor=first.cursor)
    third = studio.list_shares(run.id, limit=2, cursor=second.cursor)
    found = [share.id for page in (first, second, third) for share in page.items]
    assert sorted(found) == sorted(made)
    assert (first.total, third.cursor) == (5, None)
    for bad in ("x", "WzFd", first.cursor[:-4]):
        with pytest.raises(studio.ServiceError, match="cursor"):
            studio.list_shares(cursor=bad)
    assert listed(studio, other.id) == []
    studio.revoke_share(made[0])
    with writing() as session:
        session.get_one(Share, made[1]).expires_at = now() - 1
    counts = {
        state: len(listed(studio, run.id, state=state))
        for state in ("active", "expired", "revoked", "ended")
    }
    assert counts == {"active": 4, "expired": 1, "revoked": 1, "ended": 2}
    assert {share.state for share in listed(studio, state="ended")} == {"expired", "revoked"}
    with pytest.raises(studio.ServiceError, match="state"):
        studio.list_shares(state="over")


def test_an_expired_link_opens_again_and_a_revoked_one_never(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    made = studio.create_share("run", run.id, days=1)
    with writing() as session:
        session.get_one(Share, made.id).expires_at = now() - 1
    later = studio.update_share(made.id, days=2, title=" Shown so ", note="for Ada")
    assert (later.title, later.note, later.state) == ("Shown so", "for Ada", "active")
    assert later.expires_at == pytest.approx(now() + 2 * links.DAY_S, abs=60)
    assert studio.resolve_share(token_of(made)).title == "Shown so"
    for days in (0, 91):
        with pytest.raises(studio.ServiceError, match="days"):
            studio.update_share(made.id, days=days)
    studio.revoke_share(made.id)
    with pytest.raises(studio.ServiceError, match="revoked"):
        studio.update_share(made.id, days=2)


def test_editors_revoke_their_own_links_and_admins_all(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    ada, bo = Person("ada", "editor"), Person("bo", "editor")
    with as_person(ada):
        first, second = (studio.create_share("run", run.id, days=1) for _ in range(2))
    with as_person(bo):
        own = studio.create_share("run", run.id, days=1)
        assert {share.id: share.mine for share in listed(studio)} == {
            first.id: False,
            second.id: False,
            own.id: True,
        }
        with pytest.raises(studio.Forbidden, match="made by ada"):
            studio.revoke_shares([own.id, first.id])
        with pytest.raises(studio.Forbidden):
            studio.update_share(first.id, days=3)
    assert {share.state for share in listed(studio)} == {"active"}, "all or none"
    for person in (Person("cleo", "viewer"), None):
        with as_person(person):
            with pytest.raises(studio.Forbidden):
                studio.create_share("run", run.id, days=1)
            with pytest.raises(studio.Forbidden):
                studio.revoke_share(first.id)
            assert not any(share.mine for share in listed(studio))
    with as_person(ada):
        studio.revoke_share(first.id)
    with as_person(Person("root", "admin")):
        studio.revoke_shares([first.id, second.id, own.id])
    assert [share.id for share in listed(studio, created_by="bo")] == [own.id]
    with db.reading(settings().database_url) as session:
        done = [
            (row.actor, row.action, row.target)
            for row in session.exec(select(Audit).order_by("id"))
        ]
    assert [each for each in done if each[1] == "share.revoke"] == [
        ("ada", "share.revoke", first.id),
        ("root", "share.revoke", second.id),
        ("root", "share.revoke", own.id),
    ]
    assert [each[0] for each in done if each[1] == "share.create"] == ["ada", "ada", "bo"]


def test_every_part_and_preset_belongs_to_some_kind(studio: ModuleType) -> None:
    choices = studio.share_choices()
    known = {part.name for part in choices.parts}
    assert set(itertools.chain(*(kind.parts for kind in choices.kinds))) == known
    assert all(set(preset.parts) <= known for preset in choices.presets)
    assert choices.default in [preset.name for preset in choices.presets]
    figures = next(preset for preset in choices.presets if preset.name == "figures")
    assert not {"texts", "names", "inputs", "rows", "reviews", "log", "export"} & set(figures.parts)


def test_a_run_that_joins_a_comparison_later_is_not_behind_its_links(
    studio: ModuleType, woken: list[str]
) -> None:
    first, second, late = (studio.submit("toy.steps", STEPS, seed=seed) for seed in range(3))
    kept = studio.create_comparison([first.id, second.id])
    link = studio.create_share("comparison", kept.id, days=1)
    studio.update_comparison(kept.id, run_ids=[late.id, second.id])
    found = studio.shared_target(studio.resolve_share(token_of(link)))
    assert found.run_ids == [second.id]
    studio.update_comparison(kept.id, run_ids=[late.id])
    with pytest.raises(studio.Gone):
        studio.shared_target(studio.resolve_share(token_of(link)))
    again = studio.create_share("comparison", kept.id, days=1)
    assert studio.shared_target(studio.resolve_share(token_of(again))).run_ids == [late.id]
