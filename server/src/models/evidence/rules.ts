import type { ModelVersion } from '@tidemill/contract';

/** Of the model folder, what says how it is loaded and with what; the model itself is named by its digest. */
export const describingFiles = [
  'MLmodel',
  'conda.yaml',
  'python_env.yaml',
  'requirements.txt',
  'tidemill.json',
] as const;

/** What ustar and a shell take without quotes. */
export const isPlain = (path: string): boolean =>
  /^[A-Za-z0-9_][\w.-]*(?:\/[A-Za-z0-9_][\w.-]*)*$/.test(path);

export interface Related {
  /** Uris of what belongs to the version. */
  readonly subjects: ReadonlySet<string>;
  /** How the version stands in the details of entries about other things. */
  readonly names: readonly string[];
}

export const relatedTo = ({ uri, reference }: ModelVersion, subjects: Iterable<string>): Related => ({
  subjects: new Set([uri, ...subjects]),
  names: [uri, reference].map((name) => JSON.stringify(name)),
});

/** Whether an entry of the audit is about the version, or names it. */
export const isRelated = (
  { subjects, names }: Related,
  { subject, detail }: { readonly subject: string; readonly detail: string },
): boolean => subjects.has(subject) || names.some((name) => detail.includes(name));

/** As `sha256sum -c` reads it. */
export const sumLine = ({ path, sha256 }: { readonly path: string; readonly sha256: string }): string =>
  `${sha256}  ${path}\n`;

export const verifyScript = `#!/bin/sh
# Verifies this archive with sha256sum, sed and grep alone: sh verify.sh
set -eu
LC_ALL=C
export LC_ALL
sha256sum -c --quiet SHA256SUMS
# Each entry of the audit is the one whose content the chain names at its position.
while IFS= read -r line; do
  content=$(printf '%s' "$line" | sed 's/,"position":[0-9]*,"digest":"[0-9a-f]*"}$/}/' | sha256sum | cut -c1-64)
  position=$(printf '%s' "$line" | sed 's/^.*,"position":\\([0-9]*\\),"digest":"[0-9a-f]*"}$/\\1/')
  digest=$(printf '%s' "$line" | sed 's/^.*,"digest":"\\([0-9a-f]*\\)"}$/\\1/')
  grep -qxF "$position $content $digest" audit/chain.txt || { echo "NOT INTACT: entry $position of the audit"; exit 1; }
done < audit/entries.ndjson
# Each link is the digest of the one before and of its own content.
before=
last=0
while read -r position content digest; do
  if [ "$content" != - ] && [ "$(printf '%s%s' "$before" "$content" | sha256sum | cut -c1-64)" != "$digest" ]; then
    echo "NOT INTACT: the chain breaks at entry $position"
    exit 1
  fi
  before=$digest
  last=$position
done < audit/chain.txt
echo "intact; the chain ends at $last:$before"
`;

export const readmeOf = ({ reference, digest }: ModelVersion): string => `# Evidence of ${reference}

All that the server knows of this model version, as it was when the archive was made: equal records give equal bytes.

| file | holds |
|---|---|
| card.md, card.html, card.json | the model card: data, metrics with intervals, gate, decisions, lineage, and what people wrote |
| version.json | the registered version: files with their digests, signature, recipe, tags, aliases, stage |
| gate.json, checks.json | the gate, and every check against it with its numbers |
| approvals.json, promotions.json | who decided what and why |
| assessments.json | leakage, fairness, latency and skew, where they were measured |
| score.json | the ML Test Score, each test with its evidence |
| inspection.json | signature, framework versions and pickles, as its files say |
| tests.json, ci.json | results of its unit, integration, system and acceptance tests; what CI said of its commit |
| evaluations/ | each evaluation, whole |
| studies/ | each backtest, importance, attribution and stability, with what was asked |
| lineage.json, inputs.json | what it came from; the dataset versions among it with their digests |
| run.json, run/ | the run that made it: parameters, metrics, commit; code.diff, environment.json, requirements.lock |
| model/ | the files of its folder that say how it is loaded |
| comments.json | what people said about it |
| audit/entries.ndjson | the entries of the audit about it, each with its seal |
| audit/chain.txt | position, content digest and digest of every entry from the first of them to the last |
| manifest.json, SHA256SUMS | every file with its SHA-256 |

What is not there is not known to the server.

## Verify

    sha256sum -c SHA256SUMS
    sh verify.sh

The first says that no file differs from this archive's list. The second also recomputes the chain of the audit: the digest of an entry is
SHA-256 over the digest of the entry before and that of its own content (both in hex, one behind the other); its content is its line up to
the position. Of entries about other things only the digests are here.

Both prove that the archive is whole, not where it came from. Hold the end of the chain against the server's, or against a head that was
noted before:

    tidemill audit verify --expect POSITION:DIGEST

The digest of the model folder is ${digest ?? 'not known: its files are elsewhere'}${
  digest === null
    ? ''
    : `: SHA-256 over the list of its files (version.json).
A copy of the model is the one that was judged when its files have these digests`
}.
`;
