import type { ModelVersion } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { client } from '../../../lib/client.ts';

/** Approve what the gate passed, or override it by name and reason. */
export function ApprovalActions({ model }: { readonly model: ModelVersion }) {
  const version = { name: model.model, version: String(model.version) };
  if (model.approval === 'approved') return null;
  return (
    <>
      <Action
        name="Approve"
        about={`${model.reference} may go out. Its newest gate check must have passed.`}
        run={(reason) => client().governance.approve({ ...version, reason })}
      />
      {model.approval !== 'overridden' && (
        <Action
          danger
          name="Override"
          about={`${model.reference} may go out although its gate has not passed. Your name and reason are kept.`}
          run={(reason) => client().governance.approve({ ...version, reason, override: true })}
        />
      )}
    </>
  );
}
