"""A local Losant: devices with access keys, their states, and commands to them, over MQTT."""
