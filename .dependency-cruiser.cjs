// The order of imports, as rules a machine keeps. Run by `npm run check`; drawn in ARCHITECTURE.md.
// Tests are left out of the cruise: they stand outside the order and may import anything.

const wings = ['operations', 'serving', 'models', 'training', 'data', 'access'];
/** Top floor first: a folder may import what stands after it, never what stands before it. */
const floors = [...wings, 'platform', 'adapters', 'http', 'base'];
const anyWing = `(?:${wings.join('|')})`;
/** Test support stands outside the order as tests do: testing/, and suites that lie beside what they test. */
const testSupport = ['^server/src/testing/', '^server/src/.+-(?:suite|testing)\\.ts$'];
/** What every runtime takes and gives, whichever kind it is. */
const tensors = '^server/src/adapters/inference/tensor(?:s|-fit)\\.ts$';
/** The shape of the metadata database belongs to every store, whichever database is behind it. */
const tables = '^server/src/adapters/db/(?:schema\\.ts$|tables/)';
/** The SQL that MLflow's search grammar becomes is one, whichever domain's rows are searched. */
const searchSql = '^server/src/adapters/db/search-sql\\.ts$';
const stores = '[/-]store\\.ts$';
const entryFiles = '^server/src/(?:main|app|config)\\.ts$';

const onlyDownward = floors.map((floor, index) => ({
  name: `downward-${floor}`,
  severity: 'error',
  comment:
    `server/src/${floor} may only import what lies below it (${floors.slice(index + 1).join(', ') || 'nothing'}). ` +
    'An arrow upward closes a circle sooner or later, and then no part can be understood or tested alone. ' +
    'Instead: move the code down, write an event to the outbox that the upper floor listens to, ' +
    'or take a function as a parameter and let app.ts hand it in.',
  from: { path: `^server/src/${floor}/`, pathNot: testSupport },
  to: { path: [...floors.slice(0, index).map((upper) => `^server/src/${upper}/`), entryFiles] },
}));

