import { type Static, Type } from 'typebox';
import {
  AliasName,
  byModelVersion,
  integer,
  literals,
  ModelName,
  nullable,
  page,
  strict,
  Timestamp,
} from './common.ts';
import { endpoints } from './endpoint.ts';

/** How far a version has come. */
export const modelStates = ['candidate', 'validated', 'approved', 'serving', 'retired'] as const;
export const ModelState = Type.Unsafe<(typeof modelStates)[number]>(
  Type.Enum([...modelStates], {
    description:
      'candidate; validated: its gate passed; approved: by people, or an override; serving: at an endpoint; retired: gets no alias and is served nowhere',
  }),
);
export type ModelState = Static<typeof ModelState>;

/** What moves a version. The first three of a person stand for what the gate, approvers and endpoints say. */
export const transitionCauses = [
  'gate.passed',
  'gate.refused',
  'approved',
  'refused',
  'endpoint.serves',
  'endpoint.left',
  'retired',
  'restored',
] as const;
export const TransitionCause = literals(...transitionCauses);
export type TransitionCause = Static<typeof TransitionCause>;

export interface AllowedTransition {
  readonly from: ModelState;
  readonly to: ModelState;
  readonly cause: TransitionCause;
  /** Only where its approval says that it may go out, or only where it does not. */
  readonly releasable?: boolean;
}

/** Every move there is; what does not stand here happens through no door. */
export const lifecycle: readonly AllowedTransition[] = [
  { from: 'candidate', to: 'validated', cause: 'gate.passed' },
  { from: 'validated', to: 'candidate', cause: 'gate.refused' },
  { from: 'candidate', to: 'approved', cause: 'approved' },
  { from: 'validated', to: 'approved', cause: 'approved' },
  { from: 'validated', to: 'candidate', cause: 'refused' },
  { from: 'approved', to: 'candidate', cause: 'refused' },
  // A rollback at 3 a.m. asks nobody again.
  { from: 'candidate', to: 'serving', cause: 'endpoint.serves' },
  { from: 'validated', to: 'serving', cause: 'endpoint.serves' },
  { from: 'approved', to: 'serving', cause: 'endpoint.serves' },
  { from: 'serving', to: 'approved', cause: 'endpoint.left', releasable: true },
  { from: 'serving', to: 'candidate', cause: 'endpoint.left', releasable: false },
  { from: 'candidate', to: 'retired', cause: 'retired' },
  { from: 'validated', to: 'retired', cause: 'retired' },
  { from: 'approved', to: 'retired', cause: 'retired' },
  { from: 'retired', to: 'candidate', cause: 'restored' },
];

/** Who may bring a version to a state by hand, and what is asked then. */
export const statesByHand = {
  candidate: { permission: 'write', asks: 'a retired version is restored; its approval is void' },
  validated: { permission: 'write', asks: 'its newest evaluation is held against the gate' },
  approved: { permission: 'approve', asks: 'as models approve: gate, policy, people' },
  serving: { permission: null, asks: 'an endpoint makes it so' },
  retired: { permission: 'write', asks: 'no endpoint serves it, no alias points at it' },
} as const;

/** MLflow's stages in our words: what setting one asks for. `Archived` and retired go together; the others are labels too. */
export const stateOfStage = {
  None: 'candidate',
  Staging: 'validated',
  Production: 'approved',
  Archived: 'retired',
} as const;

export const Transition = Type.Object({
  model: Type.String({ description: 'forecaster@7' }),
  from: ModelState,
  to: ModelState,
  cause: TransitionCause,
  reason: Type.String(),
  actor: Type.String(),
  createdAt: Timestamp,
});
export type Transition = Static<typeof Transition>;

export const AliasMove = Type.Object({
  alias: Type.String(),
  version: nullable(Type.Integer({ description: 'null: it was removed' })),
  reason: Type.String(),
  actor: Type.String(),
  createdAt: Timestamp,
});
export type AliasMove = Static<typeof AliasMove>;

const Reason = Type.String({ minLength: 1, maxLength: 2000 });

export const lifecycleEndpoints = endpoints({
  transition: {
    method: 'POST',
    path: '/api/v1/models/:name/versions/:version/transitions',
    permission: 'write',
    summary: 'Bring a version to another state by hand: validated, approved, retired, or candidate again',
    params: byModelVersion,
    body: strict({ to: ModelState, reason: Reason }),
    reply: Type.Object({ model: Type.String(), state: ModelState }),
  },
  listTransitions: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/transitions',
    permission: 'read',
    summary: 'How a version came to its state, newest first, at most 1000',
    params: byModelVersion,
    reply: page(Transition),
  },
  revertAlias: {
    method: 'POST',
    path: '/api/v1/models/:name/aliases/:alias/revert',
    permission: 'write',
    summary:
      'Point an alias at the version it pointed at before; one that follows an endpoint asks for a promotion (409)',
    params: strict({ name: ModelName, alias: AliasName }),
    body: strict({
      reason: Reason,
      from: Type.Optional(
        integer({
          minimum: 1,
          description: 'where you saw it point: of two who revert at once, the second is told',
        }),
      ),
    }),
    reply: Type.Object({ model: Type.String({ description: 'forecaster@6' }), alias: Type.String() }),
  },
  listAliasMoves: {
    method: 'GET',
    path: '/api/v1/models/:name/aliases/:alias/moves',
    permission: 'read',
    summary: 'Where an alias pointed, newest first, at most 1000',
    params: strict({ name: ModelName, alias: AliasName }),
    reply: page(AliasMove),
  },
});
