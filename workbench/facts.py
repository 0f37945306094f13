"""Hard facts about a candidate, which no measurement can change: where requests go, licences, sources, deletion."""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from workbench.base_models import hosted_name, local_folder, proposals
from workbench.candidate import Candidate, rewrites
from workbench.courses import endpoint_of
from workbench.errors import NotFound
from workbench.kinship import judge_of
from workbench.model import Noun
from workbench.stage import Helper, Tuned

OWN_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
         "::1/128", "fc00::/7", "fe80::/10"),
    )
)  # fmt: skip
"""Addresses that are not routed on the public internet."""
OWN_ENDINGS = (".local", ".internal", ".lan", ".home.arpa")
"""How the names of machines end that the public internet does not know."""


class Facts(Noun):
    """What is so, whatever was measured; None where it is not known."""

    leaves: bool | None = None
    """Whether requests or training rows go to machines that are not one's own."""
    goes_to: str = ""
    """Where they go."""
    licences: tuple[str, ...] | None = None
    """Of the base model; of several where a router asks several."""
    cites: bool | None = None
    """Whether every answer comes with the passages that it was given."""
    deletable: bool | None = None
    """Whether what an answer rests on can be taken away at once: not where it was trained into weights."""


def facts_of(candidate: Candidate) -> Facts:
    """The facts of a candidate whose base model is settled (``Case.whole``).

    What was answered elsewhere tells only its approach: where it ran and on what is not known.
    """
    trained = candidate.trained
    if candidate.imported is not None:
        return Facts(cites="RAG" in candidate.approach, deletable=not trained)
    base = str(candidate.base_model)
    outside = [where for where in _asked(candidate) if not is_own(where)]
    licence = licence_of(base)
    return Facts(
        leaves=bool(outside),
        goes_to=", ".join(dict.fromkeys(urlsplit(where).hostname or where for where in outside)),
        licences=None if licence is None else (licence,),
        cites=candidate.retrieval is not None,
        deletable=not trained,
    )


def _asked(candidate: Candidate) -> list[str]:
    """Every endpoint that is sent something, but for one that is said to be one's own."""
    asked = hosted_name(str(candidate.base_model)) is not None and not candidate.hosted.ours
    found = [endpoint_of(candidate.hosted)] if asked else []
    rewriter = candidate.retrieval.rewriter if candidate.retrieval is not None and rewrites(candidate) else None
    if rewriter is not None and rewriter.endpoint:
        found.append(rewriter.endpoint)
    return found + [str(one.endpoint) for stage in candidate.training for one in _helpers(stage) if one.endpoint]


def _helpers(stage: Tuned) -> list[Helper]:
    """The models that help with a stage."""
    return [one for one in (judge_of(stage), getattr(stage, "paraphraser", None)) if one is not None]


def is_own(url: str) -> bool:
    """Whether an address is this machine's or a private network's; a name is only where its ending says so."""
    host = (urlsplit(url).hostname or "").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A number without points is an address in another spelling, wherever it leads.
        plain = bool(host) and "." not in host and not host[0].isdigit()
        return plain or host.endswith(OWN_ENDINGS)
    return any(address in network for network in OWN_NETWORKS if network.version == address.version)


def licence_of(base: str) -> str | None:
    """The licence of a base model, as its card says it; None where nothing says it."""
    if hosted_name(base) is not None:
        return None
    for card in proposals():
        if card.name == base:
            return card.licence
    try:
        folder = local_folder(base)
    except NotFound:
        return None
    return None if folder is None else _stated(folder / "README.md")


def _stated(card: Path) -> str | None:
    """The licence in the head of a model card (Hugging Face's format)."""
    try:
        text = card.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    if not text.startswith("---"):
        return None
    try:
        head = yaml.safe_load(text.split("---")[1])
    except (yaml.YAMLError, IndexError):
        return None
    found = head.get("license_name") or head.get("license") if isinstance(head, dict) else None
    return str(found) if found else None
