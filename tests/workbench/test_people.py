"""Who sees what: with a login, and among friends."""

from typing import Any

import pytest

from workbench.views import people


class User(dict[str, Any]):
    """What Streamlit says of whoever is here."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set who is here, and what the link says."""

    def be(user: dict[str, Any], **link: str) -> None:
        monkeypatch.setattr(people.st, "user", User(user))
        monkeypatch.setattr(people.st, "query_params", dict(link))
        monkeypatch.setattr(people.st, "session_state", {})

    monkeypatch.delenv(people.OWNERS_VARIABLE, raising=False)
    return be


def test_without_a_login_everybody_is_an_owner_but_who_came_to_label(here: Any) -> None:
    here({})
    assert people.is_owner()
    here({}, annotator="anna")
    assert people.is_owner()
    assert people.annotator() == "anna"
    here({}, only="1")
    assert not people.is_owner()
    people.st.query_params.clear()
    assert not people.is_owner()  # Turning to another page does not make an owner.


def test_with_a_login_owners_are_named(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here({"is_logged_in": False}, annotator="anna")
    assert not people.is_owner()
    assert people.annotator() == ""
    anna = {"is_logged_in": True, "email": "Anna@Example.org", "name": "Anna"}
    here(anna, annotator="somebody else")
    assert people.is_owner()
    assert people.annotator() == "Anna@Example.org"  # Not what the link says.
    monkeypatch.setenv(people.OWNERS_VARIABLE, "bo@example.org, ")
    assert not people.is_owner()
    monkeypatch.setenv(people.OWNERS_VARIABLE, "bo@example.org,anna@example.org")
    assert people.is_owner()
    here(anna | {"email_verified": False})
    assert not people.is_owner()
    here({"is_logged_in": True, "name": "anna@example.org"})
    assert not people.is_owner()  # A name is no address.
    here(anna, only="1")
    assert not people.is_owner()  # Who came by the annotators' link labels.
