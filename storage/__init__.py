"""Rows and files. Knows neither methods nor Celery.

`db` opens the database and brings its schema up to date, `models` are the tables, `artefacts` keeps files by content;
`runs`, `records`, `sweeps`, `shares` and `workers` hold the queries, each taking an open `Session`.
"""
