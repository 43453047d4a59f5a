"""What the server knows: devices, links, graphs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from motelink_tools.hub.csm.wire import Json, Kind

GraphKey = tuple[str, str]  # client, graph
FeatureKey = tuple[str, Kind, str]  # device, kind, feature


@dataclass(slots=True)
class Resource:
    """A registered device. ``password``: hashed, "" if it has none on the broker."""

    id: str
    rev: str
    name: str
    register_time: float
    accept_protos: list[str]
    idf_list: list[Any]
    odf_list: list[Any]
    profile: Json
    password: str = ""

    def public(self) -> Json:
        """As HTTP and the device API show it: what is empty is left out."""
        shown: Json = {"id": self.id, "rev": self.rev, "register_time": self.register_time}
        for key in ("name", "accept_protos", "idf_list", "odf_list", "profile"):
            if value := getattr(self, key):
                shown[key] = value
        return shown

    def features(self, kind: Kind) -> list[Any]:
        """The list of that kind."""
        return self.idf_list if kind == "idf" else self.odf_list


@dataclass(slots=True)
class Link:
    """One feature of one device in a graph, and what is done to its values.

    ``param_no``: how many values, None for as many as the feature has. ``tag_param_no``: how many
    elements after them are tags. ``input_type``: "sample" or "variant", for each value or all.
    """

    device: str
    kind: Kind
    feature: str
    func: str | None = None
    depends: dict[str, str] = field(default_factory=dict)
    input_type: str | list[str] | None = None
    param_no: int | None = None
    tag_param_no: int = 0

    @property
    def key(self) -> FeatureKey:
        """Which feature of which device."""
        return self.device, self.kind, self.feature

    def settings(self) -> Json:
        """All but the key."""
        names = ("func", "depends", "input_type", "param_no", "tag_param_no")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Graph:
    """Links in the order in which they were made, and the function that joins them."""

    client: str
    name: str
    links: dict[FeatureKey, Link] = field(default_factory=dict)
    join_func: str | None = None
    join_depends: dict[str, str] = field(default_factory=dict)
    monitor: str | None = None  # the topic, while somebody watches

    @property
    def key(self) -> GraphKey:
        """Graphs of two clients may share a name."""
        return self.client, self.name

    def digests(self) -> set[str]:
        """Of all functions that it uses."""
        used = {self.join_func, *self.join_depends.values()}
        for link in self.links.values():
            used |= {link.func, *link.depends.values()}
        return {digest for digest in used if digest is not None}

    def linked(self, kind: Kind) -> list[Link]:
        """The links of that kind, in their order."""
        return [link for link in self.links.values() if link.kind == kind]
