"""The graph API: every operation of section 4.3 of the protocol, on graphs of all clients."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from motelink_tools.hub.csm import fields
from motelink_tools.hub.csm.channels import Channels
from motelink_tools.hub.csm.devices import Devices
from motelink_tools.hub.csm.effects import Effects
from motelink_tools.hub.csm.functions import Functions
from motelink_tools.hub.csm.model import FeatureKey, Graph, GraphKey, Link
from motelink_tools.hub.csm.records import Records
from motelink_tools.hub.csm.registration import dimension
from motelink_tools.hub.csm.wire import GRAPHS, LINKS_A_GRAPH, Json, RequestError

_Operation = Callable[[Graph, Json], Json]


class Graphs:
    """``request`` runs one operation. What must outlive a restart is recorded at once."""

    def __init__(
        self,
        records: Records,
        effects: Effects,
        devices: Devices,
        channels: Channels,
        functions: Functions,
    ) -> None:
        self._records = records
        self._effects = effects
        self._devices = devices
        self._channels = channels
        self._functions = functions
        self._all = {graph.key: graph for graph in records.graphs()}
        self._operations: dict[str, _Operation] = {
            "detach": self._detach,
            "add_funcs": self._add_funcs,
            "rm_funcs": self._rm_funcs,
            "add_link": self._add_link,
            "rm_link": self._rm_link,
            "set_join": self._set_join,
            "set_df_func": self._set_df_func,
            "start_monitor": self._start_monitor,
            "stop_monitor": self._stop_monitor,
        }
        for graph in self._all.values():
            for link in graph.links.values():
                channels.restore(link.key, graph.key)
            effects.changed[graph.key] = None
        channels.forget_unused()

    def get(self, key: GraphKey) -> Graph | None:
        """One of them."""
        return self._all.get(key)

    def all(self) -> list[Graph]:
        """All of them."""
        return list(self._all.values())

    def of_device(self, device: str) -> set[GraphKey]:
        """Those in which it is linked."""
        return set().union(*(channel.graphs for channel in self._channels.of_device(device)))

    def request(self, key: GraphKey, request: Json) -> Json:
        """Run one; what to reply. Raises RequestError."""
        op = request.get("op")
        if op == "attach":
            return self._attach(key, request)
        operation = self._operations.get(op) if isinstance(op, str) else None
        if operation is None:
            raise RequestError(f"unknown op: {op}" if "op" in request else "op is missing")
        graph = self._all.get(key)
        if graph is None:
            raise RequestError(f"Unknown graph id {key[1]}: attach it first")
        return {**operation(graph, request), "state": "ok"}

    # -- graphs ----------------------------------------------------------------------------

    def _attach(self, key: GraphKey, request: Json) -> Json:
        if key not in self._all:
            if len(self._all) >= GRAPHS:
                raise RequestError(f"more than {GRAPHS} graphs; detach some")
            self._all[key] = Graph(*key)
            self._records.save_graph(self._all[key])
        return {**request, "state": "ok"}

    def _detach(self, graph: Graph, _request: Json) -> Json:
        for link in list(graph.links.values()):
            self._channels.release(link.key, graph.key)
        del self._all[graph.key]
        self._records.remove_graph(graph)
        self._effects.changed[graph.key] = None
        return {"op": "detach"}

    # -- functions -------------------------------------------------------------------------

    def _add_funcs(self, _graph: Graph, request: Json) -> Json:
        digests = fields.texts(request, "digests")
        self._functions.add(fields.texts(request, "codes"), digests)
        return {"op": "add_funcs", "digests": digests}

    def _rm_funcs(self, _graph: Graph, request: Json) -> Json:
        digests = fields.texts(request, "digests")
        used = {digest for graph in self._all.values() for digest in graph.digests()}
        self._functions.remove(digests, used)
        return {"op": "rm_funcs", "digests": digests}

    def _set_join(self, graph: Graph, request: Json) -> Json:
        new, depends = self._compare(request, graph.join_func)
        graph.join_func, graph.join_depends = new, depends
        self._save(graph)
        return {"op": "set_join", "prev": request["prev"], "new": new, "depends": depends}

    def _set_df_func(self, graph: Graph, request: Json) -> Json:
        link = self._link(graph, fields.feature(request))
        input_type = fields.input_type(request)
        link.func, link.depends = self._compare(request, link.func)
        if input_type is not None:
            link.input_type = input_type
        self._save(graph, link)
        return {
            "op": "set_df_func",
            "da_id": link.device,
            link.kind: link.feature,
            "new": link.func,
            "depends": link.depends,
        }

    def _compare(self, request: Json, current: str | None) -> tuple[str | None, dict[str, str]]:
        prev = fields.digest(request, "prev")
        new, depends = fields.digest(request, "new"), fields.depends(request)
        if prev != current:
            raise RequestError(f"`prev` mismatch: the function is {current}")
        self._functions.require(new, depends)
        return new, depends

    # -- links -----------------------------------------------------------------------------

    def _add_link(self, graph: Graph, request: Json) -> Json:
        device, kind, feature = key = fields.feature(request)
        link = Link(
            device,
            kind,
            feature,
            fields.digest(request, "func"),
            fields.depends(request),
            fields.input_type(request),
            fields.number(request, "param_no"),
            fields.number(request, "tag_param_no") or 0,
        )
        if key in graph.links:
            raise RequestError(f"link to {kind} {feature} of {device} already exists")
        if len(graph.links) >= LINKS_A_GRAPH:
            raise RequestError(f"more than {LINKS_A_GRAPH} links in this graph")
        known = self._devices.get(device)
        if known is None:
            raise RequestError(f"device {device} is not registered")
        if dimension(known.resource.features(kind), feature) is None:
            raise RequestError(f"device {device} has no {kind} {feature}")
        self._functions.require(link.func, link.depends)
        graph.links[key] = link
        self._save(graph, link)
        self._channels.link(key, graph.key)
        return request

    def _rm_link(self, graph: Graph, request: Json) -> Json:
        link = self._link(graph, fields.feature(request))
        del graph.links[link.key]
        self._records.remove_link(graph, link)
        self._effects.changed[graph.key] = None
        self._channels.release(link.key, graph.key)
        return request

    def _link(self, graph: Graph, key: FeatureKey) -> Link:
        if key not in graph.links:
            raise RequestError(f"link unknown: {key[1]} {key[2]} of {key[0]}")
        return graph.links[key]

    def _save(self, graph: Graph, link: Link | None = None) -> None:
        self._effects.changed[graph.key] = None
        if link is None:
            self._records.save_graph(graph)
        else:
            self._records.save_link(graph, link)

    # -- monitor ---------------------------------------------------------------------------

    def _start_monitor(self, graph: Graph, request: Json) -> Json:
        if graph.monitor is None:
            self._monitor(graph, f"iottalk/monitor/{uuid.uuid4()}")
        return {**request, "monitor_topics": graph.monitor}

    def _stop_monitor(self, graph: Graph, request: Json) -> Json:
        topic = graph.monitor
        self._monitor(graph, None)
        return {**request, "monitor_topics": topic} if topic else request

    def _monitor(self, graph: Graph, topic: str | None) -> None:
        graph.monitor = topic
        self._records.save_graph(graph)
        self._effects.watched[graph.key] = None
