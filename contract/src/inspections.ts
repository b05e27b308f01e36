import { type Static, Type } from 'typebox';
import { byModelVersion, literals, nullable } from './common.ts';
import { endpoints } from './endpoint.ts';

export const SignatureField = Type.Object({
  name: Type.String({ description: 'empty for a single tensor without a name' }),
  type: Type.String({ description: "'double', or 'tensor(float32)'" }),
  required: Type.Boolean(),
  shape: nullable(Type.Array(Type.Integer(), { description: 'of a tensor; -1 may be of any length' })),
});
export type SignatureField = Static<typeof SignatureField>;

export const PickledFile = Type.Object({
  path: Type.String({ description: 'model.pkl; model.pth:archive/data.pkl for one within a zip file' }),
  imports: Type.Array(Type.String()),
  outside: Type.Array(Type.String(), { description: 'those that are on no allow list' }),
  complete: Type.Boolean({ description: 'whether it could be read to its end' }),
  stoppedBy: nullable(Type.String()),
});
export type PickledFile = Static<typeof PickledFile>;

/** What the files of a version say, read without running any of them. */
export const ModelInspection = Type.Object({
  model: Type.String(),
  inputs: Type.Array(SignatureField),
  outputs: Type.Array(SignatureField),
  parameters: Type.Array(SignatureField, { description: 'that a prediction may be given beside its rows' }),
  example: nullable(
    Type.Object({
      path: Type.String(),
      columns: Type.Array(Type.String()),
      rows: Type.Array(Type.Array(Type.Unknown()), { description: 'at most five' }),
      text: nullable(Type.String({ description: 'of an example that is no table: how it is written' })),
    }),
  ),
  frameworks: Type.Array(
    Type.Object({
      name: Type.String(),
      version: Type.String({ description: '1.5.0, or what is asked for: >=2.9' }),
      from: Type.String({ description: 'the file that says so' }),
    }),
  ),
  pickles: Type.Array(PickledFile),
  warnings: Type.Array(
    Type.Object({
      kind: literals('import', 'unread-pickle', 'advisory', 'loose-version'),
      text: Type.String(),
      source: nullable(Type.String({ description: 'address of the advisory' })),
    }),
  ),
  advisoriesOf: Type.String({ description: 'the day to which the list of advisories is kept' }),
});
export type ModelInspection = Static<typeof ModelInspection>;

export const inspectionEndpoints = endpoints({
  get: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/inspection',
    permission: 'read',
    summary:
      'Signature, example, framework versions and pickles of a version, read without running any of it',
    params: byModelVersion,
    reply: ModelInspection,
  },
});
