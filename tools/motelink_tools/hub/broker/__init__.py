"""MQTT brokers for the hub: mosquitto as a child process, or another that plays its part."""

from motelink_tools.hub.broker.access import Access, Account
from motelink_tools.hub.broker.amqtt_broker import AmqttBroker
from motelink_tools.hub.broker.choice import choose_broker
from motelink_tools.hub.broker.contract import MqttBroker
from motelink_tools.hub.broker.credentials import Hashed, hash_password
from motelink_tools.hub.broker.existing import ExistingBroker
from motelink_tools.hub.broker.mosquitto import Broker
from motelink_tools.hub.broker.programs import Mosquitto, find

__all__ = [
    "Access",
    "Account",
    "AmqttBroker",
    "Broker",
    "ExistingBroker",
    "Hashed",
    "Mosquitto",
    "MqttBroker",
    "choose_broker",
    "find",
    "hash_password",
]
