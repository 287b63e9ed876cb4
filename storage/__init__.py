"""Rows and files. Knows neither methods nor Celery.

`db` opens the database and brings its schema up to date. `models` are the tables of runs, `typed` those of kinds of rows
that come by the hundred thousand, `kept` those of what people keep; `artefacts` keeps files by content. `runs`, `records`,
`pairs`, `training`, `reviews`, `sweeps`, `shares` and `workers` hold the queries, each taking an open `Session`; `filters`
are conditions on fields, `states` sums kept as rows are written.
"""
