/** Writes docs/errors.md from the catalogue: node scripts/errors-page.ts */
import { writeFileSync } from 'node:fs';
import { catalogue } from '../server/src/base/errors.ts';

const details = new Proxy({}, { get: (_target, name) => `‹${String(name)}›` });
const rows = Object.entries(catalogue).map(([code, entry]) => {
  const message = (entry.message as (d: object) => string)(details);
  return `| \`${code}\` | ${entry.status} | ${message.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`;
});

const page = `# Errors

Every failure has a stable code, an HTTP status and a message that names the thing and the remedy:
\`{"error": {"code", "message", "details", "requestId"}}\`. What stands between ‹ › is filled in; \`details\` holds it too.
This page is written by \`node scripts/errors-page.ts\`.

| code | status | message |
|---|---|---|
${rows.join('\n')}
`;

writeFileSync(new URL('../docs/errors.md', import.meta.url), page);
