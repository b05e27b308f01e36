/** Unit: feature code on rows, and the model's own code on its example. */
import type { FeatureCase, Row } from '@tidemill/contract';
import type { Features } from '../../../data/features/service.ts';
import { check, count, type Finding, failed, passed, shownRows, skipped } from '../checks.ts';
import type { ModelRows } from '../model-rows.ts';
import { isClose } from '../rules.ts';
import type { Scope, ScopeWork } from './scope.ts';

export interface UnitDependencies {
  readonly features: Pick<Features, 'tryOnDemand' | 'tryFeatures' | 'resolveView'>;
  readonly rows: ModelRows;
}

const defaultTolerance = 1e-9;
const exampleRows = 20;

export function createUnitScope({ features, rows }: UnitDependencies): Scope {
  async function runCase(each: FeatureCase, { caller, signal }: ScopeWork): Promise<Finding> {
    const { service, row, given, entities, expect, view } = each;
    if (row !== undefined && service !== undefined)
      return compare(each, [await features.tryOnDemand(service, row, caller.workspace)]);
    const made = await features.tryFeatures({ given: given ?? {}, entities, service, view }, caller, signal);
    if (entities !== undefined) return compare(each, made);
    const { entity, eventTime } = await features.resolveView(view ?? '', caller.workspace);
    return compare(each, pair(expect, made, [...entity, eventTime]));
  }

  /** The example that came with the model, twice: equal inputs must give equal numbers. */
  async function runExample({ version, caller }: ScopeWork): Promise<Finding> {
    const found =
      (await rows.readExample(version)) ?? (await rows.sample(version, exampleRows, caller.workspace));
    if (!found) return skipped('it has no input example, and what it learned from is not known');
    if (found.rows.length === 0) return skipped(`${found.from} has no rows`);
    const first = await rows.predict(version, found.rows);
    const second = await rows.predict(version, found.rows);
    const broken = found.rows.filter((_, i) => !Number.isFinite(first[i]));
    if (broken.length > 0)
      return failed(
        `${broken.length} of ${count(found.rows.length)} of ${found.from} give no finite number`,
        {
          rows: broken,
        },
      );
    const moved = found.rows.filter((_, i) => first[i] !== second[i]);
    const told = `${count(found.rows.length)} of ${found.from}`;
    return moved.length > 0
      ? failed(`asked twice, ${moved.length} of ${told} give two different numbers`, { rows: moved })
      : passed(`${told}: a finite number each, the same twice`, { rows: found.rows.length });
  }

  return async (work) => {
    const checks = [await check('input-example', work.signal, () => runExample(work))];
    for (const each of work.cases.features)
      checks.push(await check(each.name, work.signal, () => runCase(each, work)));
    return checks;
  };
}

/** For each row that is expected the one that has its keys. */
function pair(expect: readonly Row[], made: readonly Row[], keys: readonly string[]): (Row | null)[] {
  return expect.map((wanted) => {
    const known = keys.filter((key) => Object.hasOwn(wanted, key));
    return made.find((row) => known.every((key) => isSameKey(row[key], wanted[key]))) ?? null;
  });
}

/** A day may be written with or without its midnight. */
const isSameKey = (a: unknown, b: unknown): boolean =>
  a === b ||
  (typeof a === 'string' &&
    typeof b === 'string' &&
    !Number.isNaN(Date.parse(a)) &&
    Date.parse(a) === Date.parse(b));

function compare(
  { expect, tolerance = defaultTolerance }: FeatureCase,
  made: readonly (Row | null)[],
): Finding {
  const values = expect.reduce((sum, row) => sum + Object.keys(row).length, 0);
  const wrong = expect.flatMap((wanted, i): Row[] => {
    const found = made[i] ?? null;
    if (!found) return [{ expected: wanted, found: null }];
    const differing = Object.keys(wanted).filter(
      (key) => !isClose(found[key], wanted[key], tolerance) && !isSameKey(found[key], wanted[key]),
    );
    if (differing.length === 0) return [];
    const pick = (row: Row) => Object.fromEntries(differing.map((key) => [key, row[key] ?? null]));
    return [{ row: i + 1, expected: pick(wanted), found: pick(found) }];
  });
  const numbers = { rows: expect.length, values, failed: wrong.length };
  if (wrong.length === 0) return passed(`${count(expect.length)} as expected`, numbers);
  const first = JSON.stringify(wrong[0]).slice(0, 200);
  return failed(`${wrong.length} of ${count(expect.length)} are not as expected: ${first}`, {
    numbers,
    rows: wrong.slice(0, shownRows),
  });
}
