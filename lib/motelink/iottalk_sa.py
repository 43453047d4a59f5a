"""Runs a module as iottalk-py's ``dai`` runs an SA: settings as variables, features as functions.

    import sa
    from motelink import iottalk_sa

    iottalk_sa.run(sa)          # or at the end of the SA itself: iottalk_sa.run(globals())

One loop and no threads: while a function of the module runs, nothing else does.
"""

from motelink.errors import ConfigError
from motelink.iottalk_dan import Client
from motelink.iottalk_data import values
from motelink.iottalk_push import Pusher


def run(module) -> None:
    """Register and run until interrupted, or until the module's ``dan.deregister()``.

    When it is left, the device is deregistered, unless ``persistent_binding``. Raises ConfigError
    for a module that lacks something, and what ended the device, when that is final.
    """
    client = start(module)
    try:
        client.loop_forever()
    finally:
        if client.context:
            if _get(module, "persistent_binding"):
                client.context.end()
            else:
                client.deregister()


def start(module, **options) -> Client:
    """The device of a module, to be run by its loop. ``options``: those of `Device`."""
    profile = dict(_get(module, "profile") or {})
    profile["model"] = _need(module, "device_model")
    profile["u_name"] = _get(module, "username")
    for name in ("extra_setup_webpage", "device_webpage"):
        profile[name] = _get(module, name, "")
    features = [_get(module, name) or () for name in ("idf_list", "odf_list")]
    if not features[0] and not features[1]:
        raise ConfigError("expected features in idf_list or odf_list")
    handlers = {}
    for name in ("on_register", "on_deregister", "on_connect", "on_disconnect"):
        handlers[name] = _get(module, name)
    client = Client()
    device = client.start(
        _need(module, "api_url"),
        id_=_get(module, "device_addr"),
        name=_get(module, "device_name"),
        idf_list=features[0],
        odf_list=features[1],
        profile=profile,
        register_callback=_get(module, "register_callback"),
        **handlers,
        **options,
    )
    pusher = Pusher(device)
    for feature in device.idf:
        pusher.every(_interval(module, feature.name), feature, _function(module, feature))
    for feature in device.odf:
        _hear(feature, _function(module, feature))
    return client


def _get(module, name: str, default=None):
    """A variable of a module, or of a dict of them."""
    if isinstance(module, dict):
        return module.get(name, default)
    return getattr(module, name, default)


def _need(module, name: str):
    value = _get(module, name)
    if not value:
        raise ConfigError("expected %s in the module" % name)
    return value


def _function(module, feature):
    name = feature.name.replace("-", "_")
    function = _get(module, name)
    if not callable(function):
        raise ConfigError("expected a function %s for the feature %s" % (name, feature.name))
    return function


def _interval(module, name: str):
    """Milliseconds, or a function that returns them."""
    seconds = (_get(module, "interval") or {}).get(name)
    if seconds is None:
        seconds = _get(module, "push_interval", 1)
    if callable(seconds):
        return lambda: int(seconds() * 1000)
    return int(seconds * 1000)


def _hear(feature, function) -> None:
    feature.on_data = lambda message: function(values(message))
