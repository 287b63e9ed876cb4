"""What is refused before a run is queued, and that what is estimated is about a graph's real size."""

from __future__ import annotations

from pathlib import Path

import pytest

from methods.anomaly import read_graph
from methods.anomaly.detection import check
from methods.anomaly.detection.check import check_size, largest
from methods.anomaly.detection.config import DetectConfig, settings_of
from methods.anomaly.detection.estimate import KNOWN, MB, Size, estimate_graph, parts_of, size_of
from methods.anomaly.detection.presets import POLICIES
from methods.anomaly.detectors.table import DETECTORS, is_installed
from methods.anomaly.settings import AutoencoderSettings, DiffGADSettings
from methods.base import MethodError
from tests.anomaly.detection.conftest import DETECT


def test_the_defaults_are_those_of_the_library():
    assert DiffGADSettings(**settings_of(DetectConfig())) == DiffGADSettings()
    config = DetectConfig(detector="autoencoder", alpha=0.25)
    assert AutoencoderSettings(**settings_of(config)) == AutoencoderSettings(alpha=0.25)


def test_graphs_whose_size_is_known_have_it():
    for name, size in KNOWN.items():
        assert size_of(read_graph(name).graph) == size


@pytest.mark.parametrize("preset", POLICIES)
def test_every_policy_holds_for_the_small_world(preset):
    config = DetectConfig(**POLICIES[preset].values)
    if DETECTORS[config.detector].pygod and not is_installed():  # importing it to know takes long
        pytest.skip("needs pygod")
    DETECT.check(config, Path)
    assert DETECT.estimate(config).seconds < 600


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"levels": (3, 3)}, r"levels: \(3, 3\) names a level twice"),
        (
            {"top": 2000},
            r"top: 0 to 1,\d\d\d nodes can be flagged, as many as the graph has; got 2,000",
        ),
        ({"graph": "nowhere.npz"}, "nowhere.npz"),
    ],
)
def test_wrong_settings_are_named(settings, words):
    with pytest.raises(MethodError, match=words):
        DETECT.check(DetectConfig(**settings), Path)


def test_a_missing_package_is_named_with_its_install_line(monkeypatch):
    monkeypatch.setattr(check, "is_installed", lambda: False)
    with pytest.raises(
        MethodError, match=r"PyGOD GAE needs the package pygod: pip install 'vitrine\[pygod\]'"
    ):
        DETECT.check(DetectConfig(detector="pygod_gae"), Path)
    DETECT.check(DetectConfig(detector="autoencoder"), Path)


def test_a_graph_that_does_not_fit_is_refused_with_what_would(monkeypatch):
    monkeypatch.setattr(check, "machine_memory", lambda: 10.0 * 1024**3)
    size = Size(50_000, 250_000, 32)
    dense = DetectConfig(detector="pygod_dominant")
    with pytest.raises(MethodError, match=r"7 matrices of 50,000 x 50,000") as refused:
        check_size(dense, size)
    fits = largest(dense, size, 8.0 * 1024**3)
    assert f"About {fits:,} nodes like these would fit" in str(refused.value)
    assert 12_000 < fits < 17_000
    for nodes, holds in ((fits, True), (fits + 1, False)):
        part = Size(nodes, round(5 * nodes), 32)
        assert (estimate_graph(dense, part).memory_mb * MB <= 8.0 * 1024**3) is holds
    check_size(DetectConfig(), size)
    check_size(DetectConfig(detector="pygod_gae"), size)


def test_a_file_is_measured_before_it_is_queued(graphs, monkeypatch):
    DETECT.check(DetectConfig(graph=graphs["plain"], top=60), Path)
    with pytest.raises(MethodError, match="top: 0 to 60 nodes"):
        DETECT.check(DetectConfig(graph=graphs["plain"], top=61), Path)
    monkeypatch.setattr(check, "machine_memory", lambda: 1.0)
    with pytest.raises(MethodError, match="No graph would fit"):
        DETECT.check(DetectConfig(graph=graphs["plain"]), Path)


def test_estimates_grow_with_what_is_asked():
    small, large = Size(1000, 5000, 16), Size(10_000, 50_000, 16)
    for detector in ("diffgad", "autoencoder", "evidence", "forest", "pygod_gae", "pygod_conad"):
        config = DetectConfig(detector=detector)
        assert estimate_graph(config, large).seconds > estimate_graph(config, small).seconds
        assert estimate_graph(config, large).memory_mb > estimate_graph(config, small).memory_mb
        assert list(parts_of(config, small)) == ["beside", "score", "write", "record"]
    seconds = [
        estimate_graph(DetectConfig(**POLICIES[name].values), large).seconds
        for name in ("degree", "autoencoder", "diffgad_fast", "diffgad")
    ]
    assert seconds == sorted(seconds)
    assert DETECT.estimate(DetectConfig()).detail["nodes"] == KNOWN["payments"].nodes
    assert DETECT.estimate(DetectConfig(graph="mine.npz")).detail == {
        "assumed_nodes": 10_000,
        "assumed_links": 50_000,
        "assumed_features": 32,
    }
    detail = estimate_graph(DetectConfig(), large).detail
    assert detail == {"nodes": 10_000, "links": 50_000, "features": 16}
