/** What a reader should know of a model's files before they are loaded. */
import type { ModelInspection, PickledFile } from '@tidemill/contract';
import advisoryList from './advisories.json' with { type: 'json' };
import allowList from './allowed-imports.json' with { type: 'json' };
import { computedName } from './pickle-scan.ts';
import type { ScannedPickle } from './pickle-worker.ts';
import { isOlder, normalName, pinned } from './versions.ts';

export const advisoriesOf = advisoryList.date;

interface Advisory {
  readonly id: string;
  readonly package: string;
  readonly fixed: string;
  /** Older lines that have the fix too. */
  readonly also?: readonly string[];
  readonly date: string;
  readonly text: string;
  readonly source: string;
}
const advisories: readonly Advisory[] = advisoryList.advisories;
const allowed = new RegExp(`^(?:${allowList.patterns.join('|')})$`);
const mostNamed = 5;

type Framework = ModelInspection['frameworks'][number];
type Warning = ModelInspection['warnings'][number];

export const isAllowed = (name: string): boolean => allowed.test(name);

export const toPickledFile = ({ path, imports, stoppedBy }: ScannedPickle): PickledFile => ({
  path,
  imports: [...imports],
  outside: imports.filter((name) => !isAllowed(name)),
  complete: stoppedBy === null,
  stoppedBy,
});

export const warningsOf = (pickles: readonly PickledFile[], frameworks: readonly Framework[]): Warning[] => [
  ...pickles.flatMap(pickleWarnings),
  ...frameworks.flatMap(frameworkWarnings),
];

function pickleWarnings({ path, outside, stoppedBy }: PickledFile): Warning[] {
  const more = outside.length > mostNamed ? ` and ${outside.length - mostNamed} more` : '';
  const names = outside.slice(0, mostNamed).join(', ');
  const how = outside.includes(computedName) ? ', one of which is put together only when it is loaded' : '';
  return [
    ...(outside.length > 0
      ? [
          warning(
            'import',
            `${path} imports what no data of a model needs: ${names}${more}${how}. Loading it runs that code.`,
          ),
        ]
      : []),
    ...(stoppedBy === null
      ? []
      : [
          warning(
            'unread-pickle',
            `${path} was not read to its end: ${stoppedBy}. What the rest imports is not known.`,
          ),
        ]),
  ];
}

function frameworkWarnings({ name, version, from }: Framework): Warning[] {
  const known = advisories.filter((advisory) => advisory.package === normalName(name));
  const exact = /^\d/.test(version) ? version : pinned(version);
  if (exact === null) {
    const lowest = />=([^,]+)/.exec(version)?.[1];
    const open = known.filter(({ fixed }) => lowest === undefined || isOlder(lowest, fixed) !== false);
    if (open.length === 0) return [];
    const ids = open.map(({ id }) => id).join(', ');
    const text = `${from} asks for ${name}${version || ' in any version'}, which lets in versions with ${ids}.`;
    return [warning('loose-version', text)];
  }
  return known
    .filter(
      ({ fixed, also = [] }) => isOlder(exact, fixed) === true && !also.some((line) => hasFix(exact, line)),
    )
    .map(({ id, fixed, text, date, source }) =>
      warning(
        'advisory',
        `${name} ${exact} (${from}): ${text}; ${id} of ${date}, mended in ${fixed}.`,
        source,
      ),
    );
}

/** Of the same line (`1.1`), and not older. */
const hasFix = (version: string, line: string): boolean =>
  version.split('.').slice(0, 2).join('.') === line.split('.').slice(0, 2).join('.') &&
  isOlder(version, line) === false;

const warning = (kind: Warning['kind'], text: string, source: string | null = null): Warning => ({
  kind,
  text,
  source,
});
