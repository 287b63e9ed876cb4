"""The certificate: facts as JSON, and a page to print that nothing can break out of."""

from __future__ import annotations

import json

import pytest

from methods.unlearning.editing.certificate import (
    NOTICE,
    certificate_bytes,
    certificate_html,
    parsed,
)


def facts(title="Correct"):
    return {
        "request": {
            "id": "7",
            "title": title,
            "sha256": "aa",
            "counts": {"remove": 1, "prompts": 0, "answers": 0},
            "items": [{"row_id": "r1", "task": "remove"}],
        },
        "adapter": {"base": "b", "before": "c1", "after": "c2", "file": None},
        "data": {"before": "d1", "after": "d2", "rows_before": 9, "rows_after": 8},
        "settings": {"rhs": "influence", "controls": ["finetune"]},
        "place": {"device": "cpu"},
        "edit": {"step_length": 0.5},
        "variants": [
            {"name": "before", "title": "Before", "forget_loss": 0.25, "kl": None, "note": ""},
            {"name": "edit", "title": "Edit", "forget_loss": 1.5, "kl": None, "note": "n"},
        ],
        "verdict": [{"level": "good", "text": "It worked."}],
    }


def test_the_json_holds_what_was_asked_and_promises_nothing():
    found = json.loads(certificate_bytes(**facts()))
    assert found["notice"] == NOTICE
    assert "no guarantee" in found["notice"]
    assert found["request"]["items"] == [{"row_id": "r1", "task": "remove"}]


def test_numbers_that_json_lacks_are_refused():
    broken = facts()
    broken["edit"]["step_length"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        certificate_bytes(**broken)


def test_the_page_shows_only_columns_that_have_a_figure():
    page = certificate_html(parsed(certificate_bytes(**facts())))
    assert "1.500" in page
    assert "loss of the old answers" in page
    assert "KL from before" not in page
    assert "Audit trail" not in page
    assert page.count("<script") == 0


def test_the_audit_trail_is_printed_with_its_times():
    trail = [
        {"at": 0.0, "action": "approved", "text": "by <b>me</b>"},
        {"at": "noon", "action": "kept", "text": ""},
    ]
    page = certificate_html(parsed(certificate_bytes(**facts())), trail)
    assert "1970-01-01 00:00 UTC" in page
    assert "noon" in page
    assert "by &lt;b&gt;me&lt;/b&gt;" in page


def test_text_of_people_cannot_become_markup():
    page = certificate_html(parsed(certificate_bytes(**facts("<script>alert(1)</script>"))))
    assert "<script" not in page


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b'{"kind": "vitrine.unlearning.certificate", "version": 9}']
)
def test_what_is_no_certificate_is_refused(content):
    with pytest.raises(ValueError, match="not a certificate"):
        parsed(content)
