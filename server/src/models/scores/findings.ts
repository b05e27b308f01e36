/** What Tidemill's own records say of the tests that it can answer; it claims nothing that was not checked. */
import type {
  Assessment,
  DatasetVersion,
  EvaluationSummary,
  Gate,
  GateCheck,
  ModelVersion,
} from '@tidemill/contract';

export interface ServingFacts {
  readonly endpoints: readonly string[];
  readonly monitors: readonly { readonly name: string; readonly kind: string; readonly endpoint: string }[];
  /** Of this version as the candidate. */
  readonly rollouts: readonly { readonly id: string; readonly stage: string; readonly isProven: boolean }[];
  /** Retraining policies of the model. */
  readonly policies: readonly string[];
  /** Scopes of its newest test (`tidemill test`). */
  readonly tests: Readonly<Record<'unit' | 'integration', string>>;
}

export interface ScoreFacts {
  readonly version: ModelVersion;
  readonly gate: Gate | null;
  /** The newest. */
  readonly check: GateCheck | null;
  /** That of the check, else the newest. */
  readonly evaluation: (EvaluationSummary & { readonly slices: readonly unknown[] }) | null;
  readonly assessments: Partial<Pick<Assessment, 'leakage' | 'fairness' | 'latency' | 'skew'>>;
  readonly trainingSet: DatasetVersion | null;
  /** On the dataset of the training set. */
  readonly expectations: number;
  /** A rebuild of its run that came out equal. */
  readonly rebuild: { readonly jobId: string; readonly verdict: string } | null;
  readonly serving: ServingFacts;
}

/** Points by the paper: 1 where the system finds it again and again, 0.5 where it was found once. */
export interface Found {
  readonly points: 0 | 0.5 | 1;
  readonly evidence: string;
  /** It was looked at, and it is not so. */
  readonly failed?: boolean;
}

const automated = (evidence: string): Found => ({ points: 1, evidence });
const measured = (evidence: string): Found => ({ points: 0.5, evidence });
const missing = (evidence: string): Found => ({ points: 0, evidence });
const failed = (evidence: string): Found => ({ points: 0, evidence, failed: true });

/** By the id of the test. */
export function findTests(facts: ScoreFacts): Readonly<Record<string, Found>> {
  return {
    'data-1': expectationsHold(facts),
    'data-7': wasTested(facts, 'unit'),
    'model-3': isTuned(facts),
    'model-5': isBetterThanSimpler(facts),
    'model-6': holdsOnSlices(facts),
    'model-7': isFair(facts),
    'infrastructure-1': isReproducible(facts),
    'infrastructure-3': wasTested(facts, 'integration'),
    'infrastructure-4': isValidated(facts),
    'infrastructure-6': wasCanaried(facts),
    'monitoring-2': hasInvariants(facts),
    'monitoring-3': isUnskewed(facts),
    'monitoring-4': isFresh(facts),
    'monitoring-6': isFast(facts),
    'monitoring-7': isWatched(facts),
  };
}

/** The check counts while the gate is as it was then. */
const currentCheck = ({ gate, check }: ScoreFacts): GateCheck | null =>
  gate && check && check.createdAt >= gate.updatedAt ? check : null;

