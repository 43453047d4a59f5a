# mypy: ignore-errors
"""What all MQTT programs publish and receive: the same bytes."""

TOPIC = b"home/kitchen/fridge/thermostat"
PAYLOAD = b"0123456789" * 4
