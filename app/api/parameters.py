"""What each parameter of REST is, for its description: a word for a name, whichever operation takes it."""

from __future__ import annotations

ANYWHERE = {
    "action": "Only this action, or the first part of several: run.delete, or run.",
    "actor": "Only what this person did.",
    "after": "The cursor of the answer before; what is new since then comes.",
    "against": "By what: the graph's labels, or what people decided.",
    "also": "Positions of nodes that are drawn as well, whatever their place.",
    "archive": "The archive that a row names.",
    "archived": "Runs that were put away, instead of the others.",
    "baseline": "The run that the others are measured against; empty is the first.",
    "bins": "Bars of the histogram.",
    "comparison_id": "Id of a comparison.",
    "created_by": "Only links that this person made.",
    "cursor": "The one that the page before gave.",
    "days": "How long the link would work.",
    "descending": "The largest first.",
    "family": "Only runs of this family, such as caching.",
    "field": "The number of a pair that is counted.",
    "filter": "field:op:value; op is lt, le, gt, ge, eq, ne, in (a,b,c) or has (contains). All of several must hold.",
    "hops": "How many links away nodes may be.",
    "labels": "Also the labels that the graph came with.",
    "limit": "At most so many.",
    "marked": "Id of a request; what it asks of each row stands beside the row.",
    "member": "The picture in that archive.",
    "method": "Only runs of this method, such as caching.sample.",
    "offset": "So many are passed over.",
    "pair_id": "Id of a pair; the same in every run and format.",
    "position": "Place of a node in the graph, from 0.",
    "q": "Words that must all occur.",
    "request_id": "Id of a request to erase.",
    "review": "Only with this verdict, with any, or with none.",
    "role": "Only files of this role, such as sample; empty is all but the preview.",
    "row_id": "Id of an instruction row.",
    "run_id": "Id of a run.",
    "selection": "What of it, as a JSON object, such as the position of a node.",
    "share_id": "Id of a link.",
    "shows": "A part that the link would show, as /shares/choices names them.",
    "sort": "What they are ordered by; empty is the list's own order.",
    "state": "Only in this state.",
    "status": "Only runs in one of these.",
    "subject": "What is reviewed: the id of a pair, or graph and place of a node.",
    "sweep": "Only runs of this sweep, or none: of no sweep.",
    "sweep_id": "Id of a sweep.",
    "table": "Only requests about the rows of this run.",
    "tag": "Only pairs whose review has this tag.",
    "target": "Only what was done to this id.",
    "target_id": "Id of what is shown.",
    "title": "What the page is called.",
    "top": "How many nodes are flagged; 0 is the run's own number.",
    "training": "Id of a run that was trained on these pairs.",
    "verdict": "Only with this verdict.",
    "weight": "Of the attribute part, 0 to 1; empty is the run's own order.",
    "which": "only the rows that the request marks, or those that it does not.",
    "window": "Steps, counted from the end.",
    "without": "A part that is left out, as /shares/choices names them.",
    "worker_id": "Name of a worker.",
    "x": "Metric along the chart; empty is the method's first.",
    "y": "Metric up the chart; empty is the method's first.",
}
BY_OPERATION = {
    "accounts_remove_account": {"name": "Name of an account."},
    "accounts_set_role": {"name": "Name of an account."},
    "anomaly_beside": {"runs": "Ids of runs, with commas between them."},
    "anomaly_next_node": {"after": "Position of the node after which to look; empty begins."},
    "library_check": {"name": "Name of a method."},
    "library_datasets": {"kind": "The setting that the files are for, such as router."},
    "runs_named": {"name": "An id, a beginning of one, or last."},
    "runs_records": {"kind": "What the rows are, such as pair or node."},
    "runs_series": {"name": "Only these curves."},
    "system_pause": {"name": "Name of a queue, such as cpu or gpu0."},
    "system_resume": {"name": "Name of a queue, such as cpu or gpu0."},
}
BY_GROUP = {
    "reviews": {"kind": "What is reviewed: pair or node."},
    "shares": {"kind": "What is shown, as /shares/choices names the kinds."},
}
RUNS = "Id of a run; give it again for each."
RUN = "Id of a run."


def about(operation: str, group: str, name: str, *, many: bool) -> str:
    """What a parameter is.

    Args:
        operation: the operation's id.
        many: it may be given several times.

    Raises:
        KeyError: nobody has said.
    """
    if name == "run":
        return RUNS if many else RUN
    for known in (BY_OPERATION.get(operation, {}), BY_GROUP.get(group, {}), ANYWHERE):
        if name in known:
            return known[name]
    raise KeyError(f"app/api/parameters.py says nothing of {name} of {operation}")
