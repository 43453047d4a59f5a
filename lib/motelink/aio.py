"""The asyncio face: a client, or a whole node, in a program of coroutines.

    import asyncio
    from motelink import aio

    async def main():
        asyncio.create_task(blink())
        await aio.run(client)

The loop stays what it is, one thread and one poll; it is only asked every ``poll_ms`` instead of
waiting by itself. So a message waits up to that long, and what else runs in asyncio must not block
for longer than a keepalive can bear. Waiting allocates nothing on MicroPython.
"""

import asyncio

try:
    from asyncio import sleep_ms
except ImportError:  # CPython's has seconds only

    def sleep_ms(ms):  # type: ignore[no-redef]
        return asyncio.sleep(ms / 1000)


async def run(client, poll_ms: int = 20) -> None:
    """Run ``client`` until it has ended: anything of `motelink` that has ``step``, or a
    `motelink.node.Node`. What shares its loop runs along, so one call a loop is enough.

    Raises what ended it, where that is final, as its own ``run`` does. Cancelled, it leaves the
    connection as it is: end the client, or run it again before its keepalive is over.
    """
    client.step(0)
    while _goes_on(client):
        await sleep_ms(poll_ms)
        client.step(0)
    error = client.loop.error
    if error and error is getattr(client, "last_error", error):
        raise error


def _goes_on(client) -> bool:
    if hasattr(client, "platforms"):
        return client.alive() or client.sleeper
    return client in client.loop.clients
