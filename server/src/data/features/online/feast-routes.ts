/** Feast's feature server at its own addresses, so that its clients can be pointed here. It translates and calls our look-up. */
import type { Row } from '@tidemill/contract';
import type { FastifyPluginAsync } from 'fastify';
import { type Static, type TObject, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import type { Features } from '../service.ts';
import { type FeastFeatures, feastColumns, toFeastReply } from './feast-wire.ts';
import { createRecent } from './recent.ts';

const lists = Type.Record(Type.String(), Type.Array(Type.Unknown()));
const GetOnlineFeatures = Type.Object({
  entities: lists,
  feature_service: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  features: Type.Optional(Type.Array(Type.String(), { maxItems: 2000 })),
  full_feature_names: Type.Optional(Type.Boolean()),
});
const modes = { online: 'online', offline: 'offline', online_and_offline: 'online_and_offline' } as const;
const Push = Type.Object({
  push_source_name: Type.String(),
  df: lists,
  to: Type.Optional(Type.Enum(Object.values(modes))),
});
const WriteOnline = Type.Object({ feature_view_name: Type.String(), df: lists });

interface Validator {
  Check(value: unknown): boolean;
  Errors(value: unknown): Iterable<{ instancePath: string; message: string }>;
}

function validatorOf(schema: TObject): Validator {
  const compiled = Compile(schema);
  return { Check: (value) => compiled.Check(value), Errors: (value) => compiled.Errors(value) };
}

/** As `http/bind.ts` does for ours; Feast's clients may send more than we read. */
function reader<T>({ Check, Errors }: Validator): (body: unknown) => T {
  return (body) => {
    if (Check(body)) return body as T;
    const [first] = Errors(body);
    const problems = first ? `${first.instancePath || '/'} ${first.message}` : 'it is no object';
    throw errors.requestInvalid({ where: 'body', problems });
  };
}

const mostEntities = 10_000;
const mostRows = 100_000;

export const feastRoutes =
  (features: Features, now: () => number): FastifyPluginAsync =>
  async (http) => {
    const prepared = createRecent<FeastFeatures>(1_000, 1_000);
    const readRequest = reader<Static<typeof GetOnlineFeatures>>(validatorOf(GetOnlineFeatures));
    const readPush = reader<Static<typeof Push>>(validatorOf(Push));
    const readWrite = reader<Static<typeof WriteOnline>>(validatorOf(WriteOnline));

    http.post('/get-online-features', { config: { permission: 'read' } }, async (request, reply) => {
      const body = readRequest(request.body);
      const { caller } = request;
      const wanted = await prepared.get(spell(body, caller), () => feastColumns(features, body, caller));
      const records = toRecords(body.entities, mostEntities);
      const text = await toFeastReply(features, wanted, { ...body, records }, now());
      return reply.type('application/json; charset=utf-8').send(text);
    });

    http.post('/push', { config: { permission: 'write' } }, async (request) => {
      const { push_source_name: name, df, to = 'online' } = readPush(request.body);
      await push(name, df, to, request.caller, keyIn(request.headers['idempotency-key']));
      return null;
    });

    http.post('/write-to-online-store', { config: { permission: 'write' } }, async (request) => {
      const { feature_view_name: name, df } = readWrite(request.body);
      await push(name, df, 'online', request.caller);
      return null;
    });

    async function push(name: string, df: Row, to: Static<typeof Push>['to'], caller: Caller, key?: string) {
      const { view } = await features.viewRead(`${name}@latest`, caller.workspace);
      const rows = toRecords(df as Static<typeof lists>, mostRows).map((row) =>
        withEventTime(view.eventTime, row),
      );
      await features.push({ name, version: String(view.version), rows, to, key }, caller);
    }
  };

const keyIn = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' && header !== '' ? header.slice(0, 200) : undefined;

function spell(body: Static<typeof GetOnlineFeatures>, { workspace }: Caller): string {
  const { feature_service: service, features = [], full_feature_names: full } = body;
  return JSON.stringify([workspace, service, features, full]);
}

/** What Feast calls the event time when it writes, whatever the source's column is called. */
function withEventTime(column: string, { event_timestamp: time, created: _created, ...row }: Row): Row {
  return column in row || time === undefined
    ? { ...row, ...(column === 'event_timestamp' && { [column]: time }) }
    : { ...row, [column]: time };
}

/** From columns to rows. @throws requestInvalid */
function toRecords(columns: Record<string, unknown[]>, most: number): Row[] {
  const entries = Object.entries(columns);
  const count = entries[0]?.[1].length ?? 0;
  const uneven = entries.find(([, values]) => values.length !== count);
  if (uneven) {
    const problems = `'${uneven[0]}' has ${uneven[1].length} values and '${entries[0]?.[0]}' has ${count}`;
    throw errors.requestInvalid({ where: 'body', problems });
  }
  if (count > most) {
    throw errors.requestInvalid({
      where: 'body',
      problems: `it has ${count} rows; send at most ${most} at once`,
    });
  }
  const records: Row[] = Array.from({ length: count }, () => ({}));
  for (const [name, values] of entries) for (let i = 0; i < count; i++) (records[i] as Row)[name] = values[i];
  return records;
}
