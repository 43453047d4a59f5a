"""What can be asked of IoTtalk on the hub: its devices, its graphs, and the graph API itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.platform import Call
from motelink_tools.hub.csm import Csm
from motelink_tools.hub.csm.model import Graph, GraphKey, Link
from motelink_tools.hub.csm.registration import dimension, named_features
from motelink_tools.hub.csm.wire import Json


class IottalkCalls:
    """``csm``: one that serves. Changes go through the graph API, as those of any client."""

    def __init__(self, csm: Csm) -> None:
        self._csm = csm

    def all(self) -> Mapping[str, Call]:
        """By name."""
        return {
            "facts": self._facts,
            "about": self._about,
            "graphs": self._graphs,
            "graph": self._graph,
            "seen": self._seen,
            "request": self._request,
            "function": self._function,
        }

    async def _facts(self) -> Json:
        return {
            device.resource.id: {
                "name": device.resource.name,
                "kind": str(device.resource.profile.get("model", "")),
            }
            for device in self._csm.core.devices.all()
        }

    async def _about(self, device: str) -> Json:
        known = self._csm.core.devices.get(device)
        if known is None:
            raise ToolError(f"there is no device {device!r}", kind="no_device")
        channels = {
            channel.key: channel.answer or "sent"
            for channel in self._csm.core.channels.of_device(device)
        }
        about = known.resource.public()
        for kind in ("idf", "odf"):
            about[kind] = [
                {
                    "name": name,
                    "units": ["" if unit is None else str(unit) for unit in units],
                    "signal": channels.get((device, kind, name)),
                }
                for name, units in named_features(about.pop(f"{kind}_list", []))
            ]
        about["state"] = known.state
        about["graphs"] = [list(key) for key in sorted(self._csm.core.graphs.of_device(device))]
        return about

    async def _graphs(self) -> list[Json]:
        return [
            {
                "client": graph.client,
                "graph": graph.name,
                "inputs": len(graph.linked("idf")),
                "outputs": len(graph.linked("odf")),
                "errors": len(self._csm.errors.get(graph.key, [])),
                "watched": graph.monitor is not None,
            }
            for graph in self._csm.core.graphs.all()
        ]

    async def _graph(self, client: str, graph: str) -> Json:
        found = self._find(client, graph)
        functions = self._csm.core.functions
        return {
            "client": client,
            "graph": graph,
            "watched": found.monitor is not None,
            "inputs": [self._link(link) for link in found.linked("idf")],
            "join": {"func": found.join_func, "depends": found.join_depends},
            "outputs": [self._link(link) for link in found.linked("odf")],
            "codes": functions.codes(found.digests()),
            "errors": self._csm.errors.get(found.key, []),
        }

    async def _seen(self, client: str, graph: str) -> Json:
        found = self._find(client, graph)
        values: Json = json.loads(self._csm.seen.get(found.key, "{}"))
        return values

    async def _request(self, client: str, graph: str, request: Json) -> Json:
        reply = self._csm.request((client, graph), request)
        if reply.get("state") != "ok":
            raise ToolError(str(reply.get("reason")), kind="refused")
        return reply

    async def _function(self, client: str, graph: str, source: str) -> Json:
        digest = hashlib.sha256(source.encode()).hexdigest()
        if digest not in self._csm.core.functions.codes([digest]):
            request = {"op": "add_funcs", "codes": [source], "digests": [digest]}
            await self._request(client, graph, request)
        return {"digest": digest}

    def _find(self, client: str, graph: str) -> Graph:
        key: GraphKey = client, graph
        found = self._csm.core.graphs.get(key)
        if found is None:
            raise ToolError(f"there is no graph {graph!r} of {client!r}", kind="no_graph")
        return found

    def _link(self, link: Link) -> Json:
        known = self._csm.core.devices.get(link.device)
        features = known.resource.features(link.kind) if known else []
        return {
            "device": link.device,
            "name": known.resource.name if known else "",
            "online": known is not None and known.state == "online",
            "feature": link.feature,
            "dimension": dimension(features, link.feature),
            **link.settings(),
        }
