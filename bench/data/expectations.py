"""Twenty expectations by Great Expectations: python expectations.py TABLE.parquet EXPECTATIONS.json ROUNDS

Prints one JSON object: seconds of each round (the Parquet read and the suite validated, imports and set-up not counted),
and what was found by each expectation: whether it holds, rows that are not as expected, and the figure observed.
"""

import json
import logging
import os
import sys
import time

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
logging.disable(logging.CRITICAL)

import great_expectations as gx  # noqa: E402
import great_expectations.expectations as gxe  # noqa: E402
import pandas as pd  # noqa: E402


def to_gx(index, e):
    """Our kind and fields as the peer's class; results come in another order, so each carries its place."""
    kind, column = e["kind"], e.get("column")
    ends = {"min_value": e.get("min"), "max_value": e.get("max")}
    by_kind = {
        "notNull": lambda: gxe.ExpectColumnValuesToNotBeNull(column=column),
        "unique": lambda: gxe.ExpectColumnValuesToBeUnique(column=column),
        "between": lambda: gxe.ExpectColumnValuesToBeBetween(column=column, **ends),
        "inSet": lambda: gxe.ExpectColumnValuesToBeInSet(column=column, value_set=e["values"]),
        "matchesRegex": lambda: gxe.ExpectColumnValuesToMatchRegex(column=column, regex=e["pattern"]),
        "notMatchesRegex": lambda: gxe.ExpectColumnValuesToNotMatchRegex(column=column, regex=e["pattern"]),
        "lengthBetween": lambda: gxe.ExpectColumnValueLengthsToBeBetween(column=column, **ends),
        "increasing": lambda: gxe.ExpectColumnValuesToBeIncreasing(column=column, strictly=e.get("strictly", False)),
        "pair": lambda: gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=column, column_B=e["other"], or_equal=True, ignore_row_if="either_value_is_missing"
        ),
        "meanBetween": lambda: gxe.ExpectColumnMeanToBeBetween(column=column, **ends),
        "stdBetween": lambda: gxe.ExpectColumnStdevToBeBetween(column=column, **ends),
        "medianBetween": lambda: gxe.ExpectColumnMedianToBeBetween(column=column, **ends),
        "maxBetween": lambda: gxe.ExpectColumnMaxToBeBetween(column=column, **ends),
        "distinctCountBetween": lambda: gxe.ExpectColumnUniqueValueCountToBeBetween(column=column, **ends),
        "rowCount": lambda: gxe.ExpectTableRowCountToBeBetween(**ends),
        "columnSet": lambda: gxe.ExpectTableColumnsToMatchSet(column_set=e["columns"], exact_match=True),
    }
    expectation = by_kind[kind]()
    expectation.meta = {"index": index}
    return expectation


def outcome(result):
    observed = result.result.get("observed_value")
    return {
        "passed": bool(result.success),
        "unexpected": result.result.get("unexpected_count"),
        "observed": float(observed) if isinstance(observed, (int, float)) else None,
    }


def main():
    table, definitions, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(definitions) as file:
        expectations = json.load(file)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("pandas")
    definition = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
    suite = context.suites.add(gx.ExpectationSuite(name="twenty", expectations=[to_gx(i, e) for i, e in enumerate(expectations)]))
    seconds, outcomes = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        batch = definition.get_batch(batch_parameters={"dataframe": pd.read_parquet(table)})
        results = batch.validate(suite).results
        seconds.append(time.perf_counter() - started)
        outcomes = [outcome(result) for result in sorted(results, key=lambda r: r.expectation_config.meta["index"])]
    print(json.dumps({"version": gx.__version__, "seconds": seconds, "outcomes": outcomes}))


main()
