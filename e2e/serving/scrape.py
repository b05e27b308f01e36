"""Reads a scrape from standard input with Prometheus' own parser and prints what it found, as JSON."""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = []
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.type in ("counter", "gauge", "histogram", "summary"), f"{family.name}: {family.type}"
    assert family.documentation, f"{family.name} has no help"
    seen = set()
    buckets = {}
    for sample in family.samples:
        identity = (sample.name, tuple(sorted(sample.labels.items())))
        assert identity not in seen, f"twice: {identity}"
        seen.add(identity)
        if sample.name.endswith("_bucket"):
            rest = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
            buckets.setdefault(rest, []).append((float(sample.labels["le"]), sample.value))
    for rest, values in buckets.items():
        assert values == sorted(values), f"{family.name} {rest}: bounds or counts fall"
        assert values[-1][0] == float("inf"), f"{family.name} {rest}: no +Inf"
        count = [s.value for s in family.samples if s.name.endswith("_count") and tuple(sorted(s.labels.items())) == rest]
        assert count == [values[-1][1]], f"{family.name} {rest}: {count} is not {values[-1][1]}"
    families.append({
        "name": family.name,
        "type": family.type,
        "samples": [{"name": s.name, "labels": s.labels, "value": s.value if s.value == s.value else None} for s in family.samples],
    })
print(json.dumps(families))
