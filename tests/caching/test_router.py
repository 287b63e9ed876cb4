"""Router masks, and router files that are read without trusting them."""

from __future__ import annotations

import argparse
import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from methods.caching import load_router, router_mask

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "caching" / "ddim20_router.pt"


def test_router_index_counts_from_the_last_step():
    """Two blocks, four steps; only router row 2 (step k = 1) may be reused where its score is low."""
    logits = torch.full((4, 4), -9.0)
    logits[2] = torch.tensor(
        [-9.0, 9.0, 9.0, -9.0]
    )  # block 0: attention low; block 1: feed-forward low
    mask = router_mask(logits, 0.1)
    assert mask.shape == (4, 2, 2)
    assert mask[1].tolist() == [[True, False], [False, True]]
    assert mask[3].all()
    assert not mask[::2].any()


def test_a_score_equal_to_the_threshold_is_reused():
    assert router_mask(torch.zeros(2, 2), 0.5)[1].all()
    assert not router_mask(torch.zeros(2, 2), 0.49).any()


@pytest.mark.parametrize("shape", [(4,), (4, 3), (0, 2)])
def test_a_router_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="a router is"):
        router_mask(torch.zeros(shape), 0.1)


def test_a_threshold_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"from 0 to 1; got 1\.5"):
        router_mask(torch.zeros(2, 2), 1.5)


@pytest.mark.skipif(not REAL.is_file(), reason="../shared/data/caching/ddim20_router.pt is absent")
def test_the_published_router_reuses_its_22_percent():
    logits = load_router(REAL)
    assert logits.shape == (20, 56)
    mask = router_mask(logits, 0.1)
    assert int(mask.sum()) == 248
    assert (560 - int(mask[..., 0].sum()), 560 - int(mask[..., 1].sum())) == (437, 435)
    computed = {
        index: tuple((28 - mask[19 - index].sum(dim=0)).tolist()) for index in range(0, 20, 2)
    }
    assert computed == {
        0: (28, 28), 2: (27, 28), 4: (27, 28), 6: (27, 28), 8: (26, 27),
        10: (17, 9), 12: (3, 5), 14: (2, 2), 16: (0, 0), 18: (0, 0),
    }  # fmt: skip


def test_both_safetensors_layouts_are_read(tmp_path):
    logits = torch.randn(12, 6)
    save_file({"logits": logits}, tmp_path / "a.safetensors")
    save_file({f"{i}.prob": row for i, row in enumerate(logits)}, tmp_path / "b.safetensors")
    assert torch.equal(load_router(tmp_path / "a.safetensors"), logits)
    assert torch.equal(load_router(tmp_path / "b.safetensors"), logits)


def test_the_authors_layout_is_read(tmp_path):
    content = {
        "routers": {f"{i}.prob": torch.full((4,), float(i)) for i in range(11)},
        "args": argparse.Namespace(lr=1),
    }
    torch.save(content, tmp_path / "router.pt")
    assert load_router(tmp_path / "router.pt")[:, 0].tolist() == list(range(11))


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_file_with_other_objects_is_refused_and_runs_nothing(tmp_path):
    for name, save in (
        ("zip.pt", torch.save),
        ("plain.pt", lambda x, p: p.write_bytes(pickle.dumps(x, 2))),
    ):
        save({"routers": Bomb(str(tmp_path / "harm"))}, tmp_path / name)
        with pytest.raises(ValueError, match=f"{name} is refused"):
            load_router(tmp_path / name)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"weights": {}}, "expected tensors under 'routers'"),
        ({"routers": {"0.prob": [1.0]}}, "expected tensors under 'routers'"),
        ({"routers": {"1.prob": torch.zeros(4)}}, "expected 0.prob, 1.prob"),
        ({"routers": {"0.prob": torch.zeros(4), "1.prob": torch.zeros(6)}}, "of one length"),
        ({"routers": {"0.prob": torch.zeros(3)}}, "steps, 2 x blocks"),
        ({"routers": {"0.prob": torch.tensor([0.0, torch.nan])}}, "finite"),
    ],
)
def test_a_file_that_is_no_router_says_why(tmp_path, content, message):
    torch.save(content, tmp_path / "router.pt")
    with pytest.raises(ValueError, match=message):
        load_router(tmp_path / "router.pt")


def test_other_kinds_of_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"router\.pkl is no file that can be read: No such file"):
        load_router(tmp_path / "router.pkl")
    (tmp_path / "router.safetensors").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is refused as a router: a file of another kind"):
        load_router(tmp_path / "router.safetensors")
    (tmp_path / "router.safetensors").write_bytes(b"\x09" + bytes(7) + b"{nothing}")
    with pytest.raises(ValueError, match="is no safetensors file"):
        load_router(tmp_path / "router.safetensors")


def test_the_format_is_told_by_the_content_where_a_stored_file_has_no_suffix(tmp_path):
    logits = torch.randn(12, 6)
    rows = {f"{i}.prob": row.clone() for i, row in enumerate(logits)}
    save_file({"logits": logits}, tmp_path / "ab12")
    torch.save({"routers": rows}, tmp_path / "cd34")
    assert torch.equal(load_router(tmp_path / "ab12"), logits)
    assert torch.equal(load_router(tmp_path / "cd34"), logits)
    (tmp_path / "ef56").write_bytes(pickle.dumps(rows, 4))
    with pytest.raises(ValueError, match="ef56 is refused as a router: a pickle"):
        load_router(tmp_path / "ef56")
