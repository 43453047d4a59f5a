"""What outlives a restart: devices, functions, graphs with their links, topics of features."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from motelink_tools.hub.csm.model import FeatureKey, Graph, Link, Resource
from motelink_tools.hub.store import Database

_MIGRATIONS = (
    """
    CREATE TABLE devices (
        id TEXT PRIMARY KEY,
        rev TEXT NOT NULL,
        name TEXT NOT NULL,
        register_time REAL NOT NULL,
        accept_protos TEXT NOT NULL,
        idf_list TEXT NOT NULL,
        odf_list TEXT NOT NULL,
        profile TEXT NOT NULL,
        password TEXT NOT NULL
    );
    CREATE TABLE functions (digest TEXT PRIMARY KEY, code TEXT NOT NULL);
    CREATE TABLE channels (
        device TEXT NOT NULL,
        kind TEXT NOT NULL,
        feature TEXT NOT NULL,
        topic TEXT NOT NULL UNIQUE,
        PRIMARY KEY (device, kind, feature)
    );
    CREATE TABLE graphs (
        client TEXT NOT NULL,
        graph TEXT NOT NULL,
        join_func TEXT,
        join_depends TEXT NOT NULL,
        monitor TEXT,
        PRIMARY KEY (client, graph)
    );
    CREATE TABLE links (
        number INTEGER PRIMARY KEY,
        client TEXT NOT NULL,
        graph TEXT NOT NULL,
        device TEXT NOT NULL,
        kind TEXT NOT NULL,
        feature TEXT NOT NULL,
        settings TEXT NOT NULL,
        UNIQUE (client, graph, device, kind, feature),
        FOREIGN KEY (client, graph) REFERENCES graphs ON DELETE CASCADE
    );
    """,
)


class Records:
    """The tables. Each call is one transaction. Raises ToolError for a file it cannot use."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _MIGRATIONS)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def devices(self) -> Iterator[Resource]:
        """All of them, oldest first."""
        for row in self._database.execute("SELECT * FROM devices ORDER BY register_time"):
            yield Resource(
                id=row["id"],
                rev=row["rev"],
                name=row["name"],
                register_time=row["register_time"],
                accept_protos=json.loads(row["accept_protos"]),
                idf_list=json.loads(row["idf_list"]),
                odf_list=json.loads(row["odf_list"]),
                profile=json.loads(row["profile"]),
                password=row["password"],
            )

    def save_device(self, device: Resource) -> None:
        """Add it or replace it."""
        self._database.execute(
            "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                device.id,
                device.rev,
                device.name,
                device.register_time,
                json.dumps(device.accept_protos),
                json.dumps(device.idf_list),
                json.dumps(device.odf_list),
                json.dumps(device.profile),
                device.password,
            ),
        )

    def remove_device(self, device: str) -> None:
        """Its links stay: a device that comes back under its id is linked as before."""
        self._database.execute("DELETE FROM devices WHERE id = ?", (device,))

    def functions(self) -> dict[str, str]:
        """Code by digest."""
        rows = self._database.execute("SELECT * FROM functions")
        return {row["digest"]: row["code"] for row in rows}

    def save_functions(self, codes: dict[str, str]) -> None:
        """Add them; those that are there stay."""
        with self._database.transaction():
            for digest, code in codes.items():
                self._database.execute(
                    "INSERT OR IGNORE INTO functions VALUES (?, ?)", (digest, code)
                )

    def remove_functions(self, digests: list[str]) -> None:
        """Unknown ones are fine."""
        with self._database.transaction():
            for digest in digests:
                self._database.execute("DELETE FROM functions WHERE digest = ?", (digest,))

    def channels(self) -> dict[FeatureKey, str]:
        """The topic of each feature that is linked."""
        rows = self._database.execute("SELECT * FROM channels")
        return {(row["device"], row["kind"], row["feature"]): row["topic"] for row in rows}

    def save_channel(self, key: FeatureKey, topic: str) -> None:
        """Add it or replace it."""
        self._database.execute(
            "INSERT OR REPLACE INTO channels VALUES (?, ?, ?, ?)", (*key, topic)
        )

    def remove_channel(self, key: FeatureKey) -> None:
        """Forget its topic."""
        self._database.execute(
            "DELETE FROM channels WHERE (device, kind, feature) = (?, ?, ?)", key
        )

    def graphs(self) -> Iterator[Graph]:
        """All of them, with their links."""
        for row in self._database.execute("SELECT * FROM graphs"):
            depends = json.loads(row["join_depends"])
            graph = Graph(
                row["client"], row["graph"], {}, row["join_func"], depends, row["monitor"]
            )
            for found in self._database.execute(
                "SELECT * FROM links WHERE (client, graph) = (?, ?) ORDER BY number", graph.key
            ):
                settings = json.loads(found["settings"])
                link = Link(found["device"], found["kind"], found["feature"], **settings)
                graph.links[link.key] = link
            yield graph

    def save_graph(self, graph: Graph) -> None:
        """Add it or change it; its links apart."""
        self._database.execute(
            "INSERT INTO graphs VALUES (:client, :graph, :func, :depends, :monitor) ON CONFLICT DO"
            " UPDATE SET join_func = :func, join_depends = :depends, monitor = :monitor",
            {
                "client": graph.client,
                "graph": graph.name,
                "func": graph.join_func,
                "depends": json.dumps(graph.join_depends),
                "monitor": graph.monitor,
            },
        )

    def remove_graph(self, graph: Graph) -> None:
        """With its links."""
        self._database.execute("DELETE FROM graphs WHERE (client, graph) = (?, ?)", graph.key)

    def save_link(self, graph: Graph, link: Link) -> None:
        """Add it, last in order, or change it in its place."""
        self._database.execute(
            "INSERT INTO links (client, graph, device, kind, feature, settings)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET settings = excluded.settings",
            (*graph.key, *link.key, json.dumps(link.settings())),
        )

    def remove_link(self, graph: Graph, link: Link) -> None:
        """Remove it from its graph."""
        self._database.execute(
            "DELETE FROM links WHERE (client, graph, device, kind, feature) = (?, ?, ?, ?, ?)",
            (*graph.key, *link.key),
        )
