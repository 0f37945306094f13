"""Whether an answer says that it does not know: transparent rules over short answers, in one file.

Who does not know and says so is neither right nor wrong. Only an answer that says nothing else counts: one that doubts
and then answers has answered. A refusal is told apart from it by ``evals.refusal``.
"""

import re

MOST_WORDS = 40
"""A longer answer says more than that it does not know."""
SPELLINGS = {"\u2019": "'", "can't": "cannot", "can not": "cannot", "n't": " not", "i'm": "i am", "isn't": "is not"}
"""What the rules need not tell apart, in small letters."""
SOURCES = (
    r"(?:the |these |those |this |my |any (?:of )?(?:the )?)?(?:\w+ ){0,2}?"
    r"(?:passages?|documents?|context|sources?|text|information|knowledge|data)"
)
"""Where an answer may say that nothing was found."""
ABSTAINS = (
    r"(?:i am (?:sorry|afraid)\W+(?:but )?|sorry\W+(?:but )?|unfortunately\W+)?i (?:really |simply )?(?:do not|cannot) "
    r"(?:know|say|tell|answer (?:this|that|the question|it)|find (?:the|an|any|this|that)\b|determine\b"
    r"|have (?:the|any|enough|that|this|sufficient)\b)",
    r"(?:i am )?not (?:sure|certain|known)\b",
    r"(?:the answer is |it is )?(?:unknown|not known|unclear|undetermined|unanswerable)\W*$",
    r"(?:there is )?(?:no answer|no information|not enough information|insufficient information)\b",
    rf"{SOURCES} (?:does|do) not (?:say|tell|mention|state|contain|include|provide|specify|answer|give)\b",
    rf"(?:it|this|that|the answer) (?:is|was) not (?:\w+ )?(?:in|by|from) {SOURCES}",
    r"(?:it|this|that|the answer)? ?(?:cannot|could not) be (?:determined|answered|found|inferred)\b",
)
"""Ways to say that one does not know; each must open the answer."""
TURNS = re.compile(
    r"\b(?:but|however|although|still)\b.{0,80}?\b(?:is|are|was|were|costs?|means?|likely|probably|guess)\b"
)
"""What follows a doubt where an answer is given all the same."""

_ABSTAINS = re.compile(r"\W*(?:" + "|".join(ABSTAINS) + ")")


def abstains(text: str) -> bool:
    """Whether the answer only says that it does not know; an empty answer says nothing."""
    plain = " ".join(text.lower().split())
    for written, spelled in SPELLINGS.items():
        plain = plain.replace(written, spelled)
    found = _ABSTAINS.match(plain)
    if found is None or len(plain.split()) > MOST_WORDS:
        return False
    return TURNS.search(plain, found.end()) is None
