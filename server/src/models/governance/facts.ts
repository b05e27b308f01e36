import type { DatasetVersion, ExpectationOutcome, ModelVersion } from '@tidemill/contract';
import type { AssessedFacts } from './assessed-facts.ts';
import type { StudyFacts } from './study-facts.ts';

const hourMs = 3_600_000;

/** What rules read of the version itself, beside its evaluation: `model.bytes`, `data.ageHours`, `signature.missing`. */
export interface Facts extends AssessedFacts, StudyFacts {
  readonly model: {
    readonly bytes: number;
    readonly inputs: number;
    readonly flavors: readonly string[];
    readonly ageHours: number;
    /** Whether it can be served: its files are here. */
    readonly hasFiles: boolean;
  };
  /** Its training set; null where that is not known. */
  readonly data: {
    readonly rows: number;
    readonly ageHours: number;
    /** Of the expectations on that dataset: passed, warned, failed or none. */
    readonly validation: string;
    /** Each expectation by its title, true where it holds; of the newest validation of the training set. */
    readonly expectations: Readonly<Record<string, boolean>>;
  } | null;
  /** Against the champion of the evaluation; null where it names none. */
  readonly signature: {
    /** Inputs that the champion takes and this one does not. */
    readonly missing: readonly string[];
    /** Inputs that only this one takes: whoever calls must send them. */
    readonly added: readonly string[];
    readonly retyped: readonly string[];
  } | null;
}

export function factsOf(
  version: Pick<ModelVersion, 'files' | 'inputs' | 'flavors' | 'createdAt' | 'digest'>,
  trainingSet: Pick<DatasetVersion, 'rows' | 'createdAt' | 'validation'> | null,
  champion: Pick<ModelVersion, 'inputs'> | null,
  outcomes: readonly Pick<ExpectationOutcome, 'title' | 'passed'>[],
  now: number,
): Omit<Facts, keyof AssessedFacts | keyof StudyFacts> {
  const hoursSince = (at: number) => Math.max(0, (now - at) / hourMs);
  const { files, inputs, flavors, createdAt, digest } = version;
  return {
    model: {
      bytes: files.reduce((sum, file) => sum + file.size, 0),
      inputs: inputs.length,
      flavors,
      ageHours: hoursSince(createdAt),
      hasFiles: digest !== null,
    },
    data: trainingSet && {
      rows: trainingSet.rows,
      ageHours: hoursSince(trainingSet.createdAt),
      validation: trainingSet.validation,
      expectations: Object.fromEntries(outcomes.map(({ title, passed }) => [title, passed])),
    },
    signature: champion && compareInputs(inputs, champion.inputs),
  };
}

type Inputs = ModelVersion['inputs'];

function compareInputs(ours: Inputs, theirs: Inputs): NonNullable<Facts['signature']> {
  const typeOf = (inputs: Inputs) => new Map(inputs.map(({ name, type }) => [name, type]));
  const [mine, before] = [typeOf(ours), typeOf(theirs)];
  return {
    missing: [...before.keys()].filter((name) => !mine.has(name)),
    added: [...mine.keys()].filter((name) => !before.has(name)),
    retyped: [...mine]
      .filter(([name, type]) => before.has(name) && before.get(name) !== type)
      .map(([name]) => name),
  };
}
