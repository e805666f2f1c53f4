"""What Python itself has to judge: tables, and values with their exact types.

checks.py URL API ENCODING RUN: one component of the real client, and others where
a check needs them. Rows and topics carry RUN, so that several of these may share a
broker. One JSON line a check, {"check": name, "wrong": null or text}; the tests
know the names.
"""

import asyncio
import inspect
import json
import os
import random
import sys
import time
import traceback
from datetime import datetime, timedelta

import pandas as pd
import polars as pl
import rembus
from polars.testing import assert_frame_equal
from rembus.protocol import QOS0, QOS1, QOS2, RembusError

ENCODINGS = {"cbor": rembus.protocol.CBOR, "json": rembus.protocol.JSON}

url, api, enc, run = sys.argv[1:]
checks = []


def check(*encodings):
    """Marks a check, for these encodings; tables themselves travel in CBOR only."""

    def mark(function):
        if enc in encodings:
            checks.append(function)
        return function

    return mark


async def done(outcome):
    """The result of a call of either API."""
    return await outcome if inspect.isawaitable(outcome) else outcome


async def opened(name, encoding=enc):
    make = rembus.node if api == "sync" else rembus.component
    return await done(make(f"{url}/{name}", enc=ENCODINGS[encoding]))


async def subscribed(c, topic):
    """Subscribes, and returns the queue of what comes."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()
    await done(c.subscribe(lambda *args: loop.call_soon_threadsafe(queue.put_nowait, list(args)), topic=topic))
    return queue


async def next_of(queue):
    return await asyncio.wait_for(queue.get(), 60)


def readings(which, n):
    """A table of n rows for the table reading, with nulls and times."""
    start = datetime(2024, 1, 1, 12, 0, 0, 123456)
    seq = range(n)
    return pl.DataFrame(
        {
            "run": [f"{run}.{which}"] * n,
            "seq": seq,
            "value": [i * 0.25 if i % 7 else None for i in seq],
            "label": [f"žluť {i % 100}" if i % 11 else None for i in seq],
            "ok": [i % 2 == 0 if i % 13 else None for i in seq],
            "at": [start + timedelta(milliseconds=i) for i in seq],
        },
        schema_overrides={"at": pl.Datetime("us"), "value": pl.Float64, "label": pl.String, "ok": pl.Boolean},
    )


def rows_of(result):
    """A result as rows: a table in CBOR, a list of maps in JSON."""
    return result.to_dicts() if isinstance(result, pl.DataFrame) else result


async def ask(c, table, options, rows=0):
    """Asks until there are so many rows: a query waits for the lake at most a second,
    and a busy machine may need longer to store what was published."""
    for _ in range(60):
        result = await done(c.rpc(f"query_{table}", options))
        if len(result) >= rows:
            return result
    raise AssertionError(f"{len(result)} rows after 60 queries, want {rows}")


async def query(c, table, which, rows=0, **options):
    options["where"] = f"run = '{run}.{which}'" + options.pop("also", "")
    return await ask(c, table, options, rows)


async def refused(outcome_of, status=40):
    try:
        got = await outcome_of()
    except RembusError as error:
        assert error.status == status, f"status {error.status}: {error}"
        assert error.message, "without a text"
        return
    raise AssertionError(f"was not refused: {got}")


@check("cbor")
async def large_table_comes_back_equal(c):
    df = readings("large", 100_000)
    await done(c.publish("reading", df, qos=QOS2))
    got = await query(c, "reading", "large", 100_000)
    assert isinstance(got, pl.DataFrame), type(got)
    assert_frame_equal(got.sort("seq"), df)


@check("cbor")
async def unacknowledged_table_is_seen_by_the_next_query(c):
    for n in range(1, 6):
        await done(c.publish("reading", readings("qos0", 1000)))
        got = await query(c, "reading", "qos0", n * 1000)
        assert got.height == n * 1000, got.height


@check("cbor")
async def pandas(c):
    df = readings("pandas", 1000)
    frame = pd.DataFrame(df.to_dict(as_series=False))
    await done(c.publish("reading", frame, qos=QOS1))
    got = await query(c, "reading", "pandas", 1000)
    assert_frame_equal(got.sort("seq"), df)


@check("cbor")
async def columns_by_name(c):
    """In another order, one missing, one too many."""
    df = readings("subset", 100)
    sent = df.select("at", "ok", "seq", "run", "value").with_columns(pl.lit(1).alias("surplus"))
    await done(c.publish("reading", sent, qos=QOS1))
    got = await query(c, "reading", "subset", 100)
    want = df.with_columns(pl.lit(None, dtype=pl.String).alias("label"))
    assert_frame_equal(got.sort("seq"), want)


@check("cbor")
async def chunks_and_no_rows(c):
    parts = [readings("chunks", 10), readings("chunks", 0)]
    await done(c.publish("reading", pl.concat(parts * 3, rechunk=False), qos=QOS1))
    got = await query(c, "reading", "chunks", 30)
    assert got.height == 30, got.height
    empty = await query(c, "reading", "nothing like this")
    assert empty.schema == parts[0].schema and empty.height == 0, empty


@check("cbor")
async def all_column_types(c):
    df = pl.DataFrame(
        {
            "run": [f"{run}.kinds"] * 3,
            "i8": [-128, 127, None], "i16": [-(2**15), 2**15 - 1, None],
            "i32": [-(2**31), 2**31 - 1, None], "i64": [-(2**63), 2**63 - 1, None],
            "u8": [0, 2**8 - 1, None], "u16": [0, 2**16 - 1, None],
            "u32": [0, 2**32 - 1, None], "u64": [0, 2**64 - 1, None],
            "f32": [0.5, -1.5, None], "f64": [0.1, 1e300, None],
            "text": ["", "žluť \x00 '\"", None], "bytes": [b"", b"\x00\xff", None],
            "ok": [True, False, None],
            "at": [datetime(1969, 7, 20, 20, 17), datetime(2262, 1, 1, 0, 0, 0, 1), None],
        },
        schema={
            "run": pl.String, "i8": pl.Int8, "i16": pl.Int16, "i32": pl.Int32, "i64": pl.Int64,
            "u8": pl.UInt8, "u16": pl.UInt16, "u32": pl.UInt32, "u64": pl.UInt64,
            "f32": pl.Float32, "f64": pl.Float64, "text": pl.String, "bytes": pl.Binary,
            "ok": pl.Boolean, "at": pl.Datetime("us"),
        },
    )  # fmt: skip
    await done(c.publish("all/kinds", df, qos=QOS1))
    got = await query(c, "kinds", "kinds", 3)
    assert_frame_equal(got.sort("i8", nulls_last=True), df)


@check("cbor")
async def some_columns(c):
    df = readings("cols", 50)
    await done(c.publish("reading", df, qos=QOS1))
    got = await query(c, "reading", "cols", 3, also=" and seq < 3", cols=["seq", "value"])
    assert_frame_equal(got.sort("seq"), df.head(3).select("seq", "value"))
    got = await query(c, "reading", "cols", cols="count(*) as n, max(seq) as last")
    assert got.to_dicts() == [{"n": 50, "last": 49}], got


@check("cbor")
async def table_among_components(c):
    """A table passes the broker untouched, published, and as argument and result of a call."""
    df = readings("moved", 500)
    topic = f"{run}/moved"
    other = await opened(f"{run}-other")
    try:
        received = await subscribed(other, topic)
        await done(c.publish(topic, "one", df, qos=QOS1))
        args = await next_of(received)
        assert args[0] == "one", args
        assert_frame_equal(args[1], df)
        await done(other.expose(lambda frame: frame.head(3), topic))
        assert_frame_equal(await done(c.rpc(topic, df)), df.head(3))
        assert_frame_equal(await done(c.direct(f"{run}-other", topic, df)), df.head(3))
    finally:
        await done(other.close())


@check("cbor")
async def upsert_table(c):
    name = f"{run}.upsert"
    df = pl.DataFrame({"run": name, "dn": ["a", "b"], "kind": ["x", "y"], "count": [1, 2]})
    assert await done(c.rpc("upsert_sensor", df)) is None
    change = pd.DataFrame({"run": [name] * 2, "dn": ["b", "c"], "kind": ["Y", "z"], "count": [20, 30]})
    assert await done(c.rpc("upsert_sensor", change)) is None
    got = (await query(c, "sensor", "upsert", cols=["dn", "kind", "count"])).sort("dn")
    assert got.rows() == [("a", "x", 1), ("b", "Y", 20), ("c", "z", 30)], got


@check("cbor", "json")
async def upsert_maps(c):
    name = f"{run}.maps"

    async def rows():
        got = rows_of(await query(c, "sensor", "maps", cols=["dn", "kind", "count"]))
        return sorted((r["dn"], r["kind"], r["count"]) for r in got)

    row = {"run": name, "dn": "a", "kind": "x", "count": 1}
    assert await done(c.rpc("upsert_sensor", row)) is None
    await done(c.rpc("upsert_sensor", [row | {"count": 2}, row | {"dn": "b"}]))
    assert await rows() == [("a", "x", 2), ("b", "x", 1)], await rows()
    await done(c.rpc("upsert_sensor", {"run": name, "dn": "a", "count": 3}))
    assert (await rows())[0] == ("a", "x", 3), "a missing column was overwritten"
    await done(c.rpc("upsert_sensor", {"run": name, "dn": "a", "count": 3}, {"nulls": True}))
    assert (await rows())[0] == ("a", None, 3), "with nulls, and the missing column stayed"


@check("cbor", "json")
async def delete(c):
    for dn in "abc":
        await done(c.rpc("upsert_sensor", {"run": f"{run}.delete", "dn": dn, "kind": "x", "count": 1}))
    await done(c.rpc("delete_sensor", {"where": f"run = '{run}.delete' and dn in ('a', 'b')"}))
    got = rows_of(await query(c, "sensor", "delete", cols=["dn"]))
    assert got == [{"dn": "c"}], got


@check("cbor", "json")
async def messages_become_rows(c):
    """A map with topic variables, default and extras; positional values; the topic alone."""
    before = time.time_ns()
    site = f"{run}.rows"
    options = {} if enc == "json" else {"slot": 1_700_000_100}
    await done(c.publish(f"{site}/one/telemetry", {"temperature": 18.5, "pressure": 1013.2, "surplus": 1}, **options))
    await done(c.publish(f"{site}/two/telemetry", site, "two", 1.5, None))
    await done(c.publish(f"{site}/three/telemetry", {"temperature": 2}))
    got = rows_of(await ask(c, "telemetry", {"where": f"site = '{site}'"}, 3))
    rows = {r["dn"]: r for r in got}
    assert set(rows) == {"one", "two", "three"}, got
    for row in rows.values():
        assert before <= row["ts"] <= time.time_ns(), row
    values = {dn: (r["temperature"], r["pressure"], r["bucket"]) for dn, r in rows.items()}
    assert values["one"] == (18.5, 1013.2, options.get("slot")), values
    assert values["two"] == (1.5, None, None), values
    assert values["three"] == (2.0, None, None), values

    await done(c.publish(f"{site}/four/sensor"))
    await done(c.publish(f"{site}/four/sensor", {"kind": "late"}))
    got = rows_of(await ask(c, "sensor", {"where": f"run = '{site}' and kind = 'late'"}, 1))
    assert got == [{"run": site, "dn": "four", "kind": "late", "count": 7}], got


@check("json")
async def tables_are_rows(c):
    """JSON has no tables: a query answers with maps."""
    await done(c.publish("all/kinds", {"run": f"{run}.kinds", "i64": 2**53 - 1, "f64": 0.5, "ok": True, "text": "ž"}))
    (row,) = await query(c, "kinds", "kinds", 1)
    want = {"run": f"{run}.kinds", "i64": 2**53 - 1, "f64": 0.5, "ok": True, "text": "ž", "i8": None, "at": None}
    assert {k: row[k] for k in want} == want, row
    assert await query(c, "kinds", "nothing like this") == []


@check("cbor", "json")
async def wrong_requests(c):
    """Statuses of protocol.md, and faults 44, 45, 47 and 48: SQL from outside is code."""
    await done(c.rpc("upsert_sensor", {"run": f"{run}.guard", "dn": "a", "kind": "x", "count": 1}))
    for options in (
        {"nonsense": 1},
        {"where": "no_such_column = 1"},
        {"where": "1=1; DROP TABLE sensor"},
        {"where": "dn in (select content from read_text('/etc/passwd'))"},
        {"where": "dn in (select label from reading)"},
        {"cols": "(select count(*) from reading)"},
        {"cols": ["dn; drop table sensor"]},
        {"where": "dn = 'x' union select 1"},
        {"where": 17},
        "text",
    ):
        await refused(lambda: done(c.rpc("query_sensor", options)))
        if not isinstance(options, dict) or "cols" not in options:
            await refused(lambda: done(c.rpc("delete_sensor", options)))
    for row in ({"run": 1.5}, {"kind": "without its keys"}, "text", 17):
        await refused(lambda: done(c.rpc("upsert_sensor", row)))
    await refused(lambda: done(c.rpc("query_no_such_table")), 42)
    got = rows_of(await query(c, "sensor", "guard"))
    assert got == [{"run": f"{run}.guard", "dn": "a", "kind": "x", "count": 1}], got


@check("cbor")
async def sql_gives_tables(c):
    """Rows as they were published, by a query with parameters, and of every kind."""
    df = readings("sql", 1000)
    await done(c.publish("reading", df, qos=QOS1))
    await query(c, "reading", "sql", 1000)
    got = await done(c.rpc("sql", "SELECT * FROM reading WHERE run = $1 AND seq >= $2 ORDER BY seq", f"{run}.sql", 500))
    assert isinstance(got, pl.DataFrame), type(got)
    assert_frame_equal(got, df.slice(500))
    got = await done(c.rpc("sql", "SELECT ok, count(*) AS n, max(seq) AS last FROM reading WHERE run = $run GROUP BY ok ORDER BY n",
                           {"run": f"{run}.sql"}))
    want = df.group_by("ok").agg(pl.len().cast(pl.Int64).alias("n"), pl.col("seq").max().alias("last")).sort("n")
    assert_frame_equal(got.sort("n", "last"), want.sort("n", "last"))
    kinds = await done(c.rpc("sql", """SELECT 1::TINYINT AS i, 1::HUGEINT AS h, 1.50::DECIMAL(10,2) AS d, DATE '2026-11-20' AS day,
        TIME '10:00:01.5' AS t, TIMESTAMP '2026-11-20 10:00' AS ts, TIMESTAMPTZ '2026-11-20 10:00:00+02' AS tz,
        '0193f2a0-1234-7000-8000-00000000abcd'::UUID AS id, '{"a": 1}'::JSON AS j, '\\xC3\\xA9'::BLOB AS b, NULL AS n"""))
    assert kinds.schema == pl.Schema({
        "i": pl.Int8, "h": pl.Decimal(38, 0), "d": pl.Decimal(10, 2), "day": pl.Date, "t": pl.Time, "ts": pl.Datetime("us"),
        "tz": pl.Datetime("us", "UTC"), "id": pl.String, "j": pl.String, "b": pl.Binary, "n": pl.Int32}), kinds.schema
    assert [str(v) for v in kinds.row(0)] == [
        "1", "1", "1.50", "2026-11-20", "10:00:01.500000", "2026-11-20 10:00:00", "2026-11-20 08:00:00+00:00",
        "0193f2a0-1234-7000-8000-00000000abcd", '{"a": 1}', "b'\\xc3\\xa9'", "None"], kinds.row(0)
    none = await done(c.rpc("sql", "SELECT * FROM reading WHERE false"))
    assert none.schema == df.schema and none.height == 0, none


@check("cbor", "json")
async def sql_describes_and_refuses(c):
    tables = rows_of(await done(c.rpc("sql", "SHOW TABLES")))
    assert {"name": "reading"} in tables and {"name": "sensor"} in tables, tables
    columns = rows_of(await done(c.rpc("sql", "DESCRIBE sensor")))
    assert columns[0] == {"column_name": "run", "column_type": "VARCHAR", "null": "NO", "key": "PRI"}, columns
    assert rows_of(await done(c.rpc("sql", "SELECT $1 AS a, $2 AS b", 1, "x"))) == [{"a": 1, "b": "x"}]
    for text, hint in (
        ("DROP TABLE sensor", "refused SQL"),
        ("SELECT * FROM read_text('/etc/passwd')", "table functions are not allowed"),
        ("SELECT * FROM nowhere", "no table"),
        ("SELECT median(seq) FROM reading", "approx_quantile"),
        ("SELECT $1", "has no value"),
        ("SELECT [1, 2] AS list", "CAST(x AS JSON)"),
    ):
        try:
            got = await done(c.rpc("sql", text))
        except RembusError as error:
            assert error.status == 40 and hint in error.message, error
        else:
            raise AssertionError(f"{text} was not refused: {got}")


@check("cbor", "json")
async def query_without_a_condition(c):
    await done(c.rpc("upsert_sensor", {"run": f"{run}.all", "dn": "a", "kind": "x", "count": 1}))
    for args in ((), (None,), ({},)):
        got = rows_of(await done(c.rpc("query_sensor", *args)))
        assert [r for r in got if r["run"] == f"{run}.all"], args


# Of the kinds that encodings like to change into one another.
EXACT = [
    0, 1, -1, 23, 24, 255, 256, 2**31, -(2**31), 2**32, 2**53 - 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**64 - 1,
    0.0, -0.0, 1.0, -1.0, 0.1, 1e300, 5e-324, 2.0**53, 100.0, True, False, None, "", "1", "true", "null",
    "\u0000\u001f\u007f\u2028 \U0001f40e \\ / \"", [], [[]], {}, {"": {}}, {"a": [1, 1.0, "1"]},
]  # fmt: skip


def exactly(value):
    """The value with the types in it, where Python's == is blind: 1 == 1.0 == True."""
    if isinstance(value, list):
        return [exactly(v) for v in value]
    if isinstance(value, dict):
        return {k: exactly(v) for k, v in value.items()}
    return type(value).__name__, repr(value)


