"""Profiles of real tables against pandas and scipy.

usage: profiles.py URL TABLES      (TABLES: the folder with vega-datasets' files)

Tolerances, relative: 1e-9 for whole-column figures, 1e-6 for correlations that rest on all rows, and ±0.02 absolute for
those of a sample (more than 100,000 rows). Counts, extremes and most frequent values are equal.
"""

import io
import json
import math
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import datasets as bundled

url, tables = sys.argv[1], Path(sys.argv[2])
checked = 0


def close(found, expected, what, rel=1e-9, abs_=1e-12):
    global checked
    checked += 1
    if found is None:
        assert expected is None or not math.isfinite(expected), f"{what}: nothing, expected {expected}"
        return
    assert math.isclose(found, expected, rel_tol=rel, abs_tol=abs_), f"{what}: {found}, expected {expected}"


def equal(found, expected, what):
    global checked
    checked += 1
    assert found == expected, f"{what}: {found}, expected {expected}"


def put(name, content, media):
    request = urllib.request.Request(
        f"{url}/api/v1/datasets/{name}", data=content, method="PUT", headers={"content-type": media}
    )
    with urllib.request.urlopen(request):
        pass
    with urllib.request.urlopen(f"{url}/api/v1/datasets/{name}/versions/1/profile") as reply:
        return json.load(reply)


def check_counts(of, series, what):
    equal(of["count"], int(series.count()), f"{what} count")
    equal(of["nulls"], int(series.isna().sum()), f"{what} missing")
    equal(of["distinct"], int(series.nunique()), f"{what} distinct")
    equal(of["unique"], int((series.value_counts() == 1).sum()), f"{what} once only")


def check_numbers(of, series, what):
    x = series.dropna().astype(float)
    scale = max(1.0, float(x.abs().max()))
    detail = of["numeric"]
    close(of["mean"], x.mean(), f"{what} mean", abs_=1e-12 * scale)
    close(of["standardDeviation"], x.std(), f"{what} std")
    close(detail["variance"], x.var(), f"{what} variance")
    close(of["minimum"], x.min(), f"{what} minimum", rel=0)
    close(of["maximum"], x.max(), f"{what} maximum", rel=0)
    close(detail["sum"], x.sum(), f"{what} sum", abs_=1e-9 * scale)
    close(detail["skewness"], x.skew(), f"{what} skewness", rel=1e-7, abs_=1e-9)
    close(detail["kurtosis"], x.kurt(), f"{what} kurtosis", rel=1e-7, abs_=1e-9)
    close(detail["mad"], stats.median_abs_deviation(x), f"{what} mad", abs_=1e-12 * scale)
    close(detail["iqr"], stats.iqr(x), f"{what} iqr", abs_=1e-12 * scale)
    # About a mean that is zero but for rounding, there is nothing to compare.
    if abs(x.mean()) > 1e-12 * x.std():
        close(detail["cv"], x.std() / x.mean(), f"{what} cv", rel=1e-8)
    for quantile in detail["quantiles"]:
        close(quantile["value"], x.quantile(quantile["p"]), f"{what} {quantile['p']}", abs_=1e-12 * scale)
    equal(detail["zeros"], int((x == 0).sum()), f"{what} zeros")
    equal(detail["negatives"], int((x < 0).sum()), f"{what} negatives")
    ends = x.value_counts().sort_index()
    equal([[v["value"], v["count"]] for v in detail["lowest"]], [[v, n] for v, n in ends.head(10).items()], f"{what} lowest")
    equal([[v["value"], v["count"]] for v in detail["highest"]], [[v, n] for v, n in ends.tail(10)[::-1].items()], f"{what} highest")
    if len(ends) == 1:
        return
    counts, edges = np.histogram(x, bins=len(of["histogram"]["counts"]))
    equal(of["histogram"]["counts"], counts.tolist(), f"{what} histogram")
    for mine, theirs in zip(of["histogram"]["edges"], edges):
        close(mine, theirs, f"{what} edge", abs_=1e-9 * scale)


def check_texts(of, series, what):
    x = series.dropna().astype(str)
    counts = x.value_counts()
    top = {v["value"]: v["count"] for v in of["top"]}
    equal(sorted(top.values()), sorted(counts.head(10).tolist()), f"{what} most frequent")
    for value, count in top.items():
        equal(count, int(counts[value]), f"{what} '{value}'")
    if "categories" in of:
        close(of["categories"]["entropy"], stats.entropy(counts, base=2), f"{what} entropy")
    if "text" in of:
        lengths = x.str.len()
        length = of["text"]["length"]
        equal([length["minimum"], length["maximum"]], [lengths.min(), lengths.max()], f"{what} lengths")
        close(length["mean"], lengths.mean(), f"{what} mean length")
        close(length["median"], lengths.median(), f"{what} median length")


def check_matrix(matrix, expected, what, rel, abs_):
    if matrix is None:
        return
    for i, a in enumerate(matrix["columns"]):
        for j, b in enumerate(matrix["columns"]):
            close(matrix["values"][i][j], float(expected.loc[a, b]), f"{what} {a} {b}", rel, abs_)


