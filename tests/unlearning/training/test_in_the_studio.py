"""A training in the studio: its rows are paged there, and its adapter finds them by the run's name."""

from __future__ import annotations

from backend.references import open_reference
from methods.unlearning.models.files import open_adapter_files
from methods.unlearning.rows.config import AdapterSettings
from methods.unlearning.rows.opening import open_rows

SMALL = {"learning_rate": 0.05, "epochs": 2.0, "batch_size": 4, "lora_r": 2}


def test_rows_and_adapter_are_found_again_by_the_run(studio, woken, works, base, rows_file):
    runs = []
    for share in (0.2, 0.0):
        values = {"model": base, "data": rows_file, **SMALL, "held_out_share": share}
        runs.append(studio.submit("unlearning.train", values))
        works()
    for run, count, held in zip(runs, (10, 12), (2, 0), strict=True):
        done = studio.get_run(run.id)
        assert (done.status, done.error) == ("succeeded", "")
        rows = studio.records(run.id, "instruction", limit=100).rows
        adapter = f"{run.id}/adapter.zip"
        table = open_rows(
            AdapterSettings(model=base, adapter=adapter),
            open_reference,
            open_adapter_files(adapter, open_reference),
        )
        assert [row["row_id"] for row in rows] == [row.id for row in table.rows]
        assert (len(table.rows), len(table.held_out)) == (count, held)
