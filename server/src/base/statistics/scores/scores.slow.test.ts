import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ensurePythonEnvironment } from '../../../../../scripts/python-environment.ts';
import { createRandom } from '../random.ts';
import { binaryScorer } from './binary-scores.ts';
import { classScorer } from './class-scores.ts';
import { labelFigures, labelScorer } from './label-scores.ts';
import { ovrArea } from './ovr-area.ts';
import { queryFigures } from './ranking-scores.ts';
import { regressionScorer } from './regression-scores.ts';
import { meanScorer } from './row-figures.ts';
import { type Scores, unitWeights } from './scorer.ts';

const python = await ensurePythonEnvironment();
const random = createRandom(45);
const draw = (count: number, value: () => number) => Float64Array.from({ length: count }, value);
const cases = 60;

interface Case {
  readonly asked: Readonly<Record<string, unknown>>;
  readonly ours: Scores;
}

/** Few rows give ties and missing classes, rounded scores give ties among many. */
const sizeOf = (i: number) => 2 + random.integer(i % 3 === 0 ? 8 : 300);
const weightsOf = (i: number, rows: number) =>
  i % 2 === 0 ? null : draw(rows, () => 0.1 + 3 * random.next());

function binaryCase(i: number): Case {
  const rows = sizeOf(i);
  const truth = draw(rows, () => (random.next() < 0.4 ? 1 : 0));
  const score = draw(rows, () => (i % 4 < 2 ? Math.round(random.next() * 10) / 10 : random.next()));
  const [weights, threshold] = [weightsOf(i, rows), 0.5];
  const ours = binaryScorer({ truth, score, threshold })(weights ?? unitWeights(rows));
  return { asked: asked('binary', { truth, score, threshold, weights }), ours };
}

function regressionCase(i: number): Case {
  const rows = sizeOf(i);
  const truth = draw(rows, () => 1000 * (i % 5) + 5 * random.normal());
  const prediction = truth.map((value) => value + random.normal());
  const weights = weightsOf(i, rows);
  const ours = regressionScorer({ truth, prediction })(weights ?? unitWeights(rows));
  return { asked: asked('regression', { truth, prediction, weights }), ours };
}

function classCase(i: number): Case {
  const [rows, classes] = [sizeOf(i), 3 + random.integer(4)];
  const truth = draw(rows, () => random.integer(classes));
  const called = truth.map((value) => (random.next() < 0.5 ? value : random.integer(classes)));
  const raw = Array.from({ length: classes }, () => draw(rows, () => 0.01 + random.next()));
  const total = (row: number) => raw.reduce((sum, column) => sum + (column[row] ?? 0), 0);
  const probabilities = raw.map((column) => column.map((value, row) => value / total(row)));
  const weights = weightsOf(i, rows);
  const used = weights ?? unitWeights(rows);
  const area = ovrArea(truth, probabilities, used).value;
  const ours = { ...classScorer({ truth, called, classes, probabilities })(used), roc_auc_ovr: area };
  const columns = probabilities.map((column) => [...column]);
  return {
    asked: { ...asked('classes', { truth, called, classes, weights }), probabilities: columns },
    ours,
  };
}

/** Also rows without a label, labels that no row has, and scores that tie. */
function labelCase(i: number): Case {
  const [rows, labels] = [sizeOf(i), 2 + random.integer(5)];
  const column = (value: () => number) => Array.from({ length: labels }, () => draw(rows, value));
  const truth = column(() => (random.next() < 0.3 ? 1 : 0));
  if (i % 3 === 1) truth[0]?.fill(0);
  const scores = column(() => (i % 4 < 2 ? Math.round(random.next() * 5) / 5 : random.next()));
  const called = scores.map((each) => each.map((score) => (score >= 0.5 ? 1 : 0)));
  const weights = weightsOf(i, rows);
  const table = { truth, called, scores };
  const ours = labelScorer(table, labelFigures(table))(null)(weights ?? unitWeights(rows));
  const columns = Object.entries(table).map(([name, each]) => [name, each.map((one) => [...one])]);
  return { asked: { ...asked('labels', { weights }), ...Object.fromEntries(columns) }, ours };
}

/** Few rows a query with ties, whose every order is tried, or many without. */
function rankingCase(i: number): Case {
  const cutoffs = [1, 3, 10];
  const hasTies = i % 2 === 0;
  const sizes = Array.from({ length: 1 + random.integer(6) }, () => 2 + random.integer(hasTies ? 4 : 40));
  const query = Float64Array.from(sizes.flatMap((size, q) => Array.from({ length: size }, () => 7 * q - 3)));
  const gain = draw(query.length, () => (random.next() < 0.6 ? 0 : random.integer(5)));
  const score = draw(query.length, () => (hasTies ? random.integer(4) - 1 : random.normal()));
  const figures = queryFigures({ query, gain, score, cutoffs });
  const ours = meanScorer(figures, null)(unitWeights(figures.rows));
  return { asked: { ...asked('ranking', { query, gain, score, weights: null }), cutoffs }, ours };
}

const asked = (kind: string, values: Readonly<Record<string, Float64Array | number | null>>) => ({
  kind,
  ...Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value instanceof Float64Array ? [...value] : value]),
  ),
});

function scoresOf(given: readonly Case[]): Record<string, number | null>[] {
  const input = JSON.stringify(given.map((one) => one.asked));
  const reply = spawnSync(python ?? '', [`${import.meta.dirname}/scores.py`], { input, encoding: 'utf8' });
  expect(reply.stderr).toBe('');
  return JSON.parse(reply.stdout);
}

test.skipIf(!python)('every score equals scikit-learn to nine digits', { timeout: 180_000 }, () => {
  const given = Array.from({ length: cases }, (_, i) => [
    binaryCase(i),
    regressionCase(i),
    classCase(i),
    labelCase(i),
    rankingCase(i),
  ]).flat();
  const theirs = scoresOf(given);
  expect(theirs.flatMap(Object.keys).length).toBeGreaterThan(5000);
  given.forEach(({ ours, asked: question }, i) => {
    for (const [name, value] of Object.entries(theirs[i] ?? {})) {
      const said = `${question.kind} ${i} ${name}`;
      if (value === null) expect(ours[name], said).toBeNaN();
      else
        expect(
          Math.abs((ours[name] ?? Number.NaN) - value) / Math.max(1, Math.abs(value)),
          said,
        ).toBeLessThan(1e-9);
    }
  });
});
