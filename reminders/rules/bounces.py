"""What an answer of a mail server says about the address: gone for good, or something else that is wrong."""

import re

ANSWER = re.compile(r"(\d{3})(?: (\d)\.(\d{1,3})\.(\d{1,3}))?")
NO_SUCH_ADDRESS = {550, 551, 553}
"""Basic codes that mean the mailbox when the server says nothing more exact (RFC 5321, 4.2.3)."""
GONE = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)}
"""Subjects and details of RFC 3463 that mean the address itself: no such mailbox or system, moved, no mail taken, mailbox disabled."""


def is_gone(answer: str) -> bool:
    """Tell whether a refusal such as “550 5.1.1” says that this address will never take mail.

    A refusal of the sender, the content or the policy (5.7.1 and the like) is no fault of the address: it would close every one of them.
    """
    found = ANSWER.fullmatch(answer)
    if not found or not found[1].startswith("5"):
        return False
    if found[2] is None:
        return int(found[1]) in NO_SUCH_ADDRESS
    return found[2] == "5" and (int(found[3]), int(found[4])) in GONE