@check("cbor", "json")
async def values_between_encodings(c):
    for encoding in ENCODINGS:
        topic = f"{run}/{encoding}"
        other = await opened(f"{run}-{encoding}", encoding)
        try:
            received = await subscribed(other, topic)
            await done(other.expose(lambda *args: list(args), f"{topic}.echo"))
            received_space = await subscribed(other, f"{run}/*{encoding}*/x")
            for value in EXACT:
                assert exactly(await done(c.rpc(f"{topic}.echo", value))) == exactly([value]), (encoding, value)
            for qos in (QOS0, QOS1, QOS2):
                await done(c.publish(topic, *EXACT, qos=qos))
                got = await next_of(received)
                assert exactly(got) == exactly(EXACT), (encoding, qos, got)
                await done(c.publish(f"{run}/a{encoding}b/x", *EXACT, qos=qos))
                got = await next_of(received_space)
                assert exactly(got) == exactly([f"{run}/a{encoding}b/x"] + EXACT), (encoding, qos, got)
        finally:
            await done(other.close())


@check("cbor")
async def huge_message_as_the_first_frame(c):
    """An anonymous component begins with MIB MiB, and gets as much."""
    blob = random.randbytes(1 << 20) * int(os.environ["MIB"])
    topic = f"{run}/huge"
    received = await subscribed(c, topic)
    other = await done((rembus.node if api == "sync" else rembus.component)(url))
    try:
        await done(other.publish(topic, blob, qos=QOS1))
        (got,) = await next_of(received)
        assert got == blob, len(got)
        await done(c.expose(lambda data: data[::-1], topic))
        assert await done(other.rpc(topic, blob)) == blob[::-1]
    finally:
        await done(other.close())


async def main():
    c = await opened(f"{run}-main")
    for function in checks:
        try:
            await function(c)
            wrong = None
        except Exception:  # of the client or an assertion: the test says it
            wrong = traceback.format_exc()
        print(json.dumps({"check": function.__name__, "wrong": wrong}), flush=True)
    await done(c.close())


asyncio.run(main())
