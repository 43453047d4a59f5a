"""Who may do what on a broker: users, their hashed passwords, and lines of access rules.

A rule is mosquitto's: ``topic [read|write|readwrite|deny] filter`` or ``pattern ...`` with %c
(client id) and %u (user) in it.
"""

import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import aiomqtt

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker.credentials import Hashed, hash_password

# Every topic, and those of the broker itself, which '#' leaves out.
EVERYTHING = ("topic readwrite #", "topic read $SYS/#")


@dataclass(frozen=True, slots=True)
class Account:
    """How the hub's own clients log in."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Account(user={self.user!r})"  # it may end up in a log


class Access:
    """The users of one broker. Safe to use from any thread.

    ``anonymous``: whether clients without a name are let in. ``rules``: lines for the head of the
    access file; those before the first ``user`` line are for anonymous clients. Without them,
    anonymous clients and the users given here may do everything.
    """

    def __init__(self, users: Mapping[str, str], rules: Iterable[str], *, anonymous: bool) -> None:
        self.anonymous = anonymous
        self._lock = threading.Lock()
        self._rules = list(rules)
        self._users: dict[str, tuple[Hashed, tuple[str, ...]]] = {}
        for user, password in users.items():
            self.grant(user, password, () if self._rules else EVERYTHING)

    def new_account(self, user: str) -> Account:
        """A user that may do everything, with a password that was never seen before."""
        account = Account(user, secrets.token_urlsafe(32))
        self.grant(account.user, account.password, EVERYTHING)
        return account

    def grant(self, user: str, password: str, rules: Iterable[str]) -> None:
        """Add a user, or change one. Raises ToolError for what the files cannot hold."""
        rules = tuple(rules)
        if not user or user.strip() != user or ":" in user or user.startswith("#"):
            raise ToolError(
                f"a broker's user cannot be named {user!r}: it is empty, begins with '#', or has"
                " ':' or space around it",
                kind="broker_user",
            )
        if not all(text.isprintable() for text in (user, *rules)):
            raise ToolError(
                "a broker's user has a line break or control in its name or rules",
                kind="broker_user",
            )
        hashed = hash_password(password)
        with self._lock:
            self._users[user] = (hashed, rules)

    def revoke(self, user: str) -> None:
        """Remove a user. One that is not there is fine."""
        with self._lock:
            self._users.pop(user, None)

    def password_of(self, user: str) -> Hashed | None:
        """Its hashed password, or None for a user that is not there."""
        with self._lock:
            found = self._users.get(user)
        return found[0] if found else None

    def allows(self, user: str | None, client_id: str, topic: str, *, write: bool) -> bool:
        """May a user granted here (None: an anonymous client) write, or read, this topic?"""
        if user is None:
            rules = self._head()
        else:
            with self._lock:
                rules = list(self._users[user][1]) if user in self._users else []
        fitting = [
            right
            for right, wanted in map(_parse, rules)
            if aiomqtt.Topic(topic).matches(_fill(wanted, user or "", client_id))
        ]
        return "deny" not in fitting and bool(
            {"readwrite", "write" if write else "read"}.intersection(fitting)
        )

    def password_file(self) -> str:
        """In mosquitto's form."""
        with self._lock:
            return "".join(f"{user}:{word}\n" for user, (word, _) in self._users.items())

    def rules_file(self, deny: Iterable[str] = ()) -> str:
        """In the form of mosquitto's ``acl_file``. ``deny``: filters, for anonymous clients."""
        with self._lock:
            rights = {user: rules for user, (_, rules) in self._users.items() if rules}
        if self.anonymous and not self._rules and all(r == EVERYTHING for r in rights.values()):
            # A session that mosquitto has restored has no rules but patterns, until its client
            # is back: whatever is published meanwhile would be lost.
            lines, rights = [rule.replace("topic", "pattern") for rule in EVERYTHING], {}
        else:
            lines = self._head() if self.anonymous or self._rules else []
        lines += [f"topic deny {topics}" for topics in deny]
        for user, rules in rights.items():
            lines += [f"user {user}", *rules]
        return "\n".join(lines) + "\n"

    def _head(self) -> list[str]:
        return list(self._rules or EVERYTHING)


def _parse(rule: str) -> tuple[str, str]:
    """The right and the filter of ``topic|pattern [read|write|readwrite|deny] filter``."""
    words = rule.split(" ", 2)
    if len(words) == 3 and words[1] in ("read", "write", "readwrite", "deny"):
        return words[1], words[2]
    return "readwrite", " ".join(words[1:])


def _fill(wanted: str, user: str, client_id: str) -> str:
    return wanted.replace("%u", user).replace("%c", client_id)
