"""What decides for an amqtt broker who may do what, and tells who comes and goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amqtt.broker import BrokerContext
from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from motelink_tools.hub.broker.access import Access
from motelink_tools.hub.broker.credentials import check_password

# Where, and in what words, mosquitto says it: whoever reads one can read the other.
_LOG_TOPIC = "$SYS/broker/log/N"
_MQTT_3_1_1 = 2


class AccessPlugin(BaseAuthPlugin, BaseTopicPlugin):
    """Rules as of mosquitto's ``acl_file``, for the users of an `Access`."""

    @dataclass
    class Config:
        """What amqtt hands over."""

        access: Access

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._access: Access = context.config.access

    async def authenticate(self, *, session: Session) -> bool:
        """Known user and right password, or nobody where that is allowed."""
        if session.username is None:
            return self._access.anonymous
        hashed = self._access.password_of(session.username)
        return hashed is not None and check_password(session.password or "", hashed)

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        """As mosquitto: anybody may subscribe to anything, and gets what it may read."""
        if session is None or topic is None or action == Action.SUBSCRIBE:
            return True
        return self._access.allows(
            session.username, session.client_id or "", topic, write=action == Action.PUBLISH
        )

    async def on_broker_client_connected(self, client_id: str, client_session: Session) -> None:
        """Say so as mosquitto does."""
        session = client_session
        user = f", u'{session.username}'" if session.username else ""
        await self._say(
            f"New client connected from {session.remote_address}:{session.remote_port} as"
            f" {client_id} (p{_MQTT_3_1_1}, c{int(bool(session.clean_session))},"
            f" k{session.keep_alive}{user})."
        )

    async def on_broker_client_disconnected(self, client_id: str, **_: Any) -> None:
        """Say so as mosquitto does."""
        await self._say(f"Client {client_id} disconnected.")

    async def _say(self, line: str) -> None:
        assert isinstance(self.context, BrokerContext)
        await self.context.broadcast_message(_LOG_TOPIC, line.encode())