module.exports = {
  forbidden: [
    ...onlyDownward,
    {
      name: 'no-circle-of-files',
      severity: 'error',
      comment:
        'Files that import each other (types included) can only be read and changed together. ' +
        'Instead: move what both need into a third file below them, usually rules.ts.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-circle-of-domains',
      severity: 'error',
      scope: 'folder',
      comment:
        'Two domains of a wing that import each other are one domain with two names. ' +
        'Instead: let the one below publish an event, or take a function that app.ts hands in.',
      from: { path: `^server/src/(?:${anyWing}|platform)/[^/]+$` },
      to: { circular: true },
    },
    {
      name: 'domain-through-its-service',
      severity: 'error',
      comment:
        "A domain's store, routes and other files are its own; its service is what it promises the others. " +
        "Instead: import the other domain's service.ts (or types of its rules.ts) and add the use-case there.",
      from: { path: `^server/src/${anyWing}/([^/]+)/`, pathNot: testSupport },
      to: {
        path: `^server/src/${anyWing}/`,
        pathNot: [`^server/src/${anyWing}/$1/`, '/(?:service|rules)\\.ts$'],
      },
    },
    {
      name: 'rules-of-others-as-types',
      severity: 'error',
      comment:
        'Decisions of another domain are asked of its service; only the shapes of its rules.ts are shared. ' +
        'Instead: `import type`, or call the service. What two domains decide alike belongs in base/.',
      from: { path: `^server/src/${anyWing}/([^/]+)/`, pathNot: testSupport },
      to: {
        path: `^server/src/${anyWing}/[^/]+/rules\\.ts$`,
        pathNot: [`^server/src/${anyWing}/$1/`],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'store-is-private',
      severity: 'error',
      comment:
        'A store is the inner side of its folder: only the service beside it knows when a row may change. ' +
        'Instead: call that service. app.ts alone builds stores.',
      from: { path: '^server/src/(.+)/[^/]+$', pathNot: testSupport },
      to: { path: stores, pathNot: ['^server/src/$1/', '^server/src/adapters/'] },
    },
    {
      name: 'adapters-by-their-port',
      severity: 'error',
      comment:
        'Whoever imports one kind of adapter cannot run on another. ' +
        'Instead: import the port (adapters/blobs/blobs.ts); app.ts alone chooses the kind and hands it in.',
      from: {
        path: '^(?:server/src/|cli/|sdk/)',
        pathNot: ['^server/src/app\\.ts$', ...testSupport, '^server/src/adapters/'],
      },
      to: {
        path: '^server/src/adapters/[^/]+/',
        pathNot: ['^server/src/adapters/([^/]+)/\\1\\.ts$', tables, tensors, searchSql],
      },
    },
    {
      name: 'search-sql-in-stores',
      severity: 'error',
      comment:
        'What builds SQL is for those who hold SQL. ' +
        "Instead: give the domain's store a method that takes the parsed search.",
      from: {
        path: '^(?:server/src/|cli/|sdk/)',
        pathNot: [stores, '^server/src/adapters/db/', ...testSupport],
      },
      to: { path: searchSql },
    },
    {
      name: 'adapters-apart',
      severity: 'error',
      comment:
        'Adapters are exchanged one by one, so a kind knows no kind of another port. ' +
        'Instead: import the other port and let app.ts hand in what stands behind it.',
      from: { path: '^server/src/adapters/([^/]+)/', pathNot: testSupport },
      to: {
        path: '^server/src/adapters/[^/]+/',
        pathNot: ['^server/src/adapters/$1/', '^server/src/adapters/([^/]+)/\\1\\.ts$', tables],
      },
    },
    {
      name: 'sql-in-stores',
      severity: 'error',
      comment:
        'Every statement on the metadata database stands in a store, so one place per domain changes with the schema. ' +
        'Instead: give the store a method; types such as Kysely and Transaction come from adapters/db/db.ts.',
      from: {
        path: '^(?:server/src|cli|sdk|contract|web|examples)/',
        pathNot: [stores, '^server/src/adapters/db/', ...testSupport],
      },
      to: { path: '(?:^|node_modules/)kysely(?:/|$)' },
    },
    {
      name: 'engines-behind-ports',
      severity: 'error',
      comment:
        'A database, model runtime or object store met outside its adapter cannot be exchanged or faked. ' +
        'Instead: ask the port in server/src/adapters, and widen it if it lacks a method.',
      from: { path: '^server/src/', pathNot: ['^server/src/adapters/', ...testSupport] },
      to: { path: '(?:^|node_modules/)(?:@duckdb/node-api|onnxruntime-node|pg)(?:/|$)|^(?:node:)?sqlite$' },
    },
    {
      name: 'testing-for-tests',
      severity: 'error',
      comment:
        'What is built for tests cuts corners that users must not meet. ' +
        'Instead: move what production needs into the folder that owns the subject.',
      from: { path: '^(?:contract|server|sdk|cli|web|examples)/', pathNot: testSupport },
      to: { path: testSupport },
    },
    {
      name: 'contract-stands-alone',
      severity: 'error',
      comment:
        'The contract is what all sides promise each other; it can lean on none of them. ' +
        'Instead: put the schema here and let the others import it.',
      from: { path: '^contract/' },
      to: { path: '^(?:server|sdk|cli|web|examples|e2e|bench|scripts)/' },
    },
    {
      name: 'sdk-on-contract',
      severity: 'error',
      comment:
        'The SDK runs where no server is installed (a browser, a notebook, another product). ' +
        'Instead: put what both need into contract.',
      from: { path: '^sdk/' },
      to: { path: '^(?:server|cli|web|examples|e2e|bench|scripts)/' },
    },
    {
      name: 'server-on-contract',
      severity: 'error',
      comment:
        'The server keeps the contract and knows none of its clients. ' +
        'Instead: put shared shapes into contract, and hand paths such as the built UI in by configuration.',
      from: { path: '^server/src/', pathNot: testSupport },
      to: { path: '^(?:sdk|cli|web|examples|e2e|bench|scripts)/' },
    },
    {
      name: 'web-through-sdk',
      severity: 'error',
      comment:
        'The UI sees only what any user of the SDK sees, so nothing in it needs a secret door. ' +
        'Instead: add the endpoint to contract and call it through sdk.',
      from: { path: '^web/' },
      to: { path: '^(?:server|cli|examples|e2e|bench|scripts)/' },
    },
    {
      name: 'cli-through-sdk',
      severity: 'error',
      comment:
        'The CLI speaks to a server that may run elsewhere. ' +
        'Instead: call the SDK. Only commands/up.ts starts a server of its own.',
      from: { path: '^cli/', pathNot: '^cli/src/commands/up\\.ts$' },
      to: { path: '^(?:server|web|examples|e2e|bench|scripts)/' },
    },
    {
      name: 'cli-up-loads-server-late',
      severity: 'error',
      comment:
        'The packed CLI has no server beside it, and --help must not load one. ' +
        "Instead: `await import('@tidemill/server/main')` inside the command, and `import type` for shapes.",
      from: { path: '^cli/src/commands/up\\.ts$' },
      to: { path: '^server/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'examples-through-sdk',
      severity: 'error',
      comment:
        'An example shows what a user can do, and a user has the SDK. ' +
        'Instead: if the SDK cannot do it, that is the thing to mend.',
      from: { path: '^examples/' },
      to: { path: '^(?:server|cli|web|contract|e2e|bench|scripts)/' },
    },
    {
      name: 'product-without-scaffolding',
      severity: 'error',
      comment:
        'Tests, benches and scripts look at the product; the product does not know of them. ' +
        'Instead: move what it needs into the package that owns the subject.',
      from: { path: '^(?:contract|server|sdk|cli|web|examples)/' },
      to: { path: '^(?:e2e|bench|scripts)/' },
    },
    {
      name: 'listed-packages-only',
      severity: 'error',
      comment:
        'A package that only happens to be installed is missing on the next machine. ' +
        'Instead: add it to the package.json of the workspace that imports it (with Node 24 first on PATH).',
      from: { path: '^(?:contract|server|sdk|cli|web)/src/', pathNot: testSupport },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      comment:
        'A packed workspace is installed without its devDependencies. ' +
        'Instead: list what runs in production under dependencies.',
      from: { path: '^(?:contract|server|sdk|cli)/src/', pathNot: testSupport },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only', 'npm'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment:
        'An import that resolves to nothing fails when it is reached. Instead: mend the path (relative ones end in .ts).',
      // The launcher names what stands there only in a clone, or only when packed.
      from: { pathNot: '^cli/bin/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(\\.test|-suite)\\.tsx?$', '^[a-z]+/dist/', '^(?!.*node_modules).*\\.tidemill/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json', '.d.ts'],
    },
  },
};
