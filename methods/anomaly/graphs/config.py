"""Settings that every run on a graph shares: where the graph is, and how it is read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.base import Config

PAYMENTS, MISERABLES = "payments", "miserables"
"""Graphs by name that need neither a file nor a network."""
GRAPH_SUFFIXES = (
    ".pt",
    ".npz",
    ".mat",
    ".zip",
    ".csv",
    ".tsv",
    ".txt",
    ".parquet",
    ".graphml",
    ".gexf",
)
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
FormatName = Literal["auto", "pt", "npz", "mat", "tables", "graphml", "gexf"]
Direction = Literal["as_given", "undirected"]
Missing = Literal["refuse", "indicate"]

GRAPH: JsonDict = {
    "group": "main",
    "widget": "upload",
    "suffix": ",".join(GRAPH_SUFFIXES),
    "examples": [PAYMENTS, MISERABLES],
}
TABLE: JsonDict = {"group": "more", "widget": "upload", "suffix": ",".join(TABLE_SUFFIXES)}
MORE: JsonDict = {"group": "more"}


class GraphSettings(Config):
    """A graph whose nodes are scored."""

    graph: str = Field(
        PAYMENTS,
        min_length=1,
        max_length=1000,
        title="Graph",
        description=f"“{PAYMENTS}” (the small world's), “{MISERABLES}” (who meets whom in a novel), the name of a PyG data set, an "
        "upload or a file on this machine: PyG Data (.pt), .npz, .mat, an edge list or a zip of one with its node table (.csv, "
        ".parquet), GraphML, GEXF.",
        examples=[PAYMENTS, MISERABLES],
        json_schema_extra=GRAPH,
    )
    node_table: str = Field(
        "",
        max_length=1000,
        title="Node table",
        description="Beside an edge list: a row a node (.csv, .parquet), with its name in the first column, or in “name” or “id”, "
        "features in the others, and maybe “label”, which nothing that scores will see. Empty: the graph's own.",
        json_schema_extra=TABLE,
    )
    labels: str = Field(
        "",
        max_length=1000,
        title="Labels",
        description="A table with the columns name and label (1 anomalous, 0 not, empty not known), such as exported reviews. No "
        "score depends on it. Empty: what the graph has.",
        json_schema_extra=TABLE,
    )
    format: FormatName = Field(
        "auto",
        title="Format",
        description="How the file is read; auto tells it by its content.",
        json_schema_extra=MORE,
    )
    direction: Direction = Field(
        "as_given",
        title="Direction",
        description="As given: source to target where the file says so. Undirected adds the other direction of each link.",
        json_schema_extra=MORE,
    )
    missing: Missing = Field(
        "refuse",
        title="Missing values",
        description="Of features: refuse names the first, indicate puts the column's median there and a column of 0 and 1 that "
        "says where.",
        json_schema_extra=MORE,
    )
