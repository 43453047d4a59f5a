"""The settings of a new project: where each platform is, and what is to be kept secret."""

from collections.abc import Sequence

_HEAD = """\
# What a board of @NAME@ is configured with; 'motelink flash' sends this file. Lines are
# key = value; motelink's docs/node.md has them all. Keys and passwords belong in secrets.toml.

# Wi-Fi: the network's name and password are in secrets.toml.
# wifi_hostname = "@NAME@"
# wifi_country = "DE"

# A watchdog resets a board that hangs; 0 leaves it out, while you develop.
# watchdog_ms = 8000
"""

_SECRETS_HEAD = """\
# Never commit this file: .gitignore names it. 'motelink provision' writes what is filled in here
# to the board that is plugged in, and asks for what is empty. 'motelink run' uses it, too.

wifi_ssid = ""
wifi_password = ""
"""

_SETTINGS = {
    "manager": """\
# iot-manager: this is what 'motelink hub' serves; a board needs the address in your network.
manager_host = "127.0.0.1"
manager_port = 8595
manager_type = "test"  # one of the Manager's valid types
""",
    "losant": """\
# Losant, by 'motelink hub'. Leave these three out for Losant itself; then losant_ca names the
# authority's certificate, a file beside this one.
losant_host = "127.0.0.1"
losant_port = 1885
losant_secure = false
""",
    "iottalk": """\
# IoTtalk: this is what 'motelink hub' serves; a board needs the address in your network.
iottalk_url = "http://127.0.0.1:9992"
iottalk_model = "@NAME@"
""",
    "sepl": """\
# SEPL: this is what 'motelink hub' serves; a board needs the address in your network.
sepl_host = "127.0.0.1"
sepl_port = 8093
sepl_device = "@NAME@"
""",
    "commute": """\
# IoT Commute: this is what 'motelink hub' serves; a board needs the address in your network.
commute_root = "ws://127.0.0.1:8094/ws"
""",
}

_SECRETS = {
    "losant": """\
# Losant: what 'motelink losant add @NAME@' prints, or Losant's own page.
losant_device = ""
losant_key = ""
losant_secret = ""
""",
    "sepl": """\
# SEPL: what 'motelink sepl add-user @NAME@' prints.
sepl_user = ""
sepl_password = ""
""",
    "commute": """\
# IoT Commute: what 'motelink commute add @NAME@' prints.
commute_device = ""
commute_key = ""
""",
}


def settings_text(platforms: Sequence[str]) -> str:
    """settings.toml, with @NAME@ for the project's name."""
    return "\n".join([_HEAD, *(_SETTINGS[name] for name in platforms)])


def secrets_text(platforms: Sequence[str]) -> str:
    """secrets.toml, likewise."""
    return "\n".join([_SECRETS_HEAD, *(_SECRETS[name] for name in platforms if name in _SECRETS)])