/** A rule of the gate that refuses, reads this, and was held against this version: found again with each check. */
function ruleOn(facts: ScoreFacts, reads: RegExp): Found | null {
  const results =
    currentCheck(facts)?.results.filter(
      ({ expression, severity }) =>
        severity === 'refuse' && reads.test(expression.replace(/"[^"]*"|'[^']*'/g, '""')),
    ) ?? [];
  const broken = results.find(({ passed }) => !passed);
  if (broken) return failed(`rule '${broken.rule}' of the gate does not hold: ${broken.message}`);
  const [rule] = results;
  return rule ? automated(`rule '${rule.rule}' of the gate holds: ${rule.expression}`) : null;
}

function expectationsHold({ trainingSet, expectations }: ScoreFacts): Found {
  if (!trainingSet) return missing('what it learned from is not known');
  const { reference, validation } = trainingSet;
  if (expectations === 0 || validation === 'none')
    return missing(`nothing is expected of ${reference}: tidemill datasets expectations`);
  if (validation === 'failed') return failed(`${reference} is not as expected`);
  return automated(`${expectations} expectations are held against each commit; ${reference} ${validation}`);
}

function isTuned({ version: { tags, reference } }: ScoreFacts): Found {
  const sweep = tags['tidemill.sweep'];
  return sweep === undefined
    ? missing(`${reference} was not registered from a sweep`)
    : automated(`chosen by ${sweep}, of the parameters in its space`);
}

function isBetterThanSimpler(facts: ScoreFacts): Found {
  const rule = ruleOn(facts, /\b(?:baseline|naive|againstBaseline)\b/);
  if (rule) return rule;
  const found = facts.evaluation?.againstBaseline;
  if (!found) return missing('no evaluation was made beside a baseline, and no rule of the gate reads one');
  const text = `${facts.evaluation?.id} against the naive rule: ${found.verdict}`;
  if (found.verdict === 'candidate-better')
    return measured(`${text}; a rule of the gate would find it each time`);
  return found.verdict === 'candidate-worse' ? failed(text) : missing(text);
}

function holdsOnSlices(facts: ScoreFacts): Found {
  const rule = ruleOn(facts, /\bslices\b/);
  if (rule) return rule;
  if (!facts.evaluation || facts.evaluation.slices.length === 0)
    return missing('no evaluation judged slices, and no rule of the gate reads them');
  return measured(
    `${facts.evaluation.id} judged ${facts.evaluation.slices.length} slices; no rule says what is enough`,
  );
}

function isFair(facts: ScoreFacts): Found {
  const rule = ruleOn(facts, /\bfairness\b/);
  if (rule) return rule;
  const { fairness } = facts.assessments;
  if (!fairness) return missing('no gaps between groups were assessed, and no rule of the gate reads them');
  const columns = fairness.columns.map(({ column }) => column).join(', ');
  return measured(`gaps of ${columns} were assessed on ${fairness.dataset}; no rule says what is enough`);
}

const isReproducible = ({ rebuild }: ScoreFacts): Found =>
  rebuild
    ? measured(`${rebuild.jobId} made its run again: ${rebuild.verdict}`)
    : missing('no rebuild of its run is recorded: tidemill runs rebuild RUN');

/** Again with each version where nobody is approved without it. */
function wasTested({ serving, gate, version }: ScoreFacts, scope: 'unit' | 'integration'): Found {
  const outcome = serving.tests[scope];
  const text = `scope ${scope} of its newest test: ${outcome}`;
  if (outcome === 'failed') return failed(text);
  if (outcome !== 'passed') return missing(`${text}; tidemill test ${version.reference}`);
  return gate?.approval?.tests ? automated(`${text}, and none is approved without`) : measured(text);
}

function isValidated(facts: ScoreFacts): Found {
  const check = currentCheck(facts);
  if (!facts.gate) return missing('its model has no gate');
  if (!check) return missing('no evaluation was held against the gate as it is now');
  if (!check.passed) return failed(`${check.id} refuses it`);
  if (facts.version.approval !== 'approved')
    return missing(`${check.id} passed; its approval is '${facts.version.approval}'`);
  return automated(`${check.id} passed, and no endpoint takes a version that is not approved`);
}

function wasCanaried({ serving: { rollouts } }: ScoreFacts): Found {
  const promoted = rollouts.find(({ stage }) => stage === 'promoted');
  if (promoted)
    return promoted.isProven
      ? automated(`${promoted.id} promoted it by what its predictions came to`)
      : missing(`${promoted.id} was promoted by hand, before its predictions were compared`);
  const stopped = rollouts.find(({ stage }) => ['rolled-back', 'rejected'].includes(stage));
  return stopped ? failed(`${stopped.id} ended ${stopped.stage}`) : missing('no rollout of it was promoted');
}

const monitorsOf = ({ serving }: ScoreFacts, ...kinds: readonly string[]) =>
  serving.monitors.filter(({ kind }) => kinds.includes(kind));
const named = (monitors: readonly { readonly name: string; readonly endpoint: string }[]): string =>
  monitors.map(({ name, endpoint }) => `${name} of ${endpoint}`).join(', ');

function unwatched({ serving }: ScoreFacts, kinds: string): Found {
  return missing(
    serving.endpoints.length === 0
      ? 'no endpoint serves it'
      : `no monitor of kind ${kinds} watches ${serving.endpoints.join(', ')}`,
  );
}

function hasInvariants(facts: ScoreFacts): Found {
  const inTraining = expectationsHold(facts);
  const watching = monitorsOf(facts, 'drift', 'out-of-range');
  if (inTraining.failed) return inTraining;
  if (watching.length === 0) return unwatched(facts, 'drift or out-of-range');
  if (inTraining.points === 0)
    return measured(`${named(watching)} in serving; in training ${inTraining.evidence}`);
  return automated(`${inTraining.evidence}; ${named(watching)} in serving`);
}

function isUnskewed(facts: ScoreFacts): Found {
  const rule = ruleOn(facts, /\bskew\b/);
  if (rule) return rule;
  const watching = monitorsOf(facts, 'skew');
  if (watching.length > 0) return automated(named(watching));
  const { skew } = facts.assessments;
  if (!skew) return unwatched(facts, 'skew');
  const off = skew.features.filter(({ shifted, unequal }) => shifted || (unequal ?? 0) > 0);
  const rows = `${skew.servedRows} rows of ${skew.served} beside ${skew.train}`;
  if (off.length > 0) return failed(`${off.map(({ feature }) => feature).join(', ')} differ in ${rows}`);
  return measured(`${rows} do not differ`);
}

function isFresh(facts: ScoreFacts): Found {
  const { policies } = facts.serving;
  if (policies.length > 0) return automated(`retrained by ${policies.join(', ')}`);
  return (
    ruleOn(facts, /\bageHours\b/) ?? missing('no retraining policy, and no rule of the gate reads ageHours')
  );
}

function isFast(facts: ScoreFacts): Found {
  const rule = ruleOn(facts, /\blatency\b/);
  if (rule) return rule;
  const { latency } = facts.assessments;
  if (!latency) return missing('its latency was not assessed, and no rule of the gate reads it');
  return measured(
    `p95 ${Number(latency.p95_ms.toPrecision(3))} ms on ${latency.machine.name}; no rule says what is enough`,
  );
}

function isWatched(facts: ScoreFacts): Found {
  const watching = monitorsOf(facts, 'error');
  return watching.length > 0 ? automated(named(watching)) : unwatched(facts, 'error');
}
