"""Starts the broker of rembus, for this machine alone. Where DuckDB cannot load its extension ducklake, a plain
DuckDB file takes its place, which costs the broker less."""

import os
import sys

import duckdb
import rembus.db
import rembus.router
import rembus.settings
from rembus.brokerd import main


serve = rembus.router.serve


def serve_here(handler, _host, port, **options):
    return serve(handler, "127.0.0.1", port, **options)


rembus.router.serve = serve_here


def attach_plain(router):
    path = os.path.join(rembus.settings.rembus_dir(), router)
    return f"ATTACH '{path}.duckdb' AS rl"


if "plain" in sys.argv:
    rembus.settings.db_attach = rembus.db.db_attach = attach_plain
    main()
elif "probe" in sys.argv:
    try:
        duckdb.connect().sql("INSTALL ducklake; LOAD ducklake")
    except duckdb.Error:
        sys.exit("no ducklake")
else:
    main()
