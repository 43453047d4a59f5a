"""The subscriptions of an MQTT session, and what of them the broker has not answered yet."""

from motelink.errors import ProtocolError, TimedOut
from motelink.mqtt_inbound import RESERVE
from motelink.port import const

_SUBACK = const(0x90)


class Requests:
    """Sends SUBSCRIBE and UNSUBSCRIBE one at a time, each until it is answered: over reconnects,
    and all subscriptions again when the broker has forgotten the session."""

    def __init__(self, session):
        self.session = session
        self.subscriptions: list = []  # SUBSCRIBE packets
        self.waiting: list = []  # those, and UNSUBSCRIBE, that are not answered
        self.asked = 0  # packet id of waiting[0], once that is sent
        self._age = 0

    def ask(self) -> None:
        """Put the next one into ``tx``, when none is open and there is room for it."""
        if self.waiting and not self.asked:
            packet = self.waiting[0]
            session = self.session
            if len(packet) < session.tx.room() - RESERVE:
                pid = session.new_id()
                at = 2 if packet[1] < 128 else 3
                packet[at] = pid >> 8
                packet[at + 1] = pid & 255
                self.asked = pid
                self._age = 0
                session.put(packet)

    def answered(self, kind: int, at: int, end: int) -> None:
        """SUBACK (3.9) or UNSUBACK: ``rx.data[at:end]`` has a code for each filter."""
        packet = self.waiting[0]
        if kind != (packet[0] & 0xF0) + 0x10:
            raise ProtocolError("packet %02x answers packet %02x" % (kind, packet[0]))
        owner = self.session.owner
        data = owner.rx.data
        place = 4 if packet[1] < 128 else 5
        if kind == _SUBACK:
            while at < end and place < len(packet):
                after = place + 2 + (packet[place] << 8 | packet[place + 1])
                if data[at] != 128 and data[at] > packet[after]:
                    raise ProtocolError("%02x granted for QoS %d" % (data[at], packet[after]))
                owner.granted(bytes(packet[place + 2 : after]), data[at])
                at += 1
                place = after + 1
            if at != end or place != len(packet):
                raise ProtocolError("SUBACK does not answer every filter once")
        self.asked = 0
        self.waiting.pop(0)
        self.ask()

    def tick(self) -> None:
        """Time has passed: TimedOut for what is open for longer than a tick."""
        if self.asked:
            self._age += 1
            if self._age > 1:
                raise TimedOut("no SUBACK or UNSUBACK")
        self.ask()