def bergsma(a, b):
    """Cramér's V, bias-corrected, from scipy's chi-square."""
    table = pd.crosstab(a, b)
    n = table.to_numpy().sum()
    rows, columns = table.shape
    if rows < 2 or columns < 2:
        return None
    phi2 = stats.chi2_contingency(table, correction=False)[0] / n
    corrected = max(0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    side = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return math.sqrt(corrected / side)


def check_pairs(profile, frame, what):
    pairs = profile["correlations"]
    if pairs is None:
        return
    exact = not pairs["approximate"]
    rel, abs_ = (1e-6, 2e-8) if exact else (0, 0.02)
    numbers = frame[pairs["spearman"]["columns"]] if pairs["spearman"] else None
    if numbers is not None:
        # 40 columns of pandas' own, and never more rows than it does in seconds.
        check_matrix(pairs["spearman"], numbers.corr("spearman"), f"{what} spearman", rel, abs_)
        check_matrix(pairs["pearson"], numbers.corr("pearson"), f"{what} pearson", rel, abs_)
    cramers = pairs["cramersV"]
    if cramers and exact:
        texts = [c for c in cramers["columns"] if not pd.api.types.is_numeric_dtype(frame[c])]
        for a in texts:
            for b in texts:
                if a < b:
                    i, j = cramers["columns"].index(a), cramers["columns"].index(b)
                    close(cramers["values"][i][j], bergsma(frame[a], frame[b]), f"{what} V {a} {b}", 1e-6, 2e-8)


def check(name, frame, content, media, numbers, texts=()):
    profile = put(name, content, media)
    equal(profile["rows"], len(frame), f"{name} rows")
    equal([c["column"] for c in profile["columns"]], list(map(str, frame.columns)), f"{name} columns")
    of = {c["column"]: c for c in profile["columns"]}
    for column in numbers:
        check_counts(of[column], frame[column], f"{name}.{column}")
        check_numbers(of[column], frame[column], f"{name}.{column}")
    for column in texts:
        check_counts(of[column], frame[column], f"{name}.{column}")
        check_texts(of[column], frame[column], f"{name}.{column}")
    equal(profile["duplicates"]["rows"], int(frame.duplicated().sum()), f"{name} repeated rows")
    check_pairs(profile, frame, name)
    if profile["missing"] and profile["missing"]["correlation"]:
        expected = frame[profile["missing"]["correlation"]["columns"]].isna().astype(float).corr()
        check_matrix(profile["missing"]["correlation"], expected, f"{name} nullity", 1e-6, 2e-8)
    return profile


def kinds(frame):
    numeric = [c for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
    return numeric, [c for c in frame.columns if c not in numeric]


def file(name):
    return (tables / name).read_bytes()


weather = pd.read_csv(tables / "seattle-weather.csv")
profile = check("weather", weather, file("seattle-weather.csv"), "text/csv",
                ["precipitation", "temp_max", "temp_min", "wind"], ["weather"])
# statsmodels 0.15.0: adfuller(frame.temp_max)[:3], pacf(frame.temp_max, nlags=3, method="ldb")
series = {c["column"]: c for c in profile["series"]["columns"]}["temp_max"]
ADF = (-2.429204969464818, 0.13366259188431273, 13)
close(series["adf"]["statistic"], ADF[0], "ADF statistic", 1e-6)
close(series["adf"]["pValue"], ADF[1], "ADF p-value", 1e-6)
equal(series["adf"]["lags"], ADF[2], "ADF lags")
centered = weather["temp_max"] - weather["temp_max"].mean()
for lag, value in enumerate(series["acf"]):
    expected = (centered * centered.shift(lag)).sum() / (centered**2).sum()
    close(value, expected, f"ACF {lag}", 1e-6, 2e-8)

# "None" is a text of this table, which pandas would take for nothing.
birds = pd.read_csv(tables / "birdstrikes.csv", keep_default_na=False, na_values=[""])
numeric, texts = kinds(birds)
check("birds", birds, file("birdstrikes.csv"), "text/csv", numeric, [c for c in texts if c != "Flight Date"])

movies = pd.read_json(tables / "movies.json", precise_float=True)
numeric, _ = kinds(movies)
assert len(numeric) >= 8, numeric
check("movies", movies, file("movies.json"), "application/json", numeric,
      ["MPAA Rating", "Distributor", "Source", "Major Genre", "Creative Type", "Director"])

flights = pd.read_parquet(tables / "flights-3m.parquet")
check("flights", flights, file("flights-3m.parquet"), "application/vnd.apache.parquet",
      ["delay", "distance"], ["origin", "destination"])

for load in (bundled.load_iris, bundled.load_wine, bundled.load_breast_cancer, bundled.load_diabetes, bundled.load_digits):
    frame = load(as_frame=True).frame
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    check(load.__name__.removeprefix("load_"), frame, buffer.getvalue(), "application/vnd.apache.parquet", list(frame.columns))

assert checked > 10_000, checked
print(json.dumps({"checked": checked}))
