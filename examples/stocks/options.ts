import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainerNames } from './python-trainers.ts';

export interface DemoOptions {
  readonly exit: boolean;
  readonly controlOnly: boolean;
  /** XGBoost, SVR and a network of PyTorch beside our own learners. */
  readonly python: boolean;
  /** What it costs; its own numbers where absent. */
  readonly search: {
    readonly trainers: readonly string[] | null;
    readonly trials: number | null;
    readonly windows: number | null;
  };
  readonly prices: string;
  /** Last day of prices@1 and of prices@2. */
  readonly cuts: readonly [string, string];
  readonly until: string;
  readonly port: number;
  readonly folder: string;
  readonly project: string;
  /** The shortest time one trading day may take. */
  readonly dayMs: number;
}

const usage = `npm run demo -- [options]
  --exit             stop after the report
  --python           search with XGBoost, SVR and a network of PyTorch too (their packages are installed once)
    --trainers NAMES   only these of XGBoost,SVR,network
    --trials N         so many trials of each (default 5)
    --windows N        the best of each again on 3 seeds and so many windows of time (default 3)
  --prices FILE      another price file (CSV; column mapping and date format in tidemill.config.ts)
  --cuts D1,D2       last day of the first and of the second dataset version (default 2023-08-31,2023-09-30)
  --until D3         last day to play (default: the file's last)
  --control          play the control endpoint alone
  --port N           default 4600, or a free one
  --day-ms N         shortest time of one trading day (default 100)
  --folder DIR       where data and report go (default .tidemill/demo)`;

/** Reads the command line. Prints the usage and ends on --help or a wrong option. */
export function readOptions(args: readonly string[]): DemoOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        exit: { type: 'boolean', default: false },
        control: { type: 'boolean', default: false },
        python: { type: 'boolean', default: false },
        trainers: { type: 'string' },
        trials: { type: 'string' },
        windows: { type: 'string' },
        prices: { type: 'string', default: join(import.meta.dirname, 'prices.csv') },
        cuts: { type: 'string', default: '2023-08-31,2023-09-30' },
        until: { type: 'string', default: '9999-12-31' },
        port: { type: 'string', default: '4600' },
        'day-ms': { type: 'string', default: '100' },
        folder: { type: 'string', default: '.tidemill/demo' },
        project: { type: 'string', default: join(import.meta.dirname, 'tidemill.config.ts') },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) end(usage, 0);
    return {
      exit: values.exit,
      controlOnly: values.control,
      python: values.python,
      search: {
        trainers: readTrainers(values.trainers),
        trials: readCount(values.trials, '--trials'),
        windows: readCount(values.windows, '--windows'),
      },
      prices: values.prices,
      cuts: readCuts(values.cuts),
      until: readDay(values.until, '--until'),
      port: Number(values.port),
      dayMs: Number(values['day-ms']),
      folder: values.folder,
      project: values.project,
    };
  } catch (error) {
    return end(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, 1);
  }
}

function readCuts(text: string): [string, string] {
  const [first = '', second = ''] = text.split(',');
  const cuts: [string, string] = [readDay(first, '--cuts'), readDay(second, '--cuts')];
  if (cuts[0] >= cuts[1]) throw new Error(`--cuts: ${cuts[0]} must come before ${cuts[1]}`);
  return cuts;
}

function readTrainers(text: string | undefined): string[] | null {
  const names = text?.split(',') ?? null;
  const unknown = names?.find((name) => !trainerNames.some((known) => known === name));
  if (unknown === undefined) return names;
  throw new Error(`--trainers: there is no '${unknown}'; there are ${trainerNames.join(', ')}`);
}

function readCount(text: string | undefined, option: string): number | null {
  if (text === undefined) return null;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`${option}: '${text}' is no number from 1 to 9999`);
}

function readDay(text: string, option: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  throw new Error(`${option}: '${text}' is not a day such as 2023-08-31`);
}

function end(text: string, code: number): never {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}
