import { join } from 'node:path';
import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly exit: boolean;
  readonly controlOnly: boolean;
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

function readDay(text: string, option: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  throw new Error(`${option}: '${text}' is not a day such as 2023-08-31`);
}

function end(text: string, code: number): never {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}
