"""A piece of network that can be cut: forwards TCP connections until told to drop them."""

import asyncio
import contextlib
import threading


class Relay:
    """Listens on a free port of 127.0.0.1 and forwards to ``target``. A context manager."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Reset every connection, as when the other end has lost power."""
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        """Drop everything and stop."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> "Relay":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _stop(self) -> None:
        self._server.close()
        self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", self._target)
            both = {writer, onward}
            self._writers |= both
            try:
                await asyncio.gather(_copy(reader, onward), _copy(onward_reader, writer))
            finally:
                self._writers -= both
                for end in both:
                    end.transport.abort()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(4096):
        sink.write(data)
        await sink.drain()
    raise ConnectionResetError
